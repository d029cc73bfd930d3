// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/task.h"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

#include "skerry/base/status.h"

namespace skerry::task {
namespace {

constexpr std::string_view kPrefix = "TASK_STATUS_";
constexpr std::size_t kMaxId = 128;

constexpr std::array kNames = {
    std::pair(State::kQueued, "TASK_STATUS_QUEUED"),
    std::pair(State::kRunning, "TASK_STATUS_RUNNING"),
    std::pair(State::kCompleted, "TASK_STATUS_COMPLETED"),
    std::pair(State::kFailed, "TASK_STATUS_FAILED"),
    std::pair(State::kCancelled, "TASK_STATUS_CANCELLED"),
    std::pair(State::kTimeout, "TASK_STATUS_TIMEOUT"),
    std::pair(State::kPaused, "TASK_STATUS_PAUSED"),
};

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string_view name_of(State state) {
  for (const auto& [each, name] : kNames) {
    if (each == state) return name;
  }
  return "TASK_STATUS_UNSPECIFIED";
}

std::optional<State> state_named(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  for (const auto& [state, each] : kNames) {
    const std::string_view whole(each);
    if (upper == whole || upper == whole.substr(kPrefix.size())) return state;
  }
  return std::nullopt;
}

bool is_final(State state) {
  return state != State::kQueued && state != State::kRunning && state != State::kPaused;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter_or_digit(c) || c == ':' || c == '_' || c == '-' || c == '.';
         });
}

std::string new_id(std::string_view prefix) {
  std::array<unsigned char, 16> bytes{};
  std::random_device source;  // the kernel's, or the processor's
  for (unsigned char& each : bytes) each = static_cast<unsigned char>(source());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);  // version 4: random
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string id(prefix);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += fmt::format("{:02x}", bytes[i]);
  }
  return id;
}

std::string stored_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace skerry::task
