// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/lines.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"
#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class FileLinesTest : public ::testing::Test {
 protected:
  /// The lines of a file with this content.
  std::vector<std::string> lines(const std::string& content) {
    trees.add("a", content);
    const Entry file = trees.workspace.find("a").value();
    FileLines reader(trees.workspace, file);
    std::vector<std::string> all;
    while (const auto line = reader.next()) {
      EXPECT_EQ(content.substr(line->offset, line->text.size()), line->text);
      all.emplace_back(line->text);
    }
    EXPECT_FALSE(reader.next().has_value()) << "after the last";
    EXPECT_TRUE(trees.workspace.remove("a").ok());
    return all;
  }
  TestTrees trees;
};

using Texts = std::vector<std::string>;

TEST_F(FileLinesTest, AreThoseOfItsText) {
  for (const std::string text : {"", "\n", "a", "a\n", "a\nb", "\n\na\n\n", "a\n\n"}) {
    Texts expected;
    Lines reader(text);
    while (const auto line = reader.next()) expected.emplace_back(*line);
    EXPECT_EQ(lines(text), expected) << text;
  }
}

TEST_F(FileLinesTest, MayCrossTheEndsOfPieces) {
  for (const std::size_t size : {Tree::kPiece - 1, Tree::kPiece, Tree::kPiece + 1}) {
    EXPECT_EQ(lines(std::string(size, 'x') + "\nlast"), (Texts{std::string(size, 'x'), "last"}));
  }
  const std::string long_line(5 * Tree::kPiece + 7, 'y');
  EXPECT_EQ(lines("first\n" + long_line + "\nlast\n"), (Texts{"first", long_line, "last"}));
}

TEST_F(FileLinesTest, AreCutWhereMemoryHasItsLimit) {
  const std::string whole(FileLines::kMaxLength, 'x');
  EXPECT_EQ(lines(whole + "\nb"), (Texts{whole, "b"}));
  EXPECT_EQ(lines(whole + "yz\nb"), (Texts{whole, "yz", "b"}));
  EXPECT_EQ(lines(whole + whole + "z"), (Texts{whole, whole, "z"}));
}

TEST_F(FileLinesTest, OneLongLineIsReadInTimeInProportionToIt) {
  const double growth = skerry::growth(
      std::size_t{3} << 20,
      [&](std::size_t size) {
        const std::string line(size, 'x');
        EXPECT_TRUE(trees.workspace.write("line", line, Tree::Writing::kReplace).ok());
        return trees.workspace.find("line").value();
      },
      [&](const Entry& file) {
        FileLines reader(trees.workspace, file);
        EXPECT_EQ(reader.next()->text.size(), file.size);
      });
  EXPECT_LT(growth, kLinearGrowth);
}

}  // namespace
}  // namespace skerry::files
