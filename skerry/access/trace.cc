// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/trace.h"

#include <random>

#include <fmt/format.h>

namespace skerry::access {
namespace {

// "00-TRACE-SPAN-FLAGS", in hexadecimal digits. Later versions may go on after a hyphen.
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kTraceLength = 32;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kSpanLength = 16;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kLength = 55;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// All zeros are no id.
bool is_id(std::string_view text) {
  return is_hexadecimal(text) && text.find_first_not_of('0') != text.npos;
}

}  // namespace

std::string trace_for(std::string_view given) {
  if (given.size() < kLength || (given.size() > kLength && given[kLength] != '-')) return {};
  const std::string_view version = given.substr(0, 2);
  if (!is_hexadecimal(version) || version == "ff") return {};
  if (version == "00" && given.size() != kLength) return {};
  const std::string_view id = given.substr(kTraceAt, kTraceLength);
  const std::string_view flags = given.substr(kFlagsAt, 2);
  const bool is_parted = given[2] == '-' && given[kSpanAt - 1] == '-' && given[kFlagsAt - 1] == '-';
  if (!is_parted || !is_id(id) || !is_id(given.substr(kSpanAt, kSpanLength)) ||
      !is_hexadecimal(flags)) {
    return {};
  }
  // Only to be told from others: no secret.
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("00-{}-{:016x}-{}", id, random() | 1, flags);
}

std::string_view trace_id_in(std::string_view trace) {
  return trace.empty() ? trace : trace.substr(kTraceAt, kTraceLength);
}

}  // namespace skerry::access
