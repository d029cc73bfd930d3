// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/glob.h"

#include <cstddef>
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

/// In the order of code points, which UTF-8's bytes keep.
int compare(std::string_view one, std::string_view other, LetterCase letters) {
  if (letters == LetterCase::kIgnored && one.size() == 1 && other.size() == 1) {
    return folded(one[0]) - folded(other[0]);
  }
  return one.compare(other);
}

/// Whether `character` is one of a bracket's, whose inside `set` is.
bool is_in(std::string_view set, std::string_view character, LetterCase letters) {
  const bool is_negated = set.starts_with('!') || set.starts_with('^');
  if (is_negated) set.remove_prefix(1);
  bool found = false;
  while (!set.empty() && !found) {
    const std::string_view first = take_character(set);
    std::string_view last = first;
    if (set.size() > 1 && set.front() == '-') {
      set.remove_prefix(1);
      last = take_character(set);
    }
    found = compare(first, character, letters) <= 0 && compare(character, last, letters) <= 0;
  }
  return found != is_negated;
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

/// Takes what stands for one character from the pattern's front; whether it is `character`.
bool take_match(std::string_view& pattern, std::string_view character, LetterCase letters) {
  if (pattern.front() == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '[') {
    if (const auto set = bracket_at(pattern)) {
      pattern.remove_prefix(set->size() + 2);
      return is_in(*set, character, letters);
    }
  }
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return compare(take_character(pattern), character, letters) == 0;
}

}  // namespace

// A star that was passed takes one character more whenever what follows does not fit. Only the last
// one need ever be asked: what an earlier one could take, the last can, too.
bool glob_matches(std::string_view pattern, std::string_view name, LetterCase letters) {
  std::optional<std::string_view> behind_star;
  std::string_view name_at_star;
  while (!name.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      behind_star = pattern;
      name_at_star = name;
      continue;
    }
    if (!pattern.empty()) {
      std::string_view rest = name;
      const std::string_view character = take_character(rest);
      if (take_match(pattern, character, letters)) {
        name = rest;
        continue;
      }
    }
    if (!behind_star) return false;
    take_character(name_at_star);
    name = name_at_star;
    pattern = *behind_star;
  }
  return pattern.find_first_not_of('*') == pattern.npos;
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
