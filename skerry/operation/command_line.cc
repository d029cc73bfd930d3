// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/command_line.h"

#include <array>
#include <utility>

#include "skerry/base/utf8.h"

namespace skerry::operation {
namespace {

constexpr std::size_t kMaxLength = std::size_t{64} << 10;  // bytes
constexpr std::size_t kMaxWords = 1000;

// In quotes, too: clients take these for attempts, and expect them to be refused.
constexpr std::array<std::string_view, 8> kForbidden = {"&&", "||", "|", ";", ">", "<", "$(", "`"};

constexpr std::string_view kSpecial = "*?[]\\!^-";

Status not_allowed(std::string_view what) {
  return absl::PermissionDeniedError("shell metacharacter not allowed: " + std::string(what));
}

Status check_text(std::string_view text) {
  if (text.size() > kMaxLength) {
    return absl::InvalidArgumentError("command of " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(kMaxLength));
  }
  for (const std::string_view forbidden : kForbidden) {
    if (text.find(forbidden) != text.npos) return not_allowed(forbidden);
  }
  if (text.find_first_of("\r\n") != text.npos) return not_allowed("line end");
  if (text.find('\0') != text.npos || !is_utf8(text)) {
    return absl::InvalidArgumentError("a command is UTF-8 without NUL");
  }
  return ok_status();
}

/// Whether a backslash takes the meaning from `next` within such quotes.
bool can_escape(char quote, char next) {
  return quote == '\0' || (quote == '"' && (next == '"' || next == '\\' || next == '$'));
}

/// Puts words together, character by character.
class Words {
 public:
  void add(char c) {
    begin();
    word_.text += c;
    word_.pattern += c;
  }
  void add_quoted(char c) {
    begin();
    word_.text += c;
    if (kSpecial.find(c) != kSpecial.npos) word_.pattern += '\\';
    word_.pattern += c;
  }
  void begin() { has_word_ = true; }
  void end() {
    if (has_word_) words_.push_back(std::exchange(word_, {}));
    has_word_ = false;
  }
  std::vector<Word> take() { return std::move(words_); }
  std::size_t size() const { return words_.size(); }

 private:
  std::vector<Word> words_;
  Word word_;
  bool has_word_ = false;
};

}  // namespace

Result<std::vector<Word>> parse_command_line(std::string_view text) {
  SKERRY_TRY(check_text(text));
  Words words;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      words.end();
      if (words.size() > kMaxWords) break;
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
      words.begin();
    } else if (c == quote && quote != '\0') {
      quote = '\0';
    } else if (quote == '\0' && c == '&') {
      return not_allowed("&");
    } else if (c == '\\' && i + 1 < text.size() && can_escape(quote, text[i + 1])) {
      words.add_quoted(text[++i]);
    } else if (quote == '\0') {
      words.add(c);
    } else {
      words.add_quoted(c);
    }
  }
  if (quote != '\0') return absl::InvalidArgumentError(std::string("no closing ") + quote);
  words.end();
  if (words.size() == 0) return absl::InvalidArgumentError("empty command");
  if (words.size() > kMaxWords) {
    return absl::InvalidArgumentError("more than " + std::to_string(kMaxWords) + " words");
  }
  return words.take();
}

}  // namespace skerry::operation
