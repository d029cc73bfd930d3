// SPDX-License-Identifier: Apache-2.0
// Every command takes time in proportion to what it works on.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"
#include "skerry/files/test_trees.h"
#include "skerry/operation/command.h"

namespace skerry::operation {
namespace {

using files::TestTrees;

/// What `size` measures.
enum class Input {
  kLine,       ///< bytes of one line, in the file "a"
  kLines,      ///< empty lines of "a"
  kFiles,      ///< files in the directory "d"
  kDirectory,  ///< directories in "d", each with a file, five below one another
};

std::unique_ptr<TestTrees> trees_with(Input input, std::size_t size) {
  auto trees = std::make_unique<TestTrees>();
  switch (input) {
    case Input::kLine:
      trees->add("a", std::string(size, 'a'));
      break;
    case Input::kLines:
      trees->add("a", std::string(size, '\n'));
      break;
    case Input::kFiles:
      for (std::size_t i = 0; i < size; ++i) trees->add("d/f" + std::to_string(i), "x\n");
      break;
    case Input::kDirectory:
      for (std::size_t i = 0; i < size / 5; ++i) {
        std::string path = "d/" + std::to_string(i);
        for (int depth = 0; depth < 5; ++depth) trees->add((path += "/n") + "/f", "x");
      }
  }
  return trees;
}

struct Case {
  const char* command;
  Input input;
  std::size_t size;
};

class CommandGrowth : public ::testing::TestWithParam<Case> {};

TEST_P(CommandGrowth, IsInProportion) {
  const Command command = Command::parse(GetParam().command).value();
  const double growth = skerry::growth(
      GetParam().size, [](std::size_t size) { return trees_with(GetParam().input, size); },
      [&](const auto& trees) {
        files::Deadline deadline(files::Deadline::Clock::now() + std::chrono::seconds(60));
        const auto output = command.run(*trees, deadline, {.output = mib(64)});
        ASSERT_TRUE(output.ok()) << output.status();
        EXPECT_FALSE(output->is_timed_out);
      });
  EXPECT_LT(growth, kLinearGrowth) << GetParam().command;
}

constexpr std::size_t kFew = 600;
constexpr std::size_t kBytes = std::size_t{64} << 10;
constexpr std::size_t kManyBytes = std::size_t{1} << 20;

INSTANTIATE_TEST_SUITE_P(
    CommandTest, CommandGrowth,
    ::testing::Values(
        Case{"cat a", Input::kLine, kManyBytes}, Case{"cat -n a", Input::kLines, kManyBytes / 8},
        Case{"head -n 1 a", Input::kLine, kManyBytes},
        Case{"head -n 9999999 a", Input::kLines, kManyBytes},
        Case{"head -n -1 a", Input::kLine, kManyBytes},
        Case{"tail -n 9999999 a", Input::kLines, kManyBytes},
        Case{"tail -n +9999999 a", Input::kLines, kManyBytes},
        Case{"wc a", Input::kLine, kManyBytes}, Case{"wc a", Input::kLines, kManyBytes},
        Case{"cp a b", Input::kLine, kManyBytes}, Case{"grep -c b a", Input::kLine, kManyBytes},
        Case{"grep -c b a", Input::kLines, kManyBytes / 8},
        Case{"grep -v -B 1000 -A 1000 -n b a", Input::kLines, kManyBytes / 64},
        Case{"grep -o a a", Input::kLine, kBytes},
        Case{"grep -oE '(a.*y)?' a", Input::kLine, kBytes},
        Case{"grep -oE '(a.*y)?a' a", Input::kLine, kBytes},
        Case{"grep -E '(a+a+)+y' a", Input::kLine, kManyBytes},
        Case{"grep -wi 'a*b' a", Input::kLine, kManyBytes}, Case{"grep -r x", Input::kFiles, kFew},
        Case{"grep -rl --include=*f*f* x", Input::kFiles, kFew}, Case{"ls d", Input::kFiles, kFew},
        Case{"ls -laR d", Input::kDirectory, kFew}, Case{"find", Input::kDirectory, kFew},
        Case{"find d -empty", Input::kDirectory, kFew},
        Case{"find d -name '*f*f*f*b'", Input::kFiles, kFew},
        Case{"find d -path '*/*/*/*/*/*/*/b'", Input::kDirectory, kFew},
        Case{"echo d/*", Input::kFiles, kFew}, Case{"echo d/*/*/*", Input::kDirectory, kFew},
        Case{"cat d/*", Input::kFiles, kFew}, Case{"touch d/*", Input::kFiles, kFew},
        Case{"rm -r d", Input::kFiles, kFew}, Case{"rm d/*", Input::kFiles, kFew},
        Case{"rm -r d", Input::kDirectory, kFew}, Case{"cp -r d e", Input::kFiles, kFew},
        Case{"cp -r d e", Input::kDirectory, kFew}, Case{"mv d/*9 .", Input::kFiles, kFew},
        Case{"mkdir -p d/{*}", Input::kFiles, kFew}));

}  // namespace
}  // namespace skerry::operation
