// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "skerry/base/status.h"
#include "skerry/files/glob.h"

namespace skerry::files {

/// What to look for in lines of text. Finding takes time in proportion to the text, whatever the
/// pattern. Immutable. Thread-safe.
class TextPattern {
 public:
  enum class Syntax {
    kLiteral,
    kBasic,     ///< as `grep` has it: \( \) \{ \} \| \+ \? mean something with the backslash
    kExtended,  ///< as `grep -E`, and most of Perl's: no look-around, no back references
  };
  enum class Extent { kAnywhere, kWord, kLine };
  struct Setting {
    Syntax syntax = Syntax::kLiteral;
    LetterCase letters = LetterCase::kKept;
    Extent extent = Extent::kAnywhere;
  };

  /// kInvalidArgument, saying what is wrong with it, when `text` is no pattern, or one that would
  /// take more than 8 MiB.
  static Result<TextPattern> compile(std::string_view text, Setting setting);

  bool is_in(std::string_view line) const;
  /// Where the first piece of `line` from `from` on begins, and its length.
  std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view line,
                                                          std::size_t from) const;

 private:
  struct Compiled;
  explicit TextPattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;  // shared: immutable
};

}  // namespace skerry::files
