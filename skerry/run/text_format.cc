// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/text_format.h"

#include <algorithm>
#include <array>

#include "skerry/store/session_name.h"
#include "skerry/upload/upload_store.h"

namespace skerry::run {
namespace {

Status check_session_name(const std::string& text) {
  return store::SessionName::parse(text).status();
}

/// The session store checks the rest, whoever asks.
Status check_label(const std::string& text) {
  return text.empty() ? absl::InvalidArgumentError("label must be a text that is not empty")
                      : ok_status();
}

Status check_file_id(const std::string& text) { return upload::check_file_id(text); }

/// Whether there is one of this name, the session store says.
Status check_revision(const std::string& text) {
  return text.empty() ? absl::InvalidArgumentError("a revision's number or label is empty")
                      : ok_status();
}

}  // namespace

const TextFormat* find_text_format(std::string_view name) {
  static const std::array<TextFormat, 4> kFormats{
      {{.name = "session_name",
        .schema = {{"pattern", R"(^[A-Za-z0-9:_-](\.?[A-Za-z0-9:_-])*\.?$)"}, {"maxLength", 128}},
        .check = check_session_name},
       {.name = "label",
        .schema = {{"pattern", R"(^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f0-9-][^\x00-\x1f\x7f]*$)"},
                   {"maxLength", 128}},
        .check = check_label},
       {.name = "file_id", .schema = {{"pattern", "^[0-9a-f]{64}$"}}, .check = check_file_id},
       {.name = "revision", .schema = {{"pattern", R"(^[^\x00]+$)"}}, .check = check_revision}}};
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(),
                                   [&](const TextFormat& each) { return each.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace skerry::run
