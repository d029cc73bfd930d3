// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_edit.h"

#include <algorithm>
#include <vector>

#include "skerry/base/bytes.h"

namespace skerry::files {
namespace {

constexpr std::size_t kLongestSnippet = 2000;  // bytes
constexpr int kAround = 2;                     // lines

std::string snippet_of(std::string_view text, std::size_t at, std::size_t length) {
  std::size_t first = at;
  for (int line = 0; line <= kAround && first > 0; ++line) {
    const std::size_t end = text.rfind('\n', first - 1);
    first = end == text.npos ? 0 : end;
    if (first == 0) break;
  }
  if (first > 0) ++first;
  std::size_t last = at + length;
  for (int line = 0; line <= kAround && last < text.size(); ++line) {
    const std::size_t end = text.find('\n', last);
    last = end == text.npos ? text.size() : end + 1;
  }
  return std::string(clip(text.substr(first, last - first), kLongestSnippet));
}

}  // namespace

Result<EditedText> edited(std::string_view text, const TextEdit& edit, std::size_t most) {
  if (edit.old_text.empty()) return absl::InvalidArgumentError("old_text is empty");
  std::vector<std::size_t> places;
  for (std::size_t at = text.find(edit.old_text); at != text.npos;
       at = text.find(edit.old_text, at + edit.old_text.size())) {
    places.push_back(at);
    if (edit.which == TextEdit::Which::kFirst) break;
  }
  if (places.empty()) return absl::FailedPreconditionError("old_text not found in file");
  const std::size_t length = text.size() - places.size() * edit.old_text.size();
  if (edit.new_text.size() > (most - std::min(most, length)) / places.size()) {
    return absl::ResourceExhaustedError("the file would be larger than " + std::to_string(most) +
                                        " bytes");
  }
  EditedText result;
  result.replacements = places.size();
  std::size_t from = 0;
  for (const std::size_t at : places) {
    result.text += text.substr(from, at - from);
    result.text += edit.new_text;
    from = at + edit.old_text.size();
  }
  result.text += text.substr(from);
  result.snippet = snippet_of(result.text, places.front(), edit.new_text.size());
  return result;
}

}  // namespace skerry::files
