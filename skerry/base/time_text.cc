// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/time_text.h"

#include <ctime>

#include <fmt/format.h>

namespace skerry {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// The parts of a time without its zone, with `separator` between day and hour.
std::string text_of(const std::tm& parts, char separator) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, separator, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string utc_time(std::int64_t unix_ns) {
  if (unix_ns == 0) return {};
  const std::time_t seconds = unix_ns / kNanoseconds;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}.{:03}Z", text_of(parts, 'T'), unix_ns % kNanoseconds / 1'000'000);
}

std::string local_time(std::int64_t unix_ns) {
  const std::time_t seconds = unix_ns / kNanoseconds;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return text_of(parts, ' ');
}

}  // namespace skerry
