// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model.h"

#include <charconv>
#include <string>

namespace skerry::agent {
namespace {

constexpr const char* kRetryAfter = "skerry/retry-after";

}  // namespace

std::string_view name_of(Finish finish) {
  switch (finish) {
    case Finish::kStop:
      return "stop";
    case Finish::kLength:
      return "length";
    case Finish::kToolCalls:
      return "tool_calls";
    case Finish::kContentFilter:
      return "content_filter";
  }
  return "stop";
}

std::optional<std::chrono::seconds> retry_after(const Status& status) {
  const auto payload = status.GetPayload(kRetryAfter);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(seconds);
}

Status with_retry_after(Status status, std::chrono::seconds time) {
  const std::string text = std::to_string(time.count());
  // By a view: Clang has another name for the constructor that takes a string.
  status.SetPayload(kRetryAfter, absl::Cord(absl::string_view(text)));
  return status;
}

}  // namespace skerry::agent
