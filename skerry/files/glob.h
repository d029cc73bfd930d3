// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::files {

enum class LetterCase { kKept, kIgnored };

/// A pattern of names: '*' matches any characters, '?' one, "[a-z]" one of these and "[!a-z]" one
/// of the others; a backslash takes the meaning from what follows. A bracket without its end stands
/// for itself. kIgnored looks away from the case of ASCII letters. Immutable. Thread-safe.
class Glob {
 public:
  /// The longest pattern, in bytes: no path is longer.
  static constexpr std::size_t kMaxLength = 4096;

  /// Untrusted. kInvalidArgument for a pattern of more than `kMaxLength` bytes.
  static Result<Glob> parse(std::string_view pattern, LetterCase letters = LetterCase::kKept);

  /// Takes at most as many steps as `cost` says for a name of this length.
  bool matches(std::string_view name) const;

  /// The most steps that a match of `length` bytes takes: in proportion to the length, whatever the
  /// pattern. For `Deadline::check`.
  std::size_t cost(std::size_t length) const { return (length + 1) * (steps_ + 1); }

 private:
  /// What matches one character, or any number of them.
  struct Token {
    enum class Kind { kCharacter, kAny, kStar, kSet };
    Kind kind = Kind::kAny;
    std::string character = {};  ///< of kCharacter: UTF-8, or one byte where it is ill-formed
    // Of kSet. Most characters are single bytes, and looked up.
    std::bitset<256> bytes = {};
    std::vector<std::pair<std::string, std::string>> ranges = {};
    bool is_negated = false;
  };

  explicit Glob(LetterCase letters) : letters_(letters) {}
  static Token set_of(std::string_view inside, LetterCase letters);
  bool matches(const Token& token, std::string_view character) const;

  LetterCase letters_;
  std::vector<Token> tokens_;  // no two stars side by side
  std::size_t least_ = 0;      // characters that a name must have
  std::size_t steps_ = 0;      // of comparing one character with every token
};

/// Whether `pattern` has anything that does not stand for itself.
bool is_glob(std::string_view pattern);

}  // namespace skerry::files
