// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <deque>
#include <utility>

#include "skerry/files/glob.h"
#include "skerry/files/lines.h"
#include "skerry/files/text_pattern.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

using files::glob_matches;
using files::LetterCase;
using files::Lines;
using files::TextPattern;

constexpr std::size_t kMostContext = 1000;  // lines

/// One `grep`, from its options on.
class Grep {
 public:
  Grep(CommandRun& run, Options options, TextPattern pattern)
      : run_(run), options_(std::move(options)), pattern_(std::move(pattern)) {}

  Status set_context() {
    SKERRY_ASSIGN(before_, context_of('B'));
    SKERRY_ASSIGN(behind_, context_of('A'));
    return ok_status();
  }

  /// `include` is a pattern of names that -r reads; empty: all.
  Status search(const std::vector<std::string>& operands, const std::string& include) {
    const bool is_recursive = options_.has('r') || options_.has('R');
    has_names_ = (operands.size() > 1 || is_recursive || options_.has('H')) && !options_.has('h');
    for (const std::string& operand : operands) {
      const Status seen = [&]() -> Status {
        SKERRY_ASSIGN(const auto place, run_.place(operand));
        SKERRY_ASSIGN(const Entry entry, place.tree->find(place.below()));
        if (!entry.is_directory()) return search_file(*place.tree, entry, operand);
        if (!is_recursive) return absl::FailedPreconditionError("Is a directory");
        return search_below(place, operand, include);
      }();
      if (options_.has('s') && seen.code() == StatusCode::kNotFound) {
        run_.set_exit_code(2);
        continue;
      }
      SKERRY_TRY(run_.tell(operand, seen));
    }
    // As grep: 1 when there was nothing, 2 when something failed.
    if (run_.exit_code() > 0) {
      run_.set_exit_code(2);
    } else if (!has_found_) {
      run_.set_exit_code(1);
    }
    return ok_status();
  }

 private:
  Result<std::size_t> context_of(char option) {
    const std::string text = options_.value(option, options_.value('C', "0"));
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size() && count <= kMostContext) {
      return count;
    }
    return absl::InvalidArgumentError("invalid context length: " + text);
  }

  Status search_below(const CommandRun::Place& place, const std::string& operand,
                      const std::string& include) {
    const std::size_t skipped = place.path.is_root() ? 0 : place.below().size() + 1;
    const std::string above = operand == "." ? "" : operand + (operand.ends_with('/') ? "" : "/");
    Status failure;
    SKERRY_TRY(place.tree->walk(place.below(), [&](const Entry& entry) {
      if (entry.is_file() && (include.empty() || glob_matches(include, entry.name))) {
        failure = search_file(*place.tree, entry, above + entry.below.substr(skipped));
      }
      return failure.ok() && !run_.is_full() ? Tree::Step::kOn : Tree::Step::kStop;
    }));
    return failure;
  }

  Status search_file(const Tree& tree, const Entry& entry, const std::string& name) {
    SKERRY_TRY(run_.watch().check_now());
    const std::string content = tree.content_of(entry);
    const bool is_binary = content.find('\0') != content.npos;
    held_.clear();
    shown_behind_ = 0;
    std::size_t number = 0;
    std::size_t found = 0;
    last_shown_ = 0;
    Lines lines(content);
    while (const auto line = lines.next()) {
      SKERRY_TRY(run_.watch().check());
      if (run_.is_full()) break;
      ++number;
      if (pattern_.is_in(*line) == options_.has('v')) {
        if (!is_quiet()) show_near(name, number, *line);
        continue;
      }
      ++found;
      has_found_ = true;
      if (options_.has('q') || options_.has('l') || (is_binary && !options_.has('c'))) break;
      if (!options_.has('c')) show_found(name, number, *line);
    }
    if (options_.has('q')) return ok_status();
    if (options_.has('l')) {
      if (found > 0) run_.print(name + "\n");
    } else if (options_.has('c')) {
      run_.print((has_names_ ? name + ":" : "") + std::to_string(found) + "\n");
    } else if (is_binary && found > 0) {
      run_.print("Binary file " + name + " matches\n");
    }
    return ok_status();
  }

  bool is_quiet() const { return options_.has('q') || options_.has('l') || options_.has('c'); }

  void print_line(const std::string& name, std::size_t number, std::string_view line, char sign) {
    if (has_names_) run_.print(name + sign);
    if (options_.has('n')) run_.print(std::to_string(number) + sign);
    run_.print(line);
    run_.print("\n");
    last_shown_ = number;
  }

  void show_found(const std::string& name, std::size_t number, std::string_view line) {
    const std::size_t first = held_.empty() ? number : held_.front().first;
    if (before_ + behind_ > 0 && has_shown_ && (last_shown_ == 0 || first > last_shown_ + 1)) {
      run_.print("--\n");
    }
    for (const auto& [held_number, held] : held_) print_line(name, held_number, held, '-');
    held_.clear();
    if (options_.has('o') && !options_.has('v')) {
      show_pieces(name, number, line);
    } else {
      print_line(name, number, line, ':');
    }
    has_shown_ = true;
    shown_behind_ = behind_;
  }

  /// -o: what was found, and not the line around it.
  void show_pieces(const std::string& name, std::size_t number, std::string_view line) {
    for (std::size_t from = 0; from <= line.size() && !run_.is_full();) {
      const auto piece = pattern_.find(line, from);
      if (!piece) break;
      if (piece->second > 0) {
        print_line(name, number, line.substr(piece->first, piece->second), ':');
      }
      from = piece->first + std::max<std::size_t>(piece->second, 1);
    }
  }

  /// A line that was not found, but may be near one.
  void show_near(const std::string& name, std::size_t number, std::string_view line) {
    if (shown_behind_ > 0) {
      --shown_behind_;
      print_line(name, number, line, '-');
    } else if (before_ > 0) {
      held_.emplace_back(number, line);
      if (held_.size() > before_) held_.pop_front();
    }
  }

  CommandRun& run_;
  Options options_;
  TextPattern pattern_;
  std::size_t before_ = 0;
  std::size_t behind_ = 0;
  bool has_names_ = false;
  bool has_found_ = false;
  bool has_shown_ = false;
  std::size_t last_shown_ = 0;    // in this file
  std::size_t shown_behind_ = 0;  // lines still to be shown behind the last found
  std::deque<std::pair<std::size_t, std::string_view>> held_;  // lines before the next found
};

/// Takes what only the long form of `grep` has from the words: the value of --include.
std::string take_include(Words& words) {
  constexpr std::string_view kInclude = "--include=";
  std::string include;
  std::erase_if(words, [&](const Word& word) {
    if (word.text.starts_with(kInclude)) include = word.text.substr(kInclude.size());
    return word.text.starts_with(kInclude) || word.text.starts_with("--color");
  });
  return include;
}

}  // namespace

Status run_grep(CommandRun& run, const Words& words) {
  Words rest = words;
  const std::string include = take_include(rest);
  auto options = run.options(rest, "EFGPHhiIlnoqRrsvwxc", "eABC");
  if (!options) return ok_status();
  std::string text = options->value('e', "");
  if (!options->has('e')) {
    if (options->operands.empty()) {
      run.complain("", "no pattern was given", 2);
      return ok_status();
    }
    text = options->operands.front().text;
    options->operands.erase(options->operands.begin());
  }
  const auto pattern = TextPattern::compile(
      text, {.syntax = options->has('F')                        ? TextPattern::Syntax::kLiteral
                       : options->has('E') || options->has('P') ? TextPattern::Syntax::kExtended
                                                                : TextPattern::Syntax::kBasic,
             .letters = options->has('i') ? LetterCase::kIgnored : LetterCase::kKept,
             .extent = options->has('x')   ? TextPattern::Extent::kLine
                       : options->has('w') ? TextPattern::Extent::kWord
                                           : TextPattern::Extent::kAnywhere});
  if (!pattern.ok()) {
    run.complain("", message_of(pattern.status()), 2);
    return ok_status();
  }
  SKERRY_ASSIGN(auto operands, run.expand(options->operands));
  const bool is_recursive = options->has('r') || options->has('R');
  if (operands.empty() && is_recursive) operands.emplace_back(".");
  if (operands.empty()) {
    run.complain("", "no file was given", 2);
    return ok_status();
  }
  Grep grep(run, *std::move(options), *pattern);
  SKERRY_TRY(grep.set_context());
  return grep.search(operands, include);
}

}  // namespace skerry::operation
