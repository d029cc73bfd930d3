// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/command.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "skerry/files/glob.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

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

// More would not be a command line: of all patterns of a command together.
constexpr std::size_t kMaxMatches = 10'000;
constexpr std::size_t kMaxMatchedBytes = std::size_t{4} << 20;

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

Status CommandRun::print_file(const Tree& tree, const Entry& file, std::uint64_t from,
                              std::uint64_t end) {
  std::string piece(Tree::kPiece, '\0');
  while (from < end && !is_full()) {
    SKERRY_TRY(deadline_.check(Tree::kPiece));
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - from));
    const auto room = std::as_writable_bytes(std::span(piece)).first(wanted);
    const std::size_t size = tree.read_at(file, from, room);
    if (size == 0) break;
    print(std::string_view(piece).substr(0, size));
    from += size;
  }
  return ok_status();
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

Result<CommandRun::ResolvedPath> CommandRun::place(std::string_view operand) {
  SKERRY_ASSIGN(FilePath path, FilePath::parse(operand));
  SKERRY_ASSIGN(Tree * tree, trees_.tree(path.root()));
  return ResolvedPath{.tree = tree, .path = std::move(path)};
}

/// Adds what matches one part of a pattern below `before` to `found`.
Status CommandRun::match_part(const std::string& part, const std::string& before,
                              std::vector<std::string>& found, Matched& matched) {
  const auto directory = place(before.empty() ? "." : before);
  if (!directory.ok()) {
    return is_commands_own(directory.status()) ? ok_status() : directory.status();
  }
  const auto entries = directory->tree->list(directory->below());
  if (!entries.ok()) return ok_status();
  SKERRY_ASSIGN(const Glob glob, Glob::parse(part));
  for (const Entry& entry : *entries) {
    SKERRY_TRY(deadline_.check(glob.cost(entry.name.size())));
    if (entry.is_hidden() && !part.starts_with('.')) continue;
    if (!glob.matches(entry.name)) continue;
    found.push_back(before + entry.name);
    matched.bytes += found.back().size();
    if (++matched.names > kMaxMatches || matched.bytes > kMaxMatchedBytes) {
      return absl::InvalidArgumentError("pattern matches more than " + std::to_string(kMaxMatches) +
                                        " files");
    }
  }
  return ok_status();
}

Result<std::vector<std::string>> CommandRun::matches(const std::string& pattern, Matched& matched) {
  std::vector<std::string> found{""};
  std::string_view separator;
  for (const std::string& part : parts_of(pattern)) {
    std::vector<std::string> next;
    Matched so_far = matched;
    for (const std::string& above : found) {
      SKERRY_TRY(deadline_.check());
      const std::string before = above + std::string(separator);
      if (is_glob(part)) {
        SKERRY_TRY(match_part(part, before, next, so_far));
      } else {
        next.push_back(before + unescaped(part));
      }
    }
    found = std::move(next);
    separator = "/";
  }
  Status failure;
  std::erase_if(found, [&](const std::string& path) {
    failure.Update(deadline_.check());
    const auto each = place(path);
    return !each.ok() || !each->tree->find_itself(each->below()).ok();
  });
  SKERRY_TRY(failure);
  matched.names += found.size();
  for (const std::string& path : found) matched.bytes += path.size();
  return found;
}

Result<std::vector<std::string>> CommandRun::expand(const std::vector<Word>& words) {
  std::vector<std::string> operands;
  Matched matched;
  for (const Word& word : words) {
    if (is_glob(word.pattern)) {
      SKERRY_ASSIGN(auto found, matches(word.pattern, matched));
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
  return Command(text, std::move(words));
}

bool Command::is_change() const {
  return find_command(words_.front().text)->does == Known::Does::kChange;
}

// Without asking the command which of its words are paths: a root too many does no harm.
Roots Command::roots() const {
  Roots roots;
  bool are_options_over = false;
  for (auto word = words_.begin() + 1; word != words_.end(); ++word) {
    // "mem*/a" matches a directory of the workspace, whose name then is that of the other root.
    if (is_glob(word->pattern)) {
      roots.add({.workspace = true, .memory = true});
    } else if (are_options_over || !word->text.starts_with('-') || word->text == "-") {
      const auto path = FilePath::parse(word->text);
      roots.add(Roots::of(path.ok() ? path->root() : FilePath::Root::kWorkspace));
    } else {
      are_options_over = word->text == "--";
    }
  }
  // Where there is no operand, most commands take the workspace.
  return roots.workspace || roots.memory ? roots : Roots{.workspace = true};
}

Result<CommandOutput> Command::run(files::Trees& trees, files::Deadline& deadline,
                                   const Options& options) const {
  CommandRun run(words_.front().text, trees, deadline, options);
  const Words rest(words_.begin() + 1, words_.end());
  Status done = run.tell("", find_command(words_.front().text)->run(run, rest));
  const bool is_timed_out = done.code() == StatusCode::kDeadlineExceeded;
  if (!done.ok() && !is_timed_out) return done;
  CommandOutput output = run.finish();
  output.is_timed_out = is_timed_out;
  if (is_timed_out) output.exit_code = kTimedOutExitCode;
  return output;
}

}  // namespace skerry::operation
