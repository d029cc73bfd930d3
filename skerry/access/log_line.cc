// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/log_line.h"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/tool/trace.h"

namespace skerry::access {
namespace {

// Names come from callers.
constexpr std::size_t kLongestName = 128;

}  // namespace

std::string log_time() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

nlohmann::ordered_json call_line(const tool::Caller& caller, std::string_view tool,
                                 const tool::ToolResult& result) {
  return {{"time", log_time()},
          {"tenant", caller.tenant},
          {"key", caller.key},
          {"user", clip(caller.user, kLongestName)},
          {"request", caller.request},
          {"trace", tool::trace_id_in(caller.trace)},
          {"tool", clip(tool, kLongestName)},
          {"session", clip(caller.session, kLongestName)},
          {"outcome", tool::name_of(result.verdict)},
          {"took_ms", std::chrono::duration<double, std::milli>(result.took).count()}};
}

}  // namespace skerry::access
