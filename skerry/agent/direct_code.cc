// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/direct_code.h"

#include <algorithm>
#include <cctype>

namespace skerry::agent {
namespace {

constexpr std::string_view kFence = "```";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// Whether `text` begins with `word`, in any case of letters; takes it away then.
bool take(std::string_view& text, std::string_view word) {
  const bool begins = text.size() >= word.size() &&
                      std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
                        return a == std::tolower(static_cast<unsigned char>(b));
                      });
  if (begins) text.remove_prefix(word.size());
  return begins;
}

/// What is in a fence that is all of `text`; none when it is no such fence. `must_name` Python.
std::optional<std::string_view> fenced(std::string_view text, bool must_name) {
  text = trimmed(text);
  if (text.size() < 2 * kFence.size() || !text.starts_with(kFence) || !text.ends_with(kFence)) {
    return std::nullopt;
  }
  text.remove_prefix(kFence.size());
  text.remove_suffix(kFence.size());
  const auto line_end = text.find('\n');
  if (line_end == text.npos) return std::nullopt;
  std::string_view language = trimmed(text.substr(0, line_end));
  const bool is_python =
      (take(language, "python3") || take(language, "python") || take(language, "py")) &&
      language.empty();
  const bool is_unnamed = trimmed(text.substr(0, line_end)).empty();
  if (!is_python && (must_name || !is_unnamed)) return std::nullopt;
  text.remove_prefix(line_end + 1);
  // Two blocks are no program.
  if (text.find("\n```") != text.npos) return std::nullopt;
  return text;
}

}  // namespace

std::optional<std::string_view> code_in(std::string_view query) {
  if (auto code = fenced(query, true)) return code;
  std::string_view rest = trimmed(query);
  if (!take(rest, "execute python")) return std::nullopt;
  if (!rest.starts_with(':')) {
    std::string_view words = rest;
    // "Execute Python code …:" says something about the code in its first line.
    if (!take(words, " code")) return std::nullopt;
    const auto colon = words.find(':');
    if (colon == words.npos || words.find('\n') < colon) return std::nullopt;
    rest = words.substr(colon);
  }
  rest.remove_prefix(1);
  if (auto code = fenced(rest, false)) return code;
  // A program's own indentation counts from its first line on.
  if (const auto line = rest.find_first_not_of(" \t\r"); line != rest.npos && rest[line] == '\n') {
    rest.remove_prefix(line + 1);
  } else {
    rest = trimmed(rest);
  }
  if (trimmed(rest).empty()) return std::nullopt;
  return rest;
}

}  // namespace skerry::agent
