// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "skerry/files/glob.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

using files::glob_matches;
using files::is_glob;

struct Known {
  enum class Does { kLook, kChange };
  std::string_view name;
  Status (*run)(CommandRun& run, const Words& words);
  Does does = Does::kLook;
};

constexpr std::array<Known, 14> kKnown = {{
    {"ls", run_ls},
    {"cat", run_cat},
    {"head", run_head},
    {"tail", run_tail},
    {"wc", run_wc},
    {"grep", run_grep},
    {"find", run_find},
    {"pwd", run_pwd},
    {"echo", run_echo},
    {"mkdir", run_mkdir, Known::Does::kChange},
    {"rm", run_rm, Known::Does::kChange},
    {"cp", run_cp, Known::Does::kChange},
    {"mv", run_mv, Known::Does::kChange},
    {"touch", run_touch, Known::Does::kChange},
}};

const Known* find_command(std::string_view name) {
  const auto* found = std::find_if(kKnown.begin(), kKnown.end(),
                                   [&](const Known& each) { return each.name == name; });
  return found == kKnown.end() ? nullptr : found;
}

// More would be no command line.
constexpr std::size_t kMostMatches = 10'000;

/// The patterns of a path's parts. A slash in a bracket ends it, too, as in a shell.
std::vector<std::string> parts_of(const std::string& pattern) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '/') {
      parts.emplace_back();
    } else {
      parts.back() += pattern[i];
      if (pattern[i] == '\\' && i + 1 < pattern.size()) parts.back() += pattern[++i];
    }
  }
  return parts;
}

std::string unescaped(const std::string& pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    text += pattern[i];
  }
  return text;
}

/// Whether a failure is about the path that was given, and so the command's own.
bool is_commands_own(const Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kAlreadyExists:
    case StatusCode::kPermissionDenied:
    case StatusCode::kInvalidArgument:
      return true;
    default:
      return false;
  }
}

}  // namespace

void LimitedText::add(std::string_view text) {
  if (was_cut_) return;
  if (text.size() <= most_ - text_.size()) {
    text_ += text;
    return;
  }
  text_ += clip(text, most_ - text_.size());
  text_ += "\n[output truncated at " + std::to_string(most_) + " bytes]\n";
  was_cut_ = true;
}

void CommandRun::complain(std::string_view about, std::string_view what, int exit_code) {
  error_.add(name_ + ": " + std::string(about) + (about.empty() ? "" : ": ") + std::string(what) +
             "\n");
  exit_code_ = std::max(exit_code_, exit_code);
}

Status CommandRun::tell(std::string_view about, const Status& status) {
  if (status.ok() || !is_commands_own(status)) return status;
  complain(about, message_of(status));
  return ok_status();
}

std::optional<Options> CommandRun::options(const std::vector<Word>& words, std::string_view flags,
                                           std::string_view valued) {
  Options options;
  bool are_over = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    if (are_over || word.size() < 2 || word[0] != '-') {
      options.operands.push_back(words[i]);
      continue;
    }
    if (word == "--") {
      are_over = true;
      continue;
    }
    if (word[1] >= '0' && word[1] <= '9' && valued.find('n') != valued.npos) {
      options.given['n'] = word.substr(1);
      continue;
    }
    for (std::size_t at = 1; at < word.size(); ++at) {
      const char option = word[at];
      if (flags.find(option) != flags.npos) {
        options.given[option];
      } else if (valued.find(option) == valued.npos) {
        complain("", "invalid option " + word, 2);
        return std::nullopt;
      } else {
        const bool is_apart = at + 1 == word.size();
        if (is_apart && i + 1 == words.size()) {
          complain("", "option " + word + " wants a value", 2);
          return std::nullopt;
        }
        options.given[option] = is_apart ? words[++i].text : word.substr(at + 1);
        break;
      }
    }
  }
  return options;
}

Result<CommandRun::Place> CommandRun::place(std::string_view operand) {
  SKERRY_ASSIGN(FilePath path, FilePath::parse(operand));
  SKERRY_ASSIGN(Tree * tree, trees_.tree(path.root()));
  return Place{.tree = tree, .path = std::move(path)};
}

Result<std::vector<std::string>> CommandRun::matches(const std::string& pattern) {
  std::vector<std::string> found{""};
  std::string_view separator;
  for (const std::string& part : parts_of(pattern)) {
    std::vector<std::string> next;
    for (const std::string& above : found) {
      SKERRY_TRY(watch_.check());
      const std::string before = above + std::string(separator);
      if (!is_glob(part)) {
        next.push_back(before + unescaped(part));
        continue;
      }
      const auto directory = place(before.empty() ? "." : before);
      if (!directory.ok()) {
        if (is_commands_own(directory.status())) continue;
        return directory.status();
      }
      const auto entries = directory->tree->list(directory->below());
      if (!entries.ok()) continue;
      for (const Entry& entry : *entries) {
        if (entry.is_hidden() && !part.starts_with('.')) continue;
        if (glob_matches(part, entry.name)) next.push_back(before + entry.name);
        if (next.size() > kMostMatches) {
          return absl::InvalidArgumentError("pattern matches more than " +
                                            std::to_string(kMostMatches) + " files");
        }
      }
    }
    found = std::move(next);
    separator = "/";
  }
  std::erase_if(found, [&](const std::string& path) {
    const auto each = place(path);
    return !each.ok() || !each->tree->find_itself(each->below()).ok();
  });
  return found;
}

Result<std::vector<std::string>> CommandRun::expand(const std::vector<Word>& words) {
  std::vector<std::string> operands;
  for (const Word& word : words) {
    if (is_glob(word.pattern)) {
      SKERRY_ASSIGN(auto found, matches(word.pattern));
      if (!found.empty()) {
        std::move(found.begin(), found.end(), std::back_inserter(operands));
        continue;
      }
    }
    operands.push_back(word.text);
  }
  return operands;
}

CommandOutput CommandRun::finish() {
  return {.standard_output = out_.take(), .standard_error = error_.take(), .exit_code = exit_code_};
}

Result<Command> Command::parse(std::string_view text) {
  SKERRY_ASSIGN(auto words, parse_command_line(text));
  if (find_command(words.front().text) == nullptr) {
    std::string known;
    for (const Known& each : kKnown) known += " " + std::string(each.name);
    return absl::PermissionDeniedError("\"" + std::string(clip(words.front().text, 100)) +
                                       "\" is not allowed; there are" + known);
  }
  return Command(std::move(words));
}

bool Command::is_change() const {
  return find_command(words_.front().text)->does == Known::Does::kChange;
}

Result<CommandOutput> Command::run(Trees& trees, Watch& watch, const Setting& setting) const {
  CommandRun run(words_.front().text, trees, watch, setting);
  const Words rest(words_.begin() + 1, words_.end());
  SKERRY_TRY(run.tell("", find_command(words_.front().text)->run(run, rest)));
  return run.finish();
}

}  // namespace skerry::operation
