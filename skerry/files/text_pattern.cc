// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_pattern.h"

#include <string>

#include <re2/re2.h>

namespace skerry::files {
namespace {

constexpr std::int64_t kMaxMemory = std::int64_t{8} << 20;  // bytes, RE2's own default

constexpr std::string_view kTurned = "+?{}|()";  // mean the opposite with a backslash

/// A pattern of grep's basic syntax as RE2 writes it.
std::string extended(std::string_view basic) {
  std::string text;
  bool is_first = true;  // where '*' is a star
  for (std::size_t i = 0; i < basic.size(); ++i) {
    const char c = basic[i];
    const bool was_first = std::exchange(is_first, false);
    if (c == '\\' && i + 1 < basic.size()) {
      const char next = basic[++i];
      if (kTurned.find(next) == kTurned.npos) text += '\\';
      text += next;
      is_first = next == '(' || next == '|';
    } else if (c == '[') {
      // To its end as it is; the first character may be the bracket itself.
      std::size_t end = i + 1;
      if (end < basic.size() && basic[end] == '^') ++end;
      end = basic.find(']', end + 1);
      if (end == basic.npos) end = basic.size() - 1;
      text += basic.substr(i, end - i + 1);
      i = end;
    } else if (c == '*' && was_first) {
      text += "\\*";
    } else {
      if (kTurned.find(c) != kTurned.npos) text += '\\';
      text += c;
      is_first = c == '^' && was_first;
    }
  }
  return text;
}

}  // namespace

struct TextPattern::Compiled {
  Compiled(const std::string& text, const RE2::Options& options) : expression(text, options) {}
  RE2 expression;
};

Result<TextPattern> TextPattern::compile(std::string_view text, Setting setting) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_case_sensitive(setting.letters == LetterCase::kKept);
  std::string inside = setting.syntax == Syntax::kLiteral
                           ? RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()))
                       : setting.syntax == Syntax::kBasic ? extended(text)
                                                          : std::string(text);
  if (setting.extent == Extent::kWord) inside = "\\b(?:" + inside + ")\\b";
  if (setting.extent == Extent::kLine) inside = "^(?:" + inside + ")$";
  auto compiled = std::make_shared<const Compiled>(inside, options);
  if (!compiled->expression.ok()) {
    return absl::InvalidArgumentError("Invalid regular expression: " +
                                      compiled->expression.error());
  }
  return TextPattern(std::move(compiled));
}

bool TextPattern::is_in(std::string_view line) const {
  return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), compiled_->expression);
}

std::optional<std::pair<std::size_t, std::size_t>> TextPattern::find(std::string_view line,
                                                                     std::size_t from) const {
  re2::StringPiece found;
  if (!compiled_->expression.Match(re2::StringPiece(line.data(), line.size()), from, line.size(),
                                   RE2::UNANCHORED, &found, 1)) {
    return std::nullopt;
  }
  return std::pair(static_cast<std::size_t>(found.data() - line.data()), found.size());
}

}  // namespace skerry::files
