// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_pattern.h"

#include <algorithm>
#include <string>
#include <utility>

#include <re2/re2.h>

namespace skerry::files {
namespace {

constexpr std::int64_t kMaxMemory = std::int64_t{8} << 20;  // bytes, RE2's own default

// RE2 takes one step a byte, or where its automaton grows too large, one for each of the program's
// instructions. A call cannot be interrupted, so that many steps, about half a second, are the most
// that one may take.
constexpr std::size_t kStepsOfCall = std::size_t{1} << 27;
constexpr std::size_t kSmallestWindow = std::size_t{16} << 10;
constexpr std::size_t kMaxWindow = std::size_t{1} << 20;

/// From one window to the next: they overlap, for matches that lie across an end.
std::size_t step_of(std::size_t window) { return window - window / 8; }

// How often a line may be read to its end in search of pieces, and the windows after that.
constexpr std::uint64_t kReadsOfLine = 64;
constexpr std::size_t kPieceWindow = std::size_t{1} << 10;

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

re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct TextPattern::Compiled {
  Compiled(const std::string& text, const RE2::Options& options) : expression(text, options) {
    const int size = expression.ok() ? std::max(expression.ProgramSize(), 1) : 1;
    window = std::clamp(kStepsOfCall / static_cast<std::size_t>(size), kSmallestWindow, kMaxWindow);
  }
  RE2 expression;
  std::size_t window;  // bytes that one call may look at
};

Result<TextPattern> TextPattern::compile(std::string_view text, Options options) {
  RE2::Options settings;
  settings.set_log_errors(false);
  settings.set_max_mem(kMaxMemory);
  settings.set_case_sensitive(options.letters == LetterCase::kKept);
  std::string inside = options.syntax == Syntax::kLiteral ? RE2::QuoteMeta(piece_of(text))
                       : options.syntax == Syntax::kBasic ? extended(text)
                                                          : std::string(text);
  if (options.extent == Extent::kWord) inside = "\\b(?:" + inside + ")\\b";
  if (options.extent == Extent::kLine) inside = "^(?:" + inside + ")$";
  auto compiled = std::make_shared<const Compiled>(inside, settings);
  if (!compiled->expression.ok()) {
    return absl::InvalidArgumentError("Invalid regular expression: " +
                                      compiled->expression.error());
  }
  return TextPattern(std::move(compiled));
}

Result<bool> TextPattern::is_in(std::string_view line, Deadline& deadline) const {
  const std::size_t window = compiled_->window;
  for (std::size_t from = 0;; from += step_of(window)) {
    const std::size_t end = std::min(from + window, line.size());
    SKERRY_TRY(deadline.check(end - from + 1));
    // What lies around the window counts for ^, $ and \b.
    if (compiled_->expression.Match(piece_of(line), from, end, RE2::UNANCHORED, nullptr, 0)) {
      return true;
    }
    if (end == line.size()) return false;
  }
}

std::optional<std::string_view> TextPattern::Matches::find_within(std::size_t end) {
  re2::StringPiece found;
  if (!compiled_.expression.Match(piece_of(line_), from_, end, RE2::UNANCHORED, &found, 1)) {
    return std::nullopt;
  }
  return std::string_view(found.data(), found.size());
}

Result<std::optional<std::string_view>> TextPattern::Matches::next() {
  while (from_ <= line_.size()) {
    const bool may_read_on = read_ <= kReadsOfLine * line_.size();
    std::size_t window = may_read_on ? compiled_.window : kPieceWindow;
    std::size_t end = 0;
    std::optional<std::string_view> piece;
    // A window grows until it shows a piece, and more behind it. Then what was read is at most a
    // few times what the piece and all before it take.
    for (;; window *= 2) {
      end = std::min(from_ + window, line_.size());
      SKERRY_TRY(deadline_.check(end - from_ + 1));
      read_ += end - from_ + 1;
      piece = find_within(end);
      const bool is_whole = piece && piece->data() + piece->size() < line_.data() + end;
      if (is_whole || end == line_.size() || window >= compiled_.window) break;
    }
    if (!piece) {
      if (end == line_.size()) break;
      from_ += step_of(window);
      continue;
    }
    const auto begin = static_cast<std::size_t>(piece->data() - line_.data());
    from_ = begin + std::max<std::size_t>(piece->size(), 1);
    if (!piece->empty()) return piece;
  }
  from_ = line_.size() + 1;
  return std::optional<std::string_view>();
}

}  // namespace skerry::files
