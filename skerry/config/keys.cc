// SPDX-License-Identifier: Apache-2.0
#include "skerry/config/keys.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "skerry/config/key_types.h"

namespace skerry::config {
namespace {

using nlohmann::json;

// What a service gives to all of its runs is little.
constexpr std::size_t kMaxVariables = 100;
constexpr std::size_t kMaxVariablesSize = 32'768;

/// Something that is so and cannot be otherwise: to ask for the rest is an error, not ignored.
Key fixed(const char* name, bool is_so, const char* why) {
  return {.name = name,
          .take = [is_so, why](Settings&, const json& value) -> Status {
            SKERRY_ASSIGN(const bool asked, flag_in(value));
            if (asked == is_so) return ok_status();
            return absl::InvalidArgumentError(fmt::format("cannot be {}: {}", asked, why));
          },
          .show = [is_so](const Settings&) { return json(is_so); }};
}

/// The same of a number.
Key fixed_number(const char* name, int is_so, const char* why) {
  return {.name = name,
          .take = [is_so, why](Settings&, const json& value) -> Status {
            SKERRY_ASSIGN(const double asked, number_in(value, 0, 1e15, true));
            if (asked == is_so) return ok_status();
            return absl::InvalidArgumentError(fmt::format("cannot be {}: {}", asked, why));
          },
          .show = [is_so](const Settings&) { return json(is_so); }};
}

Key reloaded(Key key) {
  key.is_reloaded = true;
  return key;
}

// Each field is given to be read and to be written.
#define SKERRY_FIELD(name) [](auto& settings) -> auto& { return settings.name; }

/// Prometheus need not be served.
Key metrics_key() {
  return {.name = "service.metrics",
          .take = [](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(settings.metrics, texts_in(value));
            return ok_status();
          },
          .show = [](const Settings& settings) { return json(settings.metrics); }};
}

/// Tools and the seconds that their results are kept, as a mapping.
Status take_cache_times(Settings& settings, const json& value) {
  if (!value.is_object()) return expected("tools and seconds", value);
  tool::ResultCache::Times times;
  for (const auto& [name, seconds] : value.items()) {
    if (!tool::is_cacheable(name)) {
      return expected("tools whose results can be kept", json(name));
    }
    SKERRY_ASSIGN(const double time, number_in(seconds, 0, 86'400, true));
    times[name] = std::chrono::seconds(static_cast<int>(time));
  }
  settings.cache_times = std::move(times);
  return ok_status();
}

json cache_times_json(const Settings& settings) {
  json told = json::object();
  for (const auto& [name, time] : settings.cache_times) told[name] = time.count();
  return told;
}

std::vector<Key> tool_keys() {
  return {whole("tools.parallelism", 1, 32, SKERRY_FIELD(parallel_calls)),
          whole("tools.python_executor.calls_per_minute", 0, 1e6,
                SKERRY_FIELD(python_calls_per_minute)),
          {.name = "tools.cache_seconds", .take = take_cache_times, .show = cache_times_json},
          {.name = "tools.python_executor.mode",
           .take = [](Settings&, const json& value) -> Status {
             return value == "wasi" ? ok_status()
                                    : expected("\"wasi\", which is what there is", value);
           },
           .show = [](const Settings&) { return json("wasi"); }},
          {.name = "wasi.allowed_paths",
           .take = [](Settings& settings, const json& value) -> Status {
             SKERRY_ASSIGN(const auto paths, texts_in(value));
             settings.modules.allowed_paths.assign(paths.begin(), paths.end());
             return ok_status();
           },
           .show = [](const Settings& settings) { return json(settings.modules.allowed_paths); }},
          {.name = "tools.python_wasi_runner.interpreter",
           .take = [](Settings& settings, const json& value) -> Status {
             if (!value.is_string() || value == "") return expected("a file's path", value);
             settings.modules.interpreter = value.get<std::string>();
             return ok_status();
           },
           .show =
               [](const Settings& settings) {
                 return settings.modules.interpreter ? json(settings.modules.interpreter->native())
                                                     : json(nullptr);
               }}};
}

Key log_key() {
  return {
      .name = "service.log",
      .take = [](Settings& settings, const json& value) -> Status {
        if (value != "text" && value != "json") return expected("text or json", value);
        settings.logs_json = value == "json";
        return ok_status();
      },
      .show = [](const Settings& settings) { return json(settings.logs_json ? "json" : "text"); }};
}

std::vector<Key> service_keys() {
  return {texts("service.grpc", SKERRY_FIELD(grpc)),
          texts("service.orchestrator", SKERRY_FIELD(orchestrator)),
          texts("service.http", SKERRY_FIELD(http)),
          metrics_key(),
          flag("service.require_key", SKERRY_FIELD(requires_key)),
          log_key(),
          flag("service.log_calls", SKERRY_FIELD(logs_calls)),
          reloaded(file("service.tls.certificate", SKERRY_FIELD(tls.certificate))),
          reloaded(file("service.tls.key", SKERRY_FIELD(tls.key))),
          reloaded(file("service.tls.client_ca", SKERRY_FIELD(tls.client_ca))),
          whole("service.workers", 1, 1024, SKERRY_FIELD(workers)),
          whole("service.spares", 1, 1024, SKERRY_FIELD(spares)),
          whole("service.share", 0, 1024, SKERRY_FIELD(share)),
          whole("service.queue", 0, 100'000, SKERRY_FIELD(queue)),
          flag("service.require_walls", SKERRY_FIELD(require_walls))};
}

/// What clients may take of the service itself.
std::vector<Key> server_keys() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr double kMiB = 1048576;
  return {
      whole("service.max_connections", 16, 1'000'000, SKERRY_FIELD(server.connections)),
      whole("service.max_connections_per_address", 1, 1'000'000,
            SKERRY_FIELD(server.connections_per_address)),
      whole("service.max_operations_connections", 4, 10'000,
            SKERRY_FIELD(server.operations_connections)),
      whole("service.max_streams", 1, 10'000, SKERRY_FIELD(server.streams)),
      size("service.max_header_bytes", 1024, kMiB, SKERRY_FIELD(server.header)),
      size("service.max_body_memory_bytes", kMiB, 1024 * kMiB, SKERRY_FIELD(server.body_memory)),
      size("service.max_unsent_bytes", 65'536, 64 * kMiB, SKERRY_FIELD(server.connection_unsent)),
      size("service.max_unsent_memory_bytes", kMiB, 4096 * kMiB,
           SKERRY_FIELD(server.unsent_memory)),
      duration<seconds>("service.idle_timeout_seconds", 1, 86'400, SKERRY_FIELD(server.idle)),
      duration<seconds>("service.http2_idle_timeout_seconds", 1, 86'400,
                        SKERRY_FIELD(server.http2_idle)),
      duration<seconds>("service.stream_idle_timeout_seconds", 1, 86'400,
                        SKERRY_FIELD(stream_idle)),
      duration<seconds>("service.header_timeout_seconds", 1, 3600,
                        SKERRY_FIELD(server.header_time)),
      duration<seconds>("service.body_timeout_seconds", 1, 3600, SKERRY_FIELD(server.body_time)),
      duration<seconds>("service.write_timeout_seconds", 1, 3600, SKERRY_FIELD(server.write)),
      flag("service.metrics_tenant_names", SKERRY_FIELD(names_tenants)),
      flag("service.mcp_conformance", SKERRY_FIELD(mcp_conformance)),
      duration<milliseconds>("service.loop_lag_alarm_ms", 1, 60'000, SKERRY_FIELD(lag_alarm)),
      duration<milliseconds>("service.loop_handler_alarm_ms", 0, 60'000,
                             SKERRY_FIELD(handler_alarm))};
}

std::vector<Key> session_keys() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr double kMonth = 30 * 86'400;
  return {duration<seconds>("sessions.ttl_seconds", 1, kMonth,
                            SKERRY_FIELD(session_policy.time_to_live)),
          whole("sessions.max", 1, 100'000, SKERRY_FIELD(session_policy.sessions)),
          whole("sessions.revisions", 1, 10'000, SKERRY_FIELD(session_policy.revisions)),
          duration<seconds>("sessions.cold_seconds", 1, kMonth, SKERRY_FIELD(session_policy.cold)),
          size("sessions.max_bytes", 1, 0x1p50, SKERRY_FIELD(session_policy.bytes)),
          duration<milliseconds>("sessions.hibernate_ms", 1, 86'400'000,
                                 SKERRY_FIELD(sessions.hibernate)),
          whole("sessions.queue", 0, 100'000, SKERRY_FIELD(sessions.queue))};
}

std::vector<Key> upload_keys() {
  // One is held in memory while it comes, and all that come have 192 MiB.
  constexpr double kMaxUpload = 160.0 * (1 << 20);
  return {duration<std::chrono::seconds>("uploads.ttl_seconds", 1, 30 * 86'400,
                                         SKERRY_FIELD(uploads.time)),
          size("uploads.max_bytes", 1, 0x1p50, SKERRY_FIELD(uploads.quota)),
          size("uploads.max_file_bytes", 1, kMaxUpload, SKERRY_FIELD(uploads.largest))};
}

/// Names and values of an environment, as a mapping.
Status take_variables(Settings& settings, const json& value) {
  if (!value.is_object()) return expected("names and values", value);
  std::map<std::string, std::string> variables;
  for (const auto& [name, text] : value.items()) {
    if (!run::is_variable_name(name) || !text.is_string())
      return expected("names and values", value);
    variables[name] = text.get<std::string>();
  }
  if (variables.size() > kMaxVariables || value.dump().size() > kMaxVariablesSize) {
    return expected(
        fmt::format("at most {} variables of {} bytes", kMaxVariables, kMaxVariablesSize), "more");
  }
  settings.variables = std::move(variables);
  return ok_status();
}

std::vector<Key> sandbox_keys() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr double kMiB = 1048576;
  return {
      size("wasi.max_memory_bytes", kMiB, 4095 * kMiB, SKERRY_FIELD(most.memory)),
      duration<seconds>("wasi.max_timeout_seconds", 1, 86'400, SKERRY_FIELD(most.wall)),
      duration<seconds>("wasi.max_input_timeout_seconds", 1, 604'800, SKERRY_FIELD(most.input)),
      size("wasi.max_asked_output_bytes", 0, 0x1p30, SKERRY_FIELD(most.output)),
      size("wasi.memory_limit_bytes", kMiB, 4095 * kMiB, SKERRY_FIELD(limits.memory)),
      duration<milliseconds>("wasi.execution_timeout_ms", 1, 86'400'000, SKERRY_FIELD(limits.wall)),
      duration<seconds>("wasi.execution_timeout_secs", 1, 86'400, SKERRY_FIELD(limits.wall)),
      size("wasi.max_output_bytes", 0, 0x1p30, SKERRY_FIELD(limits.output)),
      size("wasi.max_files_bytes", 0, 4096 * kMiB, SKERRY_FIELD(limits.files)),
      whole("wasi.max_open_files", 3, 4096, SKERRY_FIELD(limits.open_files)),
      whole("wasi.max_table_elements", 0, 200'000, SKERRY_FIELD(limits.table_elements)),
      {.name = "wasi.max_fuel",
       .take = [](Settings& settings, const json& value) -> Status {
         SKERRY_ASSIGN(const double fuel, number_in(value, 0, 1e15, true));
         settings.limits.fuel = std::nullopt;
         if (fuel > 0) settings.limits.fuel = static_cast<std::uint64_t>(fuel);
         return ok_status();
       },
       .show = [](const Settings& settings) { return json(settings.limits.fuel.value_or(0)); }},
      {.name = "wasi.env_vars",
       .take = take_variables,
       .show = [](const Settings& settings) { return json(settings.variables); }},
      fixed("wasi.enable_filesystem", true,
            "every sandbox has files of its own, in memory, and none of the host's"),
      fixed("wasi.security.allow_network", false, "a sandbox has no network"),
      fixed("wasi.security.allow_subprocess", false, "a sandbox cannot start processes"),
      fixed("wasi.security.fs_readonly", false,
            "a program's files are its sandbox's own; nothing of the host can be written"),
      fixed("wasi.security.allow_clock", true,
            "Python does not start without a clock; `--clock` of a run fixes it"),
      fixed("wasi.security.allow_random", true,
            "Python does not start without; `seed` of a run fixes it"),
      fixed_number("wasi.max_instances", 10, "that is what modules may have"),
      fixed_number("wasi.max_tables", 10, "that is what modules may have"),
      fixed_number("wasi.max_memories", 4, "that is what modules may have")};
}

std::vector<Key> enforcement_keys() {
  using std::chrono::seconds;
  return {duration<seconds>("enforcement.timeout_seconds", 0, 86'400, SKERRY_FIELD(call_time)),
          whole("enforcement.max_tokens", 0, 1e9, SKERRY_FIELD(query_tokens)),
          reloaded(number("enforcement.rate_rps", 0, 1e6, SKERRY_FIELD(runs_per_second))),
          reloaded(number("enforcement.circuit_breaker.error_threshold", 0.01, 1,
                          SKERRY_FIELD(breaker.error_threshold))),
          reloaded(duration<seconds>("enforcement.circuit_breaker.window_seconds", 1, 3600,
                                     SKERRY_FIELD(breaker.window))),
          reloaded(whole("enforcement.circuit_breaker.min_requests", 0, 1e6,
                         SKERRY_FIELD(breaker.min_requests)))};
}

#undef SKERRY_FIELD

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> kKeys = [] {
    std::vector<Key> all;
    for (auto part : {service_keys(), server_keys(), session_keys(), upload_keys(), sandbox_keys(),
                      tool_keys(), model_keys(), enforcement_keys()}) {
      std::move(part.begin(), part.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kKeys;
}

const std::vector<Variable>& variables() {
  static const std::vector<Variable> kVariables{
      {"SKERRY_LOG", "service.log"},
      {"SKERRY_TLS_CERT", "service.tls.certificate"},
      {"SKERRY_TLS_KEY", "service.tls.key"},
      {"SKERRY_TLS_CLIENT_CA", "service.tls.client_ca"},
      {"WASI_MEMORY_LIMIT_MB", "wasi.memory_limit_bytes", 1048576},
      {"WASI_TIMEOUT_SECONDS", "wasi.execution_timeout_ms", 1000},
      {"PYTHON_WASI_WASM_PATH", "tools.python_wasi_runner.interpreter"},
      {"PYTHON_WASI_SESSION_TIMEOUT", "sessions.ttl_seconds"},
      {"SKERRY_SESSION_TTL", "sessions.ttl_seconds"},
      {"SKERRY_SESSIONS", "sessions.max"},
      {"SKERRY_SESSION_REVISIONS", "sessions.revisions"},
      {"SKERRY_SESSION_COLD", "sessions.cold_seconds"},
      {"SKERRY_SESSION_BYTES", "sessions.max_bytes"},
      {"WORKSPACE_MAX_SIZE_MB", "wasi.max_files_bytes", 1048576},
      {"TOOL_PARALLELISM", "tools.parallelism"},
      {"PYTHON_EXECUTOR_MODE", "tools.python_executor.mode"},
      {"PYTHON_EXECUTOR_RATE_LIMIT", "tools.python_executor.calls_per_minute"},
      {"PORT", "service.http", 1, "127.0.0.1:8000,127.0.0.1:"},
      {"METRICS_PORT", "service.metrics", 1, "127.0.0.1:"},
      {"LLM_BASE_URL", "llm.base_url"},
      {"LLM_MODEL", "llm.model"},
      {"LLM_MODEL_SMALL", "llm.models.small"},
      {"LLM_MODEL_MEDIUM", "llm.models.medium"},
      {"LLM_MODEL_LARGE", "llm.models.large"},
      {"LLM_TIMEOUT_SECONDS", "llm.timeout_seconds"},
      {"LLM_PRICES", "llm.prices"},
      {"ENFORCE_TIMEOUT_SECONDS", "enforcement.timeout_seconds"},
      {"ENFORCE_MAX_TOKENS", "enforcement.max_tokens"},
      {"ENFORCE_RATE_RPS", "enforcement.rate_rps"},
      {"ENFORCE_CB_ERROR_THRESHOLD", "enforcement.circuit_breaker.error_threshold"},
      {"ENFORCE_CB_WINDOW_SECONDS", "enforcement.circuit_breaker.window_seconds"},
      {"ENFORCE_CB_MIN_REQUESTS", "enforcement.circuit_breaker.min_requests"}};
  return kVariables;
}

const std::vector<ForeignVariable>& foreign_variables() {
  static const std::vector<ForeignVariable> kForeign{
      {"AGENT_CORE_ADDR", "clients find an agent core by it; this one listens at service.grpc"},
      {"LLM_SERVICE_URL", "tools and agent are in this service; LLM_BASE_URL names a model's"},
      {"SHANNON_SESSION_WORKSPACES_DIR", "sessions keep their files in SKERRY_HOME"},
      {"SHANNON_USER_MEMORY_DIR", "users' files are kept in SKERRY_HOME"},
      {"SHANNON_USE_WASI_SANDBOX", "there is nothing but sandboxes"},
      {"GATEWAY_SKIP_AUTH", "keys are asked for where there are some: docs/keys.md"},
      {"DISABLE_DEFAULT_TOOLS", "a request says which tools are allowed"},
      {"DISABLE_WASI_FALLBACK", "there is nothing to fall back from"},
      {"FIRECRACKER_EXECUTOR_URL", "there are no virtual machines"},
      {"MEMORY_POOL_SIZE_MB", "there is no such pool"},
      {"MEMORY_SWEEP_INTERVAL_MS", "there is no such pool"},
      {"ENFORCE_RATE_REDIS_URL", "rates are counted in this process"},
      {"ENFORCE_RATE_REDIS_PREFIX", "rates are counted in this process"},
      {"ENFORCE_RATE_REDIS_TTL", "rates are counted in this process"}};
  return kForeign;
}

}  // namespace skerry::config
