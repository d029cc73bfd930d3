// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_variables.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

namespace skerry::session {
namespace {

void add_all(const Variables& variables,
             google::protobuf::RepeatedPtrField<v1::DiffResponse::Variable>& to) {
  for (const auto& [name, variable] : variables) {
    v1::DiffResponse::Variable& added = *to.Add();
    added.set_name(name);
    added.set_type(variable.type);
    added.set_value(variable.text);
  }
}

}  // namespace

Result<VariablesQuery> VariablesQuery::of(const runtime::Runtimes& runtimes,
                                          const image::Manifest& manifest, ByteSize memory) {
  SKERRY_ASSIGN(const runtime::Runtime* runtime, runtimes.of(manifest.facts));
  const runtime::RuntimeDescription& about = runtime->description();
  if (!about.variables_program) {
    return absl::UnimplementedError(about.language + " cannot tell the variables of a session");
  }
  VariablesQuery query;
  query.program_ = *about.variables_program;
  query.limits_.wall = std::chrono::seconds(10);
  query.limits_.output = mib(16);
  query.limits_.memory = bytes(std::max(query.limits_.memory.value, memory.value + mib(256).value));
  return query;
}

void VariablesQuery::output(wasi::Stream stream, std::string_view bytes) {
  if (stream == wasi::Stream::kStdout) printed_ += bytes;
}

Result<Variables> VariablesQuery::answer(const sandbox::Outcome& outcome) const {
  const auto answer = nlohmann::json::parse(printed_, nullptr, /*allow_exceptions=*/false);
  if (outcome.kind != sandbox::OutcomeKind::kCompleted || !answer.is_object()) {
    return absl::DataLossError("the session does not tell its variables: " + outcome.message);
  }
  Variables variables;
  for (const auto& [name, value] : answer.items()) {
    const auto field = [&entry = value](std::size_t at) {
      return entry.is_array() && entry.size() > at && entry[at].is_string()
                 ? entry[at].get<std::string>()
                 : std::string();
    };
    variables[name] = {field(0), field(1), field(2)};
  }
  return variables;
}

VariablesDiff diff_of(const Variables& before, const Variables& after) {
  VariablesDiff diff;
  for (const auto& [name, variable] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      diff.added.emplace(name, variable);
    } else if (old->second != variable) {
      diff.changed.emplace(name, variable);
    }
  }
  for (const auto& [name, variable] : before) {
    if (!after.contains(name)) diff.removed.emplace(name, variable);
  }
  return diff;
}

v1::DiffResponse proto_of(const VariablesDiff& diff) {
  v1::DiffResponse message;
  add_all(diff.added, *message.mutable_added());
  add_all(diff.changed, *message.mutable_changed());
  add_all(diff.removed, *message.mutable_removed());
  return message;
}

}  // namespace skerry::session
