// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/glob.h"

namespace skerry::files {

/// What to look for in lines of text. Immutable. Thread-safe.
///
/// A search takes time in proportion to the line, whatever the pattern, and checks a deadline. The
/// price is paid by lines of 16 KiB and more: they are searched in windows, of 16 KiB to 1 MiB
/// (large for small patterns), and a match that is longer than an eighth of one may be missed.
class TextPattern {
 public:
  enum class Syntax {
    kLiteral,
    kBasic,     ///< as `grep` has it: \( \) \{ \} \| \+ \? mean something with the backslash
    kExtended,  ///< as `grep -E`, and most of Perl's: no look-around, no back references
  };
  enum class Extent { kAnywhere, kWord, kLine };
  struct Options {
    Syntax syntax = Syntax::kLiteral;
    LetterCase letters = LetterCase::kKept;
    Extent extent = Extent::kAnywhere;
  };

  /// Untrusted. kInvalidArgument, saying what is wrong with it, when `text` is no pattern, or one
  /// that would take more than 8 MiB.
  static Result<TextPattern> compile(std::string_view text, Options options);

  /// Whether it matches a piece of `line`. Fails as the deadline does.
  Result<bool> is_in(std::string_view line, Deadline& deadline) const;

  class Matches;

 private:
  struct Compiled;
  explicit TextPattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;  // shared: immutable
};

/// All pieces of one line that a pattern matches, from left to right, but for empty ones. Borrows
/// all it is given. Confined to one thread.
///
/// Where a pattern prefers a long piece, a short one is found only after the whole rest of the line
/// was read: with many pieces, that would take quadratic time. So after some searches to its end
/// the line is searched in windows of 1 KiB, that grow until they show a piece and what follows it.
/// Only a pattern that would have preferred a much longer piece finds others then.
class TextPattern::Matches {
 public:
  Matches(const TextPattern& pattern, std::string_view line, Deadline& deadline)
      : compiled_(*pattern.compiled_), line_(line), deadline_(deadline) {}

  /// The next piece, a part of the line; none when there are no more. Fails as the deadline does.
  Result<std::optional<std::string_view>> next();

 private:
  std::optional<std::string_view> find_within(std::size_t end);

  const Compiled& compiled_;
  std::string_view line_;
  Deadline& deadline_;
  std::size_t from_ = 0;
  std::uint64_t read_ = 0;  // bytes that searches may have read
};

}  // namespace skerry::files
