// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_edit.h"

#include <algorithm>
#include <cstring>

#include "skerry/base/bytes.h"

namespace skerry::files {
namespace {

constexpr std::size_t kMaxSnippet = 2000;  // bytes
constexpr int kAround = 2;                 // lines

/// Where `part` is in `text` from `from` on. The C library's search takes linear time, that of
/// std::string_view may take the product of both lengths.
std::size_t find_part(std::string_view text, std::string_view part, std::size_t from) {
  const void* found = ::memmem(text.data() + from, text.size() - from, part.data(), part.size());
  if (found == nullptr) return text.npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

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
  return std::string(clip(text.substr(first, last - first), kMaxSnippet));
}

}  // namespace

Result<EditedText> edited(std::string_view text, const TextEdit& edit, std::size_t most,
                          Deadline& deadline) {
  const std::string_view part = edit.old_text;
  if (part.empty()) return absl::InvalidArgumentError("old_text is empty");
  const std::size_t first = find_part(text, part, 0);
  if (first == text.npos) return absl::FailedPreconditionError("old_text not found in file");
  // Counted first, so that places need not be kept and the result has its size at once.
  std::size_t count = 1;
  for (std::size_t at = first; edit.which == TextEdit::Which::kAll;) {
    SKERRY_TRY(deadline.check(part.size()));
    at = find_part(text, part, at + part.size());
    if (at == text.npos) break;
    ++count;
  }
  const std::size_t kept = text.size() - count * part.size();
  if (edit.new_text.size() > (most - std::min(most, kept)) / count) {
    return absl::ResourceExhaustedError("the file would be larger than " + std::to_string(most) +
                                        " bytes");
  }
  EditedText result;
  result.replacements = count;
  result.text.reserve(kept + count * edit.new_text.size());
  std::size_t from = 0;
  for (std::size_t at = first; count > 0; --count) {
    SKERRY_TRY(deadline.check(part.size()));
    result.text += text.substr(from, at - from);
    result.text += edit.new_text;
    from = at + part.size();
    if (count > 1) at = find_part(text, part, from);
  }
  result.text += text.substr(from);
  result.snippet = snippet_of(result.text, first, edit.new_text.size());
  return result;
}

}  // namespace skerry::files
