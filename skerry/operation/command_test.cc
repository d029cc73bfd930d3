// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/command.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"

namespace skerry::operation {
namespace {

using files::Deadline;
using files::TestTrees;

class CommandTest : public ::testing::Test {
 protected:
  Result<CommandOutput> run(std::string_view text, const Command::Options& options = {}) {
    SKERRY_ASSIGN(const Command command, Command::parse(text));
    Deadline deadline(Deadline::Clock::now() + std::chrono::seconds(10));
    return command.run(trees, deadline, options);
  }
  /// Standard output of a command that does well.
  std::string out(std::string_view text) {
    const auto output = run(text);
    if (!output.ok()) return std::string(message_of(output.status()));
    EXPECT_EQ(output->exit_code, 0) << output->standard_error;
    EXPECT_EQ(output->standard_error, "");
    return output->standard_output;
  }
  /// Exit code and standard error of one that does not.
  std::string fault(std::string_view text) {
    const auto output = run(text);
    if (!output.ok()) return std::string(message_of(output.status()));
    return std::to_string(output->exit_code) + " " + output->standard_error;
  }

  TestTrees trees{TestTrees::Memory::kThere};
};

TEST_F(CommandTest, OtherCommandsAreNotAllowed) {
  for (const char* text : {"curl x", "wget x", "bash", "python -c 1", "nc -l", "/bin/ls", "LS"}) {
    const auto command = Command::parse(text);
    EXPECT_EQ(command.status().code(), StatusCode::kPermissionDenied) << text;
    EXPECT_NE(message_of(command.status()).find("not allowed"), std::string_view::npos);
  }
}

TEST_F(CommandTest, SomeChangeFiles) {
  for (const char* text : {"ls", "cat a", "grep a b", "find", "pwd", "echo", "wc a", "head a"}) {
    EXPECT_FALSE(Command::parse(text)->is_change()) << text;
  }
  for (const char* text : {"mkdir a", "rm a", "cp a b", "mv a b", "touch a"}) {
    EXPECT_TRUE(Command::parse(text)->is_change()) << text;
  }
}

TEST_F(CommandTest, LsShowsNamesAndMore) {
  trees.add("b.txt", "12345");
  trees.add(".hidden", "1");
  trees.add("d/c", "1");
  trees.add_link("l", "d/c");
  EXPECT_EQ(out("ls"), "b.txt\nd\nl\n");
  EXPECT_EQ(out("ls -1A"), ".hidden\nb.txt\nd\nl\n");
  EXPECT_EQ(out("ls -a d"), ".\n..\nc\n");
  EXPECT_EQ(out("ls b.txt d"), "b.txt\n\nd:\nc\n");
  EXPECT_EQ(out("ls -d d"), "d\n");
  EXPECT_EQ(out("ls -R d"), "d:\nc\n");
  EXPECT_EQ(out("ls -l b.txt"), "-rw-r--r--          5 1970-01-01 00:00 b.txt\n");
  EXPECT_EQ(out("ls -l l"), "lrwxrwxrwx          3 1970-01-01 00:00 l -> d/c\n");
  EXPECT_EQ(fault("ls none"), "1 ls: none: No such file or directory\n");
  EXPECT_EQ(fault("ls -Z"), "2 ls: invalid option -Z\n");
}

TEST_F(CommandTest, CatHeadTailShowText) {
  trees.add("a", "1\n2\n3\n4\n");
  trees.add("b", "x");
  EXPECT_EQ(out("cat a b"), "1\n2\n3\n4\nx");
  EXPECT_EQ(out("cat -n b"), "     1\tx\n");
  EXPECT_EQ(out("head -n 2 a"), "1\n2\n");
  EXPECT_EQ(out("head -n2 a"), out("head -2 a"));
  EXPECT_EQ(out("head -n -1 a"), "1\n2\n3\n");
  EXPECT_EQ(out("head -c 3 a"), "1\n2");
  EXPECT_EQ(out("tail -n 2 a"), "3\n4\n");
  EXPECT_EQ(out("tail -n +3 a"), "3\n4\n");
  EXPECT_EQ(out("tail -c 2 a"), "4\n");
  EXPECT_EQ(out("tail -n 0 a"), "");
  EXPECT_EQ(out("tail b"), "x");
  EXPECT_EQ(out("head -n 1 a b"), "==> a <==\n1\n\n==> b <==\nx");
  EXPECT_EQ(fault("head -n x a"), "1 head: x: invalid number\n");
  EXPECT_EQ(fault("cat tmp"), "1 cat: tmp: Is a directory\n");
  EXPECT_EQ(fault("cat"), "1 cat: no file was given\n");
}

TEST_F(CommandTest, WcCounts) {
  trees.add("a", "one two\nthree\n");
  trees.add("b", "\xC3\xA4");
  EXPECT_EQ(out("wc a"), " 2  3 14 a\n");
  EXPECT_EQ(out("wc -l a"), "2 a\n");
  EXPECT_EQ(out("wc -w -c a"), " 3 14 a\n");
  EXPECT_EQ(out("wc -m b"), "1 b\n");
  EXPECT_EQ(out("wc -l a b"), " 2 a\n 0 b\n 2 total\n");
}

TEST_F(CommandTest, GrepFindsLines) {
  trees.add("a", "Alpha\nbeta\ngamma\nalphabet\n");
  trees.add("d/b", "beta\n");
  EXPECT_EQ(out("grep beta a"), "beta\n");
  EXPECT_EQ(out("grep -in alpha a"), "1:Alpha\n4:alphabet\n");
  EXPECT_EQ(out("grep -v l a"), "beta\ngamma\n");
  EXPECT_EQ(out("grep -c a a"), "4\n");
  EXPECT_EQ(out("grep -r beta"), "a:beta\nd/b:beta\n");
  EXPECT_EQ(out("grep -rl beta ."), "a\nd/b\n");
  EXPECT_EQ(out("grep -h beta a d/b"), "beta\nbeta\n");
  EXPECT_EQ(out("grep -E '^(be|ga)' a"), "shell metacharacter not allowed: |");
  EXPECT_EQ(out("grep -E '^(be)+t' a"), "beta\n");
  EXPECT_EQ(out("grep -o 'a[lp]*' a"), "a\na\na\na\nalp\na\n");
  EXPECT_EQ(out("grep -w alpha -i a"), "Alpha\n");
  EXPECT_EQ(out("grep -x -e beta a"), "beta\n");
  EXPECT_EQ(out("grep -A1 -B 1 -n gamma a"), "2-beta\n3:gamma\n4-alphabet\n");
  EXPECT_EQ(fault("grep -F 'a.*' a d/b -c -s"), "1 ");
}

TEST_F(CommandTest, GrepTellsByItsExitCode) {
  trees.add("a", "x\n");
  EXPECT_EQ(fault("grep none a"), "1 ");
  EXPECT_EQ(fault("grep x none"), "2 grep: none: No such file or directory\n");
  EXPECT_EQ(fault("grep x tmp"), "2 grep: tmp: Is a directory\n");
  EXPECT_EQ(fault("grep -E '(' a").substr(0, 34), "2 grep: Invalid regular expression");
  EXPECT_EQ(fault("grep"), "2 grep: no pattern was given\n");
  EXPECT_EQ(fault("grep x"), "2 grep: no file was given\n");
  trees.add("binary", std::string("a\0x\n", 4));
  EXPECT_EQ(out("grep x binary"), "Binary file binary matches\n");
}

TEST_F(CommandTest, FindWalks) {
  trees.add("d/a.py", "1");
  trees.add("d/e/B.PY", "");
  EXPECT_EQ(out("find"), ".\n./d\n./d/a.py\n./d/e\n./d/e/B.PY\n");
  EXPECT_EQ(out("find d -name *.py"), "d/a.py\n");
  EXPECT_EQ(out("find . -iname '*.py' -type f"), "./d/a.py\n./d/e/B.PY\n");
  EXPECT_EQ(out("find d -type d -maxdepth 1"), "d\nd/e\n");
  EXPECT_EQ(out("find d -mindepth 2"), "d/e/B.PY\n");
  EXPECT_EQ(out("find d -empty"), "d/e/B.PY\n");
  EXPECT_EQ(fault("find . -delete"), "1 find: -delete: not allowed, or its value is missing\n");
  EXPECT_EQ(fault("find . -exec rm"), "1 find: -exec rm: not allowed\n");
  EXPECT_EQ(fault("find none"), "1 find: none: No such file or directory\n");
}

TEST_F(CommandTest, EchoAndPwd) {
  EXPECT_EQ(out("echo a  b"), "a b\n");
  EXPECT_EQ(out("echo -n 'a  b'"), "a  b");
  EXPECT_EQ(out("echo"), "\n");
  EXPECT_EQ(out("pwd"), "/workspace\n");
}

TEST_F(CommandTest, PatternsAreReplacedByNames) {
  trees.add("a.txt", "1");
  trees.add("b.txt", "2");
  trees.add("d/c.txt", "3");
  trees.add(".h.txt", "4");
  EXPECT_EQ(out("echo *.txt"), "a.txt b.txt\n");
  EXPECT_EQ(out("echo */*.txt workspace/a.*"), "d/c.txt workspace/a.txt\n");
  EXPECT_EQ(out("echo /workspace/[ab].txt"), "/workspace/a.txt /workspace/b.txt\n");
  EXPECT_EQ(out("echo *.none '*.txt'"), "*.none *.txt\n");
  EXPECT_EQ(out("cat *.txt"), "12");
  EXPECT_EQ(out("echo .h*"), ".h.txt\n");
  EXPECT_EQ(fault("rm *"), "1 rm: d: Is a directory\n");
  EXPECT_FALSE(trees.has("a.txt"));
}

TEST_F(CommandTest, MkdirAndTouchMake) {
  EXPECT_EQ(out("mkdir -p a/b/c d"), "");
  EXPECT_EQ(out("touch a/b/new"), "");
  EXPECT_EQ(out("ls a/b"), "c\nnew\n");
  EXPECT_EQ(fault("mkdir a"), "1 mkdir: a: File exists\n");
  EXPECT_EQ(fault("mkdir x/y"), "1 mkdir: x/y: No such file or directory\n");
  EXPECT_EQ(out("touch -c none"), "");
  EXPECT_FALSE(trees.has("none"));
}

TEST_F(CommandTest, RmRemoves) {
  trees.add("a", "1");
  trees.add("d/b", "1");
  EXPECT_EQ(fault("rm d"), "1 rm: d: Is a directory\n");
  EXPECT_EQ(fault("rm none a"), "1 rm: none: No such file or directory\n");
  EXPECT_FALSE(trees.has("a"));
  EXPECT_EQ(out("rm -f none"), "");
  EXPECT_EQ(out("rm -rf d"), "");
  EXPECT_FALSE(trees.has("d"));
  EXPECT_EQ(fault("rm -rf ."), "1 rm: .: the root itself stays\n");
}

TEST_F(CommandTest, CpCopies) {
  trees.add("a", "1");
  trees.add("d/e/f", "2");
  trees.add_link("d/l", "e/f");
  EXPECT_EQ(out("cp a b"), "");
  EXPECT_EQ(out("cp a b d"), "");
  EXPECT_EQ(trees.content("d/b"), "1");
  EXPECT_EQ(out("cp -r d g"), "");
  EXPECT_EQ(trees.content("g/e/f"), "2");
  EXPECT_TRUE(trees.workspace.find_itself("g/l")->is_link());
  EXPECT_EQ(out("cp -r d g"), "");
  EXPECT_EQ(trees.content("g/d/e/f"), "2");
  EXPECT_EQ(fault("cp d h"), "1 cp: d: -r not specified; omitting directory\n");
  EXPECT_EQ(fault("cp -r d d/x"), "1 cp: d: cannot copy a directory into itself\n");
  EXPECT_EQ(fault("cp a a"), "1 cp: a: source and target are the same file\n");
  EXPECT_EQ(fault("cp a b none"), "1 cp: none: Not a directory\n");
  EXPECT_EQ(fault("cp a"), "1 cp: missing destination\n");
}

TEST_F(CommandTest, MvMoves) {
  trees.add("a", "1");
  trees.add("d/b", "2");
  EXPECT_EQ(out("mv a c"), "");
  EXPECT_EQ(out("mv c d"), "");
  EXPECT_EQ(trees.content("d/c"), "1");
  EXPECT_EQ(out("mv d e"), "");
  EXPECT_EQ(trees.content("e/b"), "2");
  EXPECT_EQ(fault("mv e e/x").substr(0, 8), "1 mv: e:");
  EXPECT_EQ(fault("mv . x"), "1 mv: .: the root itself stays\n");
  EXPECT_TRUE(trees.has("e/b"));
}

TEST_F(CommandTest, MemoryIsAnotherTree) {
  trees.add("a", "1");
  EXPECT_EQ(out("cp a memory/a"), "");
  EXPECT_EQ(out("cat memory/a"), "1");
  EXPECT_EQ(out("ls memory"), "a\n");
  EXPECT_EQ(fault("mv a memory/b").substr(0, 24), "1 mv: a: cannot move bet");
}

TEST_F(CommandTest, PathsOutOfTheRootAreRefused) {
  for (const char* text : {"cat /etc/passwd", "ls ..", "cat a/../../b", "rm -rf /", "find /",
                           "cp /etc/passwd a", "touch ../x"}) {
    const auto output = run(text);
    ASSERT_TRUE(output.ok()) << text;
    EXPECT_NE(output->exit_code, 0) << text;
  }
  EXPECT_EQ(out("echo /*"), "/*\n");
}

TEST_F(CommandTest, OutputIsCutAndMarked) {
  trees.add("a", std::string(1000, 'x'));
  const auto output = run("cat a a", {.output = bytes(100)});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->standard_output.substr(0, 101), std::string(100, 'x') + "\n");
  EXPECT_NE(output->standard_output.find("truncated at 100 bytes"), std::string::npos);
}

TEST_F(CommandTest, TimeThatIsOverEndsIt) {
  trees.add("a", "x\n");
  trees.add("d/b", "x\n");
  for (const char* text : {"ls", "cat a", "cat -n a", "head a", "tail a", "wc a", "grep x a",
                           "grep -o x a", "grep -r x", "find", "echo *", "mkdir new", "rm a",
                           "rm -r d", "cp a b", "cp -r d e", "mv a b", "touch new"}) {
    Deadline deadline(Deadline::Clock::now());
    const auto output = Command::parse(text)->run(trees, deadline, {});
    ASSERT_TRUE(output.ok()) << text << ": " << output.status();
    EXPECT_TRUE(output->is_timed_out) << text;
    EXPECT_EQ(output->exit_code, 124) << text;
  }
}

TEST_F(CommandTest, WhatWasWrittenBeforeTheTimeWasOverIsKept) {
  trees.add("a", "written\n");
  trees.add("b", std::string(std::size_t{64} << 20, 'x'));
  Deadline deadline(Deadline::Clock::now() + std::chrono::milliseconds(50));
  const auto output = Command::parse("grep -E 'written(x+x+)*' a b b b b b b b b b")  //
                          ->run(trees, deadline, {});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_TRUE(output->is_timed_out);
  EXPECT_EQ(output->standard_output, "a:written\n");
}

TEST_F(CommandTest, TheRootsThatACommandMayTouchAreKnownBeforeItRuns) {
  const auto roots = [](const char* text) {
    const Roots found = Command::parse(text)->roots();
    return std::string(found.workspace ? "w" : "") + (found.memory ? "m" : "");
  };
  for (const char* text : {"ls", "pwd", "ls -l", "cat a", "cat /etc/passwd", "find -name x",
                           "cat workspace/memory", "head -n 5 a"}) {
    EXPECT_EQ(roots(text), "w") << text;
  }
  for (const char* text : {"ls memory", "ls -l memory/a", "cat ./memory/a /memory/b",
                           "rm -r -- memory/d", "cp memory/a memory/b"}) {
    EXPECT_EQ(roots(text), "m") << text;
  }
  // A pattern may match a directory that is called so.
  for (const char* text :
       {"cp a memory/b", "cat memory/a b", "cat m*/a", "ls *", "echo -*", "head -n 5 memory/a"}) {
    EXPECT_EQ(roots(text), "wm") << text;
  }
}

TEST_F(CommandTest, PatternsOfACommandMatchSoMuchTogether) {
  for (int i = 0; i < 3000; ++i) trees.add("f" + std::to_string(i), "");
  EXPECT_EQ(run("echo f* f* f*")->exit_code, 0);
  EXPECT_EQ(fault("echo f* f* f* f*"), "1 echo: pattern matches more than 10000 files\n");
}

TEST_F(CommandTest, LinesBeforeAFindAreShownWhateverTheirLength) {
  const std::string long_line(100'000, 'y');
  trees.add("a", "1\n" + long_line + "\nx\n");
  EXPECT_EQ(out("grep -B 2 x a"), "1\n" + long_line + "\nx\n");
}

TEST_F(CommandTest, ASparseFileIsReadPieceByPiece) {
  trees.files.set_quotas({.total_size = mib(1024)});
  ASSERT_TRUE(trees.workspace.write("a", "", files::Tree::Writing::kReplace).ok());
  const auto inode = trees.workspace.find("a")->inode;
  ASSERT_EQ(trees.files.set_size(inode, mib(256).value, {}), wasi::Errno::kSuccess);
  EXPECT_EQ(out("wc -c a"), "268435456 a\n");
  EXPECT_EQ(out("tail -c 3 a"), std::string(3, '\0'));
  EXPECT_EQ(run("cat a")->standard_output.size(), mib(1).value + 37);
  EXPECT_EQ(fault("grep x a"), "1 ");
  EXPECT_EQ(out("cp a b"), "");
  EXPECT_LT(trees.files.used_bytes(), mib(1).value);
}

TEST_F(CommandTest, AQuotaEndsItAltogether) {
  trees.add("a", std::string(60'000, 'x'));
  trees.files.set_quotas({.file_bytes = kib(100)});
  EXPECT_EQ(run("cp a b").status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace skerry::operation
