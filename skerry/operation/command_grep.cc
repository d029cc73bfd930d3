// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <deque>
#include <span>
#include <utility>

#include "skerry/files/glob.h"
#include "skerry/files/lines.h"
#include "skerry/files/text_pattern.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

using files::TextPattern;

constexpr std::size_t kMaxContext = 1000;  // lines

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

  /// `include` is a pattern of names that -r reads; none: all.
  Status search(const std::vector<std::string>& operands, const std::optional<Glob>& include) {
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
    if (error == std::errc() && end == text.data() + text.size() && count <= kMaxContext) {
      return count;
    }
    return absl::InvalidArgumentError("invalid context length: " + text);
  }

  Status search_below(const CommandRun::ResolvedPath& place, const std::string& operand,
                      const std::optional<Glob>& include) {
    const std::size_t skipped = place.path.is_root() ? 0 : place.below().size() + 1;
    const std::string above = operand == "." ? "" : operand + (operand.ends_with('/') ? "" : "/");
    const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
      if (include) SKERRY_TRY(run_.deadline().check(include->cost(entry.name.size())));
      if (entry.is_file() && (!include || include->matches(entry.name))) {
        SKERRY_TRY(search_file(*place.tree, entry, above + entry.below.substr(skipped)));
      }
      return run_.is_full() ? Tree::Step::kStop : Tree::Step::kOn;
    };
    return place.tree->walk(place.below(), run_.deadline(), visit);
  }

  Status search_file(const Tree& tree, const Entry& entry, const std::string& name) {
    SKERRY_TRY(run_.deadline().check_now());
    SKERRY_ASSIGN(const bool is_binary, has_nul(tree, entry));
    file_ = {.tree = &tree, .entry = &entry, .name = name};
    held_.clear();
    shown_behind_ = 0;
    std::size_t number = 0;
    std::size_t found = 0;
    last_shown_ = 0;
    files::FileLines lines(tree, entry);
    while (const auto next = lines.next()) {
      const Line line{.number = ++number, .text = next->text, .offset = next->offset};
      if (run_.is_full()) break;
      SKERRY_ASSIGN(const bool is_match, pattern_.is_in(line.text, run_.deadline()));
      if (is_match == options_.has('v')) {
        if (!is_quiet()) show_near(line);
        continue;
      }
      ++found;
      has_found_ = true;
      if (options_.has('q') || options_.has('l') || (is_binary && !options_.has('c'))) break;
      if (!options_.has('c')) SKERRY_TRY(show_found(line));
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

  /// Whether a NUL byte is anywhere in the file.
  Result<bool> has_nul(const Tree& tree, const Entry& entry) {
    std::string piece(Tree::kPiece, '\0');
    for (std::uint64_t offset = 0;;) {
      SKERRY_TRY(run_.deadline().check(Tree::kPiece));
      const std::size_t size =
          tree.read_at(entry, offset, std::as_writable_bytes(std::span(piece)));
      if (size == 0) return false;
      if (std::string_view(piece).substr(0, size).find('\0') != std::string_view::npos) return true;
      offset += size;
    }
  }

  struct Line {
    std::size_t number = 0;
    std::string_view text;
    std::uint64_t offset = 0;
  };
  /// A line before the next found. It is read again to be shown: many long ones need no memory.
  struct HeldLine {
    std::size_t number = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  void print_head(std::size_t number, char sign) {
    if (has_names_) run_.print(file_.name + sign);
    if (options_.has('n')) run_.print(std::to_string(number) + sign);
    last_shown_ = number;
  }

  void print_line(std::size_t number, std::string_view text, char sign) {
    print_head(number, sign);
    run_.print(text);
    run_.print("\n");
  }

  Status show_found(const Line& line) {
    const std::size_t first = held_.empty() ? line.number : held_.front().number;
    if (before_ + behind_ > 0 && has_shown_ && (last_shown_ == 0 || first > last_shown_ + 1)) {
      run_.print("--\n");
    }
    for (const HeldLine& held : held_) {
      print_head(held.number, '-');
      SKERRY_TRY(run_.print_file(*file_.tree, *file_.entry, held.offset, held.offset + held.size));
      run_.print("\n");
    }
    held_.clear();
    if (options_.has('o') && !options_.has('v')) {
      SKERRY_TRY(show_pieces(line));
    } else {
      print_line(line.number, line.text, ':');
    }
    has_shown_ = true;
    shown_behind_ = behind_;
    return ok_status();
  }

  /// -o: what was found, and not the line around it.
  Status show_pieces(const Line& line) {
    TextPattern::Matches matches(pattern_, line.text, run_.deadline());
    while (!run_.is_full()) {
      SKERRY_ASSIGN(const auto piece, matches.next());
      if (!piece) break;
      print_line(line.number, *piece, ':');
    }
    return ok_status();
  }

  /// A line that was not found, but may be near one.
  void show_near(const Line& line) {
    if (shown_behind_ > 0) {
      --shown_behind_;
      print_line(line.number, line.text, '-');
    } else if (before_ > 0) {
      held_.push_back({.number = line.number, .offset = line.offset, .size = line.text.size()});
      if (held_.size() > before_) held_.pop_front();
    }
  }

  struct File {
    const Tree* tree = nullptr;
    const Entry* entry = nullptr;
    std::string name;  // as it is shown
  };

  CommandRun& run_;
  Options options_;
  TextPattern pattern_;
  File file_;  // that it is in
  std::size_t before_ = 0;
  std::size_t behind_ = 0;
  bool has_names_ = false;
  bool has_found_ = false;
  bool has_shown_ = false;
  std::size_t last_shown_ = 0;    // in this file
  std::size_t shown_behind_ = 0;  // lines still to be shown behind the last found
  std::deque<HeldLine> held_;
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
  std::optional<Glob> names;
  if (!include.empty()) {
    SKERRY_ASSIGN(names, Glob::parse(include));
  }
  Grep grep(run, *std::move(options), *pattern);
  SKERRY_TRY(grep.set_context());
  return grep.search(operands, names);
}

}  // namespace skerry::operation
