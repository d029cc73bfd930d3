// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/run_order.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "skerry/http/json_schema.h"

namespace skerry::api {
namespace {

using http::nullable;
using http::session_name_schema;
using http::text_schema;
using tool::Parameter;
using Type = Parameter::Type;

constexpr double kMiB = 1048576;

ByteSize mebibytes(double value) { return bytes(static_cast<std::uint64_t>(value * kMiB)); }

double seconds_of(const sandbox::Limits& limits) {
  return std::chrono::duration<double>(limits.wall).count();
}

std::vector<Parameter> limit_parameters(const RunRules& rules) {
  const sandbox::Limits& limits = rules.limits;
  const std::chrono::duration<double> most_wall = rules.most.wall;
  return {{.name = "timeout",
           .type = Type::kNumber,
           .description = "Seconds after which the run is killed",
           .default_value = seconds_of(limits),
           .minimum = 0.001,
           .maximum = std::max(most_wall.count(), seconds_of(limits))},
          {.name = "memory",
           .type = Type::kNumber,
           .description = "Linear memory in MiB",
           .default_value = static_cast<double>(limits.memory.value) / kMiB,
           .minimum = 1,
           .maximum = static_cast<double>(std::max(rules.most.memory, limits.memory).value) / kMiB},
          {.name = "max_output",
           .type = Type::kInteger,
           .description = "Bytes kept of each stream",
           .default_value = limits.output.value,
           .minimum = 0,
           .maximum = static_cast<double>(std::max(rules.most.output, limits.output).value),
           .is_exact = true},
          {.name = "output_events_per_second",
           .type = Type::kInteger,
           .description = "Events with output that are sent in a second; what comes faster is "
                          "joined, up to 256 KiB",
           .minimum = 1,
           .maximum = 1000,
           .is_exact = true}};
}

/// What a run with live input has, too.
Parameter input_time(const RunRules& rules) {
  using Seconds = std::chrono::duration<double>;
  const Seconds most = rules.most.input;
  const Seconds usual = std::min<Seconds>(most, rules.limits.input);
  return {.name = "input_timeout",
          .type = Type::kNumber,
          .description = "Seconds that the program may wait for input, all waits together",
          .default_value = usual.count(),
          .minimum = 0.001,
          .maximum = most.count()};
}

std::chrono::milliseconds milliseconds_of(const nlohmann::json& seconds) {
  return std::chrono::milliseconds(std::llround(seconds.get<double>() * 1000));
}

tool::Definition run_parameters(const RunRules& rules) {
  tool::Definition run{
      .name = "run",
      .version = "1",
      .description = "One run",
      .category = "code",
      .parameters = {
          {.name = "code", .description = "The program", .is_required = true},
          {.name = "session",
           .description = "Goes on where this session stands",
           .form = session_name_schema()},
          {.name = "template",
           .description = "The image to start from",
           .form = {{"enum", rules.templates}}},
          {.name = "stdin", .description = "Standard input, whole", .default_value = ""},
          {.name = "args",
           .type = Type::kArray,
           .description = "sys.argv, from its second on",
           .form = {{"items", text_schema()}}},
          {.name = "env",
           .type = Type::kObject,
           .description = "Environment variables",
           .form = {{"additionalProperties", text_schema()}}},
          {.name = "seed",
           .type = Type::kInteger,
           .description = "Makes all randomness follow from this number",
           .minimum = 0,
           .is_exact = true,
           .form = {{"maximum", INT64_MAX}}},
          {.name = "durable",
           .type = Type::kBoolean,
           .description = "Answer when the session is safe from a power loss, too",
           .default_value = false},
          {.name = "isolation",
           .description = "\"process\": a process of its own; \"tenant\": one of the tenant's",
           .default_value = "tenant",
           .form = {{"enum", {"tenant", "process"}}}}}};
  for (Parameter& each : limit_parameters(rules)) run.parameters.push_back(std::move(each));
  return run;
}

}  // namespace

RunDecoder::RunDecoder(const RunRules& rules)
    : rules_(rules), parameters_(run_parameters(rules)), live_parameters_(parameters_) {
  live_parameters_.parameters.push_back(input_time(rules));
}

nlohmann::ordered_json RunDecoder::schema() const {
  nlohmann::ordered_json schema = tool::schema_of(parameters_);
  for (const Parameter& each : parameters_.parameters) {
    auto& property = schema["properties"][each.name];
    if (!each.is_required) property = nullable(std::move(property));
  }
  return schema;
}

Result<run::Request> RunDecoder::decode(nlohmann::json parameters, InputForm input) const {
  const bool is_live = input == InputForm::kLive;
  SKERRY_ASSIGN(auto given, tool::Arguments::check(is_live ? live_parameters_ : parameters_,
                                                   std::move(parameters)));
  run::Request order;
  if (is_live) order.input = std::make_shared<run::InputFeed>();
  if (given.has("session")) {
    SKERRY_ASSIGN(order.session, store::SessionName::parse(given.text("session")));
  }
  worker::RunRequest& request = order.request;
  if (given.has("template")) {
    // A name goes no further unless there is a template of it: it would be a file's.
    request.template_name = given.text("template");
    if (std::find(rules_.templates.begin(), rules_.templates.end(), request.template_name) ==
        rules_.templates.end()) {
      return absl::InvalidArgumentError("Parameter 'template' is an unknown template");
    }
  }
  request.program.code = given.take_text("code");
  request.program.last_value = runtime::Program::LastValue::kReturned;
  if (given.has("args")) {
    SKERRY_ASSIGN(request.program.arguments, given.take_texts("args"));
    request.program.arguments.insert(request.program.arguments.begin(), "-c");
  }
  if (given.has("env")) {
    for (const auto& item : given.value("env").items()) {
      if (!item.value().is_string()) {
        return absl::InvalidArgumentError("Parameter 'env' must hold nothing but strings");
      }
      request.program.environment[item.key()] = item.value().get<std::string>();
    }
  }
  request.input = given.take_text("stdin");
  request.limits = rules_.limits;
  request.limits.words = sandbox::LimitWords::kRunFields;
  request.limits.wall = milliseconds_of(given.value("timeout"));
  if (is_live) request.limits.input = milliseconds_of(given.value("input_timeout"));
  request.limits.memory = mebibytes(given.value("memory").get<double>());
  request.limits.output = bytes(static_cast<std::uint64_t>(given.integer("max_output")));
  if (given.has("output_events_per_second")) {
    order.output_events_per_second = static_cast<int>(given.integer("output_events_per_second"));
  }
  if (given.has("seed")) request.seed = static_cast<std::uint64_t>(given.integer("seed"));
  if (given.value("durable").get<bool>()) order.durability = store::Durability::kDurable;
  const std::string& isolation = given.text("isolation");
  if (isolation != "tenant" && isolation != "process") {
    return absl::InvalidArgumentError("Parameter 'isolation' must be \"tenant\" or \"process\"");
  }
  if (isolation == "process") order.isolation = run::Isolation::kProcess;
  SKERRY_TRY(request.limits.check());
  return order;
}

}  // namespace skerry::api
