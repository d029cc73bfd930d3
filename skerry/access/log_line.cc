// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/log_line.h"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "skerry/access/trace.h"
#include "skerry/base/bytes.h"

namespace skerry::access {
namespace {

// Names come from callers.
constexpr std::size_t kMaxName = 128;

}  // namespace

std::string log_time() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

nlohmann::ordered_json audit_line(const Principal& principal, const AuditEvent& event) {
  nlohmann::ordered_json line{{"time", log_time()},
                              {"action", event.action},
                              {"tenant", principal.tenant},
                              {"key", principal.key},
                              {"user", clip(principal.user, kMaxName)},
                              {"request", principal.request},
                              {"trace", trace_id_in(principal.trace)},
                              {"session", clip(principal.session, kMaxName)}};
  if (!event.tool.empty()) line["tool"] = clip(event.tool, kMaxName);
  if (!event.object.empty()) line["object"] = clip(event.object, kMaxName);
  line["outcome"] = event.outcome;
  line["took_ms"] = std::chrono::duration<double, std::milli>(event.took).count();
  return line;
}

}  // namespace skerry::access
