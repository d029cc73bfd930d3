// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/operation/command.h"

namespace skerry::operation {

using files::Entry;
using files::FilePath;
using files::Tree;
using files::Trees;
using files::Watch;

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

/// What a command's words come to: "-n5 -r a b" has the options n and r and two operands.
struct Options {
  std::map<char, std::string> given;  ///< the last value of each; empty for one that takes none
  std::vector<Word> operands;
  bool has(char option) const { return given.contains(option); }
  std::string value(char option, std::string_view otherwise) const {
    const auto found = given.find(option);
    return found == given.end() ? std::string(otherwise) : found->second;
  }
};

/// One command while it runs. Its functions return a Status for what ends it altogether; what the
/// command itself cannot do goes to `complain`.
class CommandRun {
 public:
  CommandRun(std::string name, Trees& trees, Watch& watch, const Command::Setting& setting)
      : name_(std::move(name)),
        trees_(trees),
        watch_(watch),
        out_(setting.output),
        error_(setting.output) {}

  void print(std::string_view text) { out_.add(text); }
  /// Whether more output would be thrown away.
  bool is_full() const { return out_.is_full(); }
  /// "ls: x: No such file or directory", and the exit code that goes with it.
  void complain(std::string_view about, std::string_view what, int exit_code = 1);
  /// OK when `status` is the command's own affair, which is told; else the same status.
  Status tell(std::string_view about, const Status& status);
  void set_exit_code(int code) { exit_code_ = code; }
  int exit_code() const { return exit_code_; }
  Watch& watch() { return watch_; }

  /// The words behind the name: `flags` are options without a value, `valued` those with one; "-5"
  /// is n=5 where there is an n. None, and told, when there is an option that is neither.
  std::optional<Options> options(const std::vector<Word>& words, std::string_view flags,
                                 std::string_view valued = {});

  /// Where an operand leads to.
  struct Place {
    Tree* tree = nullptr;
    FilePath path;
    const std::string& below() const { return path.below(); }
  };
  Result<Place> place(std::string_view operand);

  /// The operands, with patterns replaced by what they match. One that matches nothing stays as it
  /// is.
  Result<std::vector<std::string>> expand(const std::vector<Word>& words);

  CommandOutput finish();

 private:
  Result<std::vector<std::string>> matches(const std::string& pattern);

  std::string name_;
  Trees& trees_;
  Watch& watch_;
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
