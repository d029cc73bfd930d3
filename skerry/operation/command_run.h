// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/files/glob.h"
#include "skerry/operation/command.h"

namespace skerry::operation {

using files::Deadline;
using files::Entry;
using files::FilePath;
using files::Glob;
using files::LetterCase;
using files::Tree;
using files::Trees;

/// Text that is kept up to a limit, and marked where it was cut. Confined to one thread.
class LimitedText {
 public:
  explicit LimitedText(ByteSize most) : most_(most.value) {}
  void add(std::string_view text);
  bool is_full() const { return was_cut_; }
  std::string take() { return std::move(text_); }

 private:
  std::size_t most_;
  std::string text_;
  bool was_cut_ = false;
};

/// A command's words, taken apart: "-n5 -r a b" has the options n and r and two operands.
struct Options {
  std::map<char, std::string> given;  ///< the last value of each; empty for one that takes none
  std::vector<Word> operands;
  bool has(char option) const { return given.contains(option); }
  std::string value(char option, std::string_view fallback) const {
    const auto found = given.find(option);
    return found == given.end() ? std::string(fallback) : found->second;
  }
};

/// One command while it runs. Its functions return a Status for what ends it altogether; what the
/// command itself cannot do goes to `complain`.
class CommandRun {
 public:
  CommandRun(std::string name, Trees& trees, Deadline& deadline, const Command::Options& options)
      : name_(std::move(name)),
        trees_(trees),
        deadline_(deadline),
        out_(options.output),
        error_(options.output) {}

  void print(std::string_view text) { out_.add(text); }
  /// Whether more output would be thrown away.
  bool is_full() const { return out_.is_full(); }
  /// Prints a file's bytes from `from` to `end`, as far as there is room.
  Status print_file(const Tree& tree, const Entry& file, std::uint64_t from, std::uint64_t end);
  /// "ls: x: No such file or directory", and the exit code that goes with it.
  void complain(std::string_view about, std::string_view what, int exit_code = 1);
  /// OK when `status` is the command's own affair, which is told; else the same status.
  Status tell(std::string_view about, const Status& status);
  void set_exit_code(int code) { exit_code_ = code; }
  int exit_code() const { return exit_code_; }
  Deadline& deadline() { return deadline_; }

  /// The words behind the name: `flags` are options without a value, `valued` those with one; "-5"
  /// is n=5 where there is an n. None, and told, when there is an option that is neither.
  std::optional<Options> options(const std::vector<Word>& words, std::string_view flags,
                                 std::string_view valued = {});

  /// Where an operand leads to.
  struct ResolvedPath {
    Tree* tree = nullptr;
    FilePath path;
    const std::string& below() const { return path.below(); }
  };
  Result<ResolvedPath> place(std::string_view operand);

  /// The operands, with patterns replaced by what they match. One that matches nothing stays as it
  /// is. kInvalidArgument when patterns match too much.
  Result<std::vector<std::string>> expand(const std::vector<Word>& words);

  CommandOutput finish();

 private:
  /// What the patterns of a command match together, which has limits.
  struct Matched {
    std::size_t names = 0;
    std::size_t bytes = 0;
  };
  Status match_part(const std::string& part, const std::string& before,
                    std::vector<std::string>& found, Matched& matched);
  Result<std::vector<std::string>> matches(const std::string& pattern, Matched& matched);

  std::string name_;
  Trees& trees_;
  Deadline& deadline_;
  LimitedText out_;
  LimitedText error_;
  int exit_code_ = 0;
};

using Words = std::vector<Word>;

// The commands; `words` are those behind the name.
Status run_ls(CommandRun& run, const Words& words);
Status run_cat(CommandRun& run, const Words& words);
Status run_head(CommandRun& run, const Words& words);
Status run_tail(CommandRun& run, const Words& words);
Status run_wc(CommandRun& run, const Words& words);
Status run_grep(CommandRun& run, const Words& words);
Status run_find(CommandRun& run, const Words& words);
Status run_pwd(CommandRun& run, const Words& words);
Status run_echo(CommandRun& run, const Words& words);
Status run_mkdir(CommandRun& run, const Words& words);
Status run_rm(CommandRun& run, const Words& words);
Status run_cp(CommandRun& run, const Words& words);
Status run_mv(CommandRun& run, const Words& words);
Status run_touch(CommandRun& run, const Words& words);

}  // namespace skerry::operation
