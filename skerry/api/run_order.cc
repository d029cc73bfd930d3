// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/run_order.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace skerry::api {
namespace {

constexpr double kMiB = 1048576;
constexpr std::size_t kMaxShown = 200;  // of a path that is refused

ByteSize mebibytes(double value) { return bytes(static_cast<std::uint64_t>(value * kMiB)); }

double seconds(std::chrono::duration<double> time) { return time.count(); }

/// What runs have anyway, as the default, and the most that they may ask for. `Number` is the
/// field's type.
template <typename Number>
v1::FieldRules limit_rules(Number usual, Number most) {
  v1::FieldRules rules;
  rules.set_default_(nlohmann::json(usual).dump());
  rules.set_maximum(static_cast<double>(std::max(usual, most)));
  return rules;
}

/// What the operator says, over the options of the message.
run::MessageDecoder::Rules configured(const RunRules& rules) {
  const sandbox::Limits& limits = rules.limits;
  const tool::RunBounds& most = rules.most;
  v1::FieldRules templates;
  for (const std::string& each : rules.templates) templates.add_choices(each);
  templates.set_refused(rules.templates.empty());
  // It has no default: a run whose input comes whole takes none.
  v1::FieldRules input_time;
  input_time.set_maximum(seconds(most.input));
  return {{"template", templates},
          {"timeout", limit_rules(seconds(limits.wall), seconds(most.wall))},
          {"memory", limit_rules(static_cast<double>(limits.memory.value) / kMiB,
                                 static_cast<double>(most.memory.value) / kMiB)},
          {"max_output", limit_rules(limits.output.value, most.output.value)},
          {"input_timeout", input_time}};
}

/// kInvalidArgument naming a path that no program's file can have.
Result<std::vector<run::GivenFile>> files_of(v1::RunRequest& message) {
  std::vector<run::GivenFile> files;
  std::set<std::string> paths;
  for (auto& [name, file] : *message.mutable_files()) {
    auto path = files::FilePath::parse(name);
    if (path.ok() && (path->is_root() || path->root() == files::FilePath::Root::kMemory)) {
      path = absl::InvalidArgumentError("it is no file of the program's own");
    }
    if (!path.ok()) {
      return absl::InvalidArgumentError(fmt::format(
          "Parameter 'files': \"{}\": {}", name.substr(0, kMaxShown), message_of(path.status())));
    }
    if (!paths.insert(path->below()).second) {
      return absl::InvalidArgumentError(
          fmt::format("Parameter 'files' has {} twice", path->shown().substr(0, kMaxShown)));
    }
    run::GivenFile& given = files.emplace_back(run::GivenFile{.path = *std::move(path)});
    if (file.has_id()) {
      given.id = std::move(*file.mutable_id());
    } else {
      given.content = std::make_shared<const std::string>(
          std::move(file.has_text() ? *file.mutable_text() : *file.mutable_data()));
    }
  }
  if (files.size() > worker::RunRequest::kMaxFiles) {
    return absl::InvalidArgumentError(fmt::format("Parameter 'files' has {} files, at most {}",
                                                  files.size(), worker::RunRequest::kMaxFiles));
  }
  return files;
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

}  // namespace

RunDecoder::RunDecoder(const RunRules& rules)
    : rules_(rules), messages_(*v1::RunRequest::descriptor(), "run", configured(rules)) {}

nlohmann::ordered_json RunDecoder::schema() const {
  nlohmann::ordered_json schema = messages_.schema();
  schema["properties"].erase("input_timeout");
  return schema;
}

Result<run::Request> RunDecoder::decode(nlohmann::json parameters, InputForm input) const {
  v1::RunRequest message;
  SKERRY_TRY(messages_.parse(std::move(parameters), message));
  return order_of(std::move(message), input);
}

Result<run::Request> RunDecoder::decode(v1::RunRequest message, InputForm input) const {
  SKERRY_TRY(messages_.complete(message));
  return order_of(std::move(message), input);
}

Result<run::Request> RunDecoder::order_of(v1::RunRequest message, InputForm input) const {
  run::Request order;
  if (!message.session().empty()) {
    SKERRY_ASSIGN(order.session, store::SessionName::parse(message.session()));
  }
  worker::RunRequest& request = order.request;
  request.template_name = message.template_();
  request.program.code = std::move(*message.mutable_code());
  request.program.last_value = runtime::Program::LastValue::kReturned;
  request.program.shows = runtime::Program::Shows::kAll;
  if (message.args_size() > 0) {
    request.program.arguments = {"-c"};
    for (std::string& each : *message.mutable_args()) {
      request.program.arguments.push_back(std::move(each));
    }
  }
  for (auto& [name, value] : *message.mutable_env()) {
    request.program.environment[name] = std::move(value);
  }
  request.input = std::move(*message.mutable_stdin());
  request.limits = rules_.limits;
  request.limits.words = sandbox::LimitWords::kRunFields;
  request.limits.wall = milliseconds_of(message.timeout());
  if (input == InputForm::kLive) {
    order.input = std::make_shared<run::InputFeed>();
    request.limits.input =
        message.has_input_timeout()
            ? milliseconds_of(message.input_timeout())
            : std::min<std::chrono::milliseconds>(rules_.limits.input, rules_.most.input);
  } else if (message.has_input_timeout()) {
    return absl::InvalidArgumentError("Unknown parameters for run: input_timeout");
  }
  request.limits.memory = mebibytes(message.memory());
  request.limits.output = bytes(static_cast<std::uint64_t>(message.max_output()));
  if (message.has_output_events_per_second()) {
    order.output_events_per_second = static_cast<int>(message.output_events_per_second());
  }
  if (message.has_seed()) request.seed = static_cast<std::uint64_t>(message.seed());
  if (message.durable()) order.durability = store::Durability::kDurable;
  if (message.isolation() == "process") order.isolation = run::Isolation::kProcess;
  SKERRY_ASSIGN(order.files, files_of(message));
  SKERRY_TRY(request.limits.check());
  return order;
}

}  // namespace skerry::api
