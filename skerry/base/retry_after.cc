// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include <absl/strings/cord.h>

namespace skerry {
namespace {

constexpr const char* kPayload = "skerry/retry-after-ms";

}  // namespace

std::optional<std::chrono::milliseconds> retry_after(const Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  std::int64_t milliseconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  return std::chrono::milliseconds(milliseconds);
}

Status with_retry_after(Status status, std::chrono::milliseconds wait) {
  const std::string text = std::to_string(wait.count());
  // Through a view: Clang mangles the constructor that takes a string differently.
  status.SetPayload(kPayload, absl::Cord(absl::string_view(text)));
  return status;
}

std::chrono::seconds retry_seconds(std::chrono::milliseconds wait) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

}  // namespace skerry
