// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/display.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/utf8.h"

namespace skerry::sandbox {
namespace {

constexpr std::size_t kMaxType = 127;  // RFC 6838, 4.2

/// TYPE/SUBTYPE of RFC 6838, and parameters of any visible characters behind it.
bool is_media_type(std::string_view text) {
  const auto is_name = [](std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
    });
  };
  if (text.size() > kMaxType) return false;
  const std::string_view type = text.substr(0, text.find(';'));
  const std::string_view parameters = text.substr(type.size());
  const auto slash = type.find('/');
  return slash != type.npos && is_name(type.substr(0, slash)) && is_name(type.substr(slash + 1)) &&
         std::all_of(parameters.begin(), parameters.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

Status check_object(std::string_view text, std::string_view what) {
  return text.empty() ? ok_status() : parse_json_object(text, what).status();
}

Status check_part(const Display::Part& part) {
  if (!is_media_type(part.type)) return absl::InvalidArgumentError("a type that is no MIME type");
  switch (part.kind) {
    case Display::Part::Kind::kText:
      return is_utf8(part.content) ? ok_status()
                                   : absl::InvalidArgumentError(part.type + " that is not UTF-8");
    case Display::Part::Kind::kJson:
      return parse_json(part.content, part.type).status();
    case Display::Part::Kind::kBinary:
      return ok_status();
  }
  return absl::InvalidArgumentError("a kind of content that there is not");
}

}  // namespace

std::size_t Display::size() const {
  std::size_t size = metadata.size() + chart.size();
  for (const Part& part : parts) size += part.type.size() + part.content.size();
  return size;
}

Status Display::check() const {
  if (parts.empty() || parts.size() > kMaxParts) {
    return absl::InvalidArgumentError(
        fmt::format("{} types of a value, expected 1 to {}", parts.size(), kMaxParts));
  }
  if (size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        fmt::format("a value of {} bytes, at most {} are shown", size(), kMaxBytes));
  }
  std::size_t json = metadata.size() + chart.size();
  std::set<std::string_view> types;
  for (const Part& part : parts) {
    if (part.kind == Part::Kind::kJson) json += part.content.size();
    if (!types.insert(part.type).second) {
      return absl::InvalidArgumentError("a value with a type twice");
    }
  }
  if (json > kMaxJson) {
    return absl::InvalidArgumentError(
        fmt::format("a value with {} bytes of JSON, at most {} are shown", json, kMaxJson));
  }
  for (const Part& part : parts) SKERRY_TRY(check_part(part));
  SKERRY_TRY(check_object(metadata, "metadata"));
  return check_object(chart, "a chart");
}

Display text_display(std::string text, bool is_result) {
  return {.parts = {{.type = "text/plain", .content = std::move(text)}},
          .metadata = {},
          .chart = {},
          .is_result = is_result};
}

bool DisplayQuota::take(std::size_t size) {
  if (count_ == Display::kMaxCount || size > Display::kMaxTotal - bytes_) return false;
  ++count_;
  bytes_ += size;
  return true;
}

}  // namespace skerry::sandbox
