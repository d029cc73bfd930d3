// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/run_order.h"

#include <cmath>
#include <utility>

namespace skerry::service {
namespace {

using tool::Parameter;
using Type = Parameter::Type;

constexpr double kMiB = 1048576;

ByteSize mebibytes(double value) { return bytes(static_cast<std::uint64_t>(value * kMiB)); }

double seconds_of(const sandbox::Limits& limits) {
  return std::chrono::duration<double>(limits.wall).count();
}

}  // namespace

tool::Definition run_parameters(const sandbox::Limits& limits) {
  return {.name = "run",
          .version = "1",
          .description = "One run",
          .category = "code",
          .parameters = {
              {.name = "code", .description = "The program", .is_required = true},
              {.name = "session", .description = "Goes on where this session stands"},
              {.name = "template", .description = "The image to start from: python-data or python"},
              {.name = "stdin", .description = "Standard input, whole", .default_value = ""},
              {.name = "args", .type = Type::kArray, .description = "sys.argv, from its second on"},
              {.name = "env", .type = Type::kObject, .description = "Environment variables"},
              {.name = "timeout",
               .type = Type::kNumber,
               .description = "Seconds after which the run is killed",
               .default_value = seconds_of(limits),
               .minimum = 0.001,
               .maximum = 86'400},
              {.name = "memory",
               .type = Type::kNumber,
               .description = "Linear memory in MiB",
               .default_value = static_cast<double>(limits.memory.value) / kMiB,
               .minimum = 1,
               .maximum = 4095},
              {.name = "max_output",
               .type = Type::kInteger,
               .description = "Bytes kept of each stream",
               .default_value = limits.output.value,
               .minimum = 0,
               .maximum = 1 << 30},
              {.name = "seed",
               .type = Type::kInteger,
               .description = "Makes all randomness follow from this number",
               .minimum = 0},
              {.name = "durable",
               .type = Type::kBoolean,
               .description = "Answer when the session is safe from a power loss, too",
               .default_value = false},
              {.name = "isolation",
               .description = "\"process\": a process of its own; \"tenant\": one of the tenant's",
               .default_value = "tenant"}}};
}

Result<broker::Runner::Order> run_order(const nlohmann::json& parameters,
                                        const sandbox::Limits& limits) {
  SKERRY_ASSIGN(const auto given, tool::Arguments::check(run_parameters(limits), parameters));
  broker::Runner::Order order;
  if (given.has("session")) {
    SKERRY_ASSIGN(order.session, session::SessionName::parse(given.text("session")));
  }
  worker::RunRequest& request = order.request;
  if (given.has("template")) request.template_name = given.text("template");
  request.program.code = given.text("code");
  request.program.last_value = runtime::PythonProgram::LastValue::kReturned;
  if (given.has("args")) {
    SKERRY_ASSIGN(request.program.arguments, given.texts("args"));
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
  request.input = given.text("stdin");
  request.limits = limits;
  request.limits.wall =
      std::chrono::milliseconds(std::llround(given.value("timeout").get<double>() * 1000));
  request.limits.memory = mebibytes(given.value("memory").get<double>());
  request.limits.output = bytes(static_cast<std::uint64_t>(given.integer("max_output")));
  if (given.has("seed")) request.seed = static_cast<std::uint64_t>(given.integer("seed"));
  if (given.value("durable").get<bool>()) order.durability = session::Durability::kDurable;
  const std::string& isolation = given.text("isolation");
  if (isolation != "tenant" && isolation != "process") {
    return absl::InvalidArgumentError("Parameter 'isolation' must be \"tenant\" or \"process\"");
  }
  if (isolation == "process") order.isolation = broker::Isolation::kProcess;
  SKERRY_TRY(request.limits.check());
  return order;
}

}  // namespace skerry::service
