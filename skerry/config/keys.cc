// SPDX-License-Identifier: Apache-2.0
#include "skerry/config/keys.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace skerry::config {
namespace {

using nlohmann::json;

Status expected(const std::string& what, const json& value) {
  return absl::InvalidArgumentError(
      fmt::format("expected {}, got {}", what,
                  value.is_string() ? "\"" + value.get<std::string>() + "\"" : value.dump()));
}

Result<double> number_in(const json& value, double least, double most, bool is_whole) {
  const std::string what = fmt::format("{} from {:.15g} to {:.15g}",
                                       is_whole ? "a whole number" : "a number", least, most);
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return expected(what, value);
  } else {
    return expected(what, value);
  }
  if (!(number >= least && number <= most) || (is_whole && number != std::floor(number))) {
    return expected(what, value);
  }
  return number;
}

Result<bool> flag_in(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) {
    for (const char* yes : {"true", "yes", "on", "1"}) {
      if (value == yes) return true;
    }
    for (const char* no : {"false", "no", "off", "0"}) {
      if (value == no) return false;
    }
  }
  return expected("true or false", value);
}

/// A list of texts; one text is a list of those that commas part.
Result<std::vector<std::string>> texts_in(const json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) {
    std::string rest = value.get<std::string>();
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      texts.push_back(rest.substr(0, comma));
      rest = comma == rest.npos ? std::string() : rest.substr(comma + 1);
    }
    return texts;
  }
  if (!value.is_array()) return expected("a list", value);
  for (const json& each : value) {
    if (!each.is_string()) return expected("a list of texts", value);
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

/// A whole number; `get` gives the field, which counts in units of `unit`.
template <typename Get>
Key whole(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            auto& field = get(settings);
            field = static_cast<std::remove_reference_t<decltype(field)>>(number);
            return ok_status();
          },
          .show = [get](const Settings& settings) { return json(get(settings)); }};
}

/// The same of a duration of type `Duration`, which says the unit.
template <typename Duration, typename Get>
Key duration(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            get(settings) = Duration(static_cast<std::int64_t>(number));
            return ok_status();
          },
          .show =
              [get](const Settings& settings) {
                return json(std::chrono::duration_cast<Duration>(get(settings)).count());
              }};
}

template <typename Get>
Key size(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            get(settings) = bytes(static_cast<std::uint64_t>(number));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return json(get(settings).value); }};
}

template <typename Get>
Key number(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(get(settings), number_in(value, least, most, false));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return json(get(settings)); }};
}

template <typename Get>
Key flag(const char* name, Get get) {
  return {.name = name,
          .take = [get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(get(settings), flag_in(value));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return json(get(settings)); }};
}

template <typename Get>
Key texts(const char* name, Get get) {
  return {.name = name,
          .take = [get](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(auto list, texts_in(value));
            if (list.empty()) return expected("at least one", value);
            get(settings) = std::move(list);
            return ok_status();
          },
          .show = [get](const Settings& settings) { return json(get(settings)); }};
}

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

std::vector<Key> module_keys() {
  return {{.name = "wasi.allowed_paths",
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

std::vector<Key> service_keys() {
  return {texts("service.grpc", SKERRY_FIELD(grpc)),
          texts("service.orchestrator", SKERRY_FIELD(orchestrator)),
          texts("service.http", SKERRY_FIELD(http)),
          metrics_key(),
          flag("service.require_key", SKERRY_FIELD(requires_key)),
          whole("service.workers", 1, 1024, SKERRY_FIELD(workers)),
          whole("service.spares", 1, 1024, SKERRY_FIELD(spares)),
          whole("service.share", 0, 1024, SKERRY_FIELD(share)),
          whole("service.queue", 0, 100'000, SKERRY_FIELD(queue)),
          flag("service.require_walls", SKERRY_FIELD(require_walls))};
}

std::vector<Key> session_keys() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr double kMonth = 30 * 86'400;
  return {duration<seconds>("sessions.ttl_seconds", 1, kMonth,
                            SKERRY_FIELD(sessions.policy.time_to_live)),
          whole("sessions.max", 1, 100'000, SKERRY_FIELD(sessions.policy.sessions)),
          whole("sessions.revisions", 1, 10'000, SKERRY_FIELD(sessions.policy.revisions)),
          duration<seconds>("sessions.cold_seconds", 1, kMonth, SKERRY_FIELD(sessions.policy.cold)),
          size("sessions.max_bytes", 1, 0x1p50, SKERRY_FIELD(sessions.policy.bytes)),
          duration<milliseconds>("sessions.hibernate_ms", 1, 86'400'000,
                                 SKERRY_FIELD(sessions.hibernate)),
          whole("sessions.queue", 0, 100'000, SKERRY_FIELD(sessions.queue))};
}

std::vector<Key> sandbox_keys() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr double kMiB = 1048576;
  return {
      size("wasi.memory_limit_bytes", kMiB, 4095 * kMiB, SKERRY_FIELD(limits.memory)),
      duration<milliseconds>("wasi.execution_timeout_ms", 1, 86'400'000, SKERRY_FIELD(limits.wall)),
      duration<seconds>("wasi.execution_timeout_secs", 1, 86'400, SKERRY_FIELD(limits.wall)),
      size("wasi.max_output_bytes", 0, 0x1p30, SKERRY_FIELD(limits.output)),
      size("wasi.max_files_bytes", 0, 4096 * kMiB, SKERRY_FIELD(limits.files)),
      whole("wasi.max_open_files", 8, 65'536, SKERRY_FIELD(limits.open_files)),
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
      fixed_number("wasi.max_table_elements", 10'000, "that is what modules may have"),
      fixed_number("wasi.max_instances", 10, "that is what modules may have"),
      fixed_number("wasi.max_tables", 10, "that is what modules may have"),
      fixed_number("wasi.max_memories", 4, "that is what modules may have")};
}

std::vector<Key> enforcement_keys() {
  using std::chrono::seconds;
  return {reloaded(number("enforcement.rate_rps", 0, 1e6, SKERRY_FIELD(runs_per_second))),
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
    for (auto part :
         {service_keys(), session_keys(), sandbox_keys(), module_keys(), enforcement_keys()}) {
      std::move(part.begin(), part.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kKeys;
}

const std::vector<Variable>& variables() {
  static const std::vector<Variable> kVariables{
      {"WASI_MEMORY_LIMIT_MB", "wasi.memory_limit_bytes", 1048576},
      {"WASI_TIMEOUT_SECONDS", "wasi.execution_timeout_ms", 1000},
      {"PYTHON_WASI_WASM_PATH", "tools.python_wasi_runner.interpreter"},
      {"PYTHON_WASI_SESSION_TIMEOUT", "sessions.ttl_seconds"},
      {"SKERRY_SESSION_TTL", "sessions.ttl_seconds"},
      {"SKERRY_SESSIONS", "sessions.max"},
      {"SKERRY_SESSION_REVISIONS", "sessions.revisions"},
      {"SKERRY_SESSION_COLD", "sessions.cold_seconds"},
      {"SKERRY_SESSION_BYTES", "sessions.max_bytes"},
      {"ENFORCE_RATE_RPS", "enforcement.rate_rps"},
      {"ENFORCE_CB_ERROR_THRESHOLD", "enforcement.circuit_breaker.error_threshold"},
      {"ENFORCE_CB_WINDOW_SECONDS", "enforcement.circuit_breaker.window_seconds"},
      {"ENFORCE_CB_MIN_REQUESTS", "enforcement.circuit_breaker.min_requests"}};
  return kVariables;
}

}  // namespace skerry::config
