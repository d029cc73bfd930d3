// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/glob.h"

#include <algorithm>
#include <optional>

namespace skerry::files {
namespace {

/// Takes one character of UTF-8 from the front; a byte where it is ill-formed.
std::string_view take_character(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    ++length;
  }
  const std::string_view character = text.substr(0, length);
  text.remove_prefix(length);
  return character;
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// In the order of code points, which the bytes of UTF-8 keep.
int compare(std::string_view one, std::string_view other, LetterCase letters) {
  if (letters == LetterCase::kIgnored && one.size() == 1 && other.size() == 1) {
    return folded(one[0]) - folded(other[0]);
  }
  return one.compare(other);
}

/// The inside of the bracket at the front of `pattern`; none when it does not end.
std::optional<std::string_view> bracket_at(std::string_view pattern) {
  // A "]" that comes first is one of the set.
  std::size_t from = 1;
  if (from < pattern.size() && (pattern[from] == '!' || pattern[from] == '^')) ++from;
  const std::size_t end = pattern.find(']', from + 1);
  if (end == pattern.npos) return std::nullopt;
  return pattern.substr(1, end - 1);
}

}  // namespace

Glob::Token Glob::set_of(std::string_view inside, LetterCase letters) {
  Token token{.kind = Token::Kind::kSet};
  token.is_negated = inside.starts_with('!') || inside.starts_with('^');
  if (token.is_negated) inside.remove_prefix(1);
  while (!inside.empty()) {
    const std::string_view first = take_character(inside);
    std::string_view last = first;
    if (inside.size() > 1 && inside.front() == '-') {
      inside.remove_prefix(1);
      last = take_character(inside);
    }
    token.ranges.emplace_back(first, last);
  }
  for (std::size_t byte = 0; byte < token.bytes.size(); ++byte) {
    const char c = static_cast<char>(byte);
    const std::string_view character(&c, 1);
    token.bytes[byte] = std::ranges::any_of(token.ranges, [&](const auto& range) {
      return compare(range.first, character, letters) <= 0 &&
             compare(character, range.second, letters) <= 0;
    });
  }
  return token;
}

Result<Glob> Glob::parse(std::string_view pattern, LetterCase letters) {
  if (pattern.size() > kMaxLength) {
    return absl::InvalidArgumentError("pattern of " + std::to_string(pattern.size()) +
                                      " bytes, at most " + std::to_string(kMaxLength));
  }
  Glob glob(letters);
  bool may_have_brackets = true;  // so that "[[[[" is not searched to its end for each of them
  while (!pattern.empty()) {
    const char c = pattern.front();
    if (c == '*') {
      pattern.remove_prefix(1);
      const bool is_second =
          !glob.tokens_.empty() && glob.tokens_.back().kind == Token::Kind::kStar;
      if (!is_second) glob.tokens_.push_back({.kind = Token::Kind::kStar});
      continue;
    }
    ++glob.least_;
    if (c == '?') {
      pattern.remove_prefix(1);
      glob.tokens_.push_back({.kind = Token::Kind::kAny});
      continue;
    }
    if (c == '[' && may_have_brackets) {
      if (const auto inside = bracket_at(pattern)) {
        pattern.remove_prefix(inside->size() + 2);
        glob.tokens_.push_back(set_of(*inside, letters));
        continue;
      }
      may_have_brackets = false;
    }
    if (c == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    glob.tokens_.push_back(
        {.kind = Token::Kind::kCharacter, .character = std::string(take_character(pattern))});
  }
  for (const Token& token : glob.tokens_) glob.steps_ += 1 + token.ranges.size();
  return glob;
}

bool Glob::matches(const Token& token, std::string_view character) const {
  switch (token.kind) {
    case Token::Kind::kAny:
      return true;
    case Token::Kind::kCharacter:
      return compare(token.character, character, letters_) == 0;
    case Token::Kind::kSet: {
      const bool found = character.size() == 1
                             ? token.bytes[static_cast<unsigned char>(character[0])]
                             : std::ranges::any_of(token.ranges, [&](const auto& range) {
                                 return range.first <= character && character <= range.second;
                               });
      return found != token.is_negated;
    }
    case Token::Kind::kStar:
      break;
  }
  return false;
}

// When what follows a star does not fit, the star takes one character more. Only the last star need
// do so: what an earlier one could take, the last can take, too.
bool Glob::matches(std::string_view name) const {
  // Before anything is compared: no more tokens than the name has bytes ever count.
  if (least_ > name.size()) return false;
  std::size_t at = 0;
  std::optional<std::size_t> behind_star;
  std::string_view name_at_star;
  while (!name.empty()) {
    if (at < tokens_.size() && tokens_[at].kind == Token::Kind::kStar) {
      behind_star = ++at;
      name_at_star = name;
      continue;
    }
    if (at < tokens_.size()) {
      std::string_view rest = name;
      if (matches(tokens_[at], take_character(rest))) {
        name = rest;
        ++at;
        continue;
      }
    }
    if (!behind_star) return false;
    take_character(name_at_star);
    name = name_at_star;
    at = *behind_star;
  }
  return at == tokens_.size() ||
         (at + 1 == tokens_.size() && tokens_[at].kind == Token::Kind::kStar);
}

bool is_glob(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') {
      return true;
    }
  }
  return false;
}

}  // namespace skerry::files
