// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/search.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class SearchTest : public ::testing::Test {
 protected:
  Result<Found> search(const Search& search) {
    Deadline deadline(Deadline::Clock::now() + std::chrono::seconds(10));
    return search_files(trees.workspace, search, deadline);
  }
  /// "FILE:LINE" of each line found.
  std::string places(const Search& wanted) {
    const auto found = search(wanted);
    if (!found.ok()) return std::string(message_of(found.status()));
    std::string all;
    for (const FoundLine& line : found->lines)
      all += line.file + ":" + std::to_string(line.line) + " ";
    return all;
  }
  TestTrees trees;
};

TEST_F(SearchTest, FindsLinesWhateverTheirCase) {
  trees.add("a.txt", "x\nHello\nhello\n");
  trees.add("d/b.py", "say HELLO");
  EXPECT_EQ(places({.query = "hello"}), "a.txt:2 a.txt:3 d/b.py:1 ");
  EXPECT_EQ(places({.query = "hello", .path = "d"}), "d/b.py:1 ");
  EXPECT_EQ(places({.query = "hello", .path = "a.txt"}), "a.txt:2 a.txt:3 ");
  EXPECT_EQ(places({.query = "hello", .include = "*.py"}), "d/b.py:1 ");
  EXPECT_EQ(places({.query = "^h.l+o$", .syntax = TextPattern::Syntax::kExtended}),
            "a.txt:2 a.txt:3 ");
  EXPECT_EQ(places({.query = "^h"}), "");
}

TEST_F(SearchTest, LeavesOutWhatIsNoTextOfClients) {
  trees.add(".hidden", "hello");
  trees.add(".d/a", "hello");
  trees.add("a.png", "hello");
  trees.add("nul", std::string("hello\0", 6));
  trees.add("large", std::string(600'000, 'x') + "hello");
  trees.add("tmp/a", "hello");
  EXPECT_EQ(places({.query = "hello"}), "");
  EXPECT_EQ(search({.query = "hello"})->files, 0);
}

TEST_F(SearchTest, ShowsLinesAround) {
  trees.add("a", "1\n2\n3 x\n4\n5\n");
  const auto found = search({.query = "x", .context = 1});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->lines.size(), 1);
  ASSERT_EQ(found->lines[0].context.size(), 2);
  EXPECT_EQ(found->lines[0].context[0].line, 2);
  EXPECT_EQ(found->lines[0].context[1].content, "4");
}

TEST_F(SearchTest, StopsAtItsLimitsAndSaysSo) {
  trees.add("a", "x\nx\nx\n");
  const auto found = search({.query = "x", .most = 2});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->lines.size(), 2);
  EXPECT_TRUE(found->was_cut);
  EXPECT_FALSE(search({.query = "x", .most = 3})->was_cut);
  for (int i = 0; i < 1001; ++i) trees.add("many/" + std::to_string(i), "y");
  EXPECT_EQ(search({.query = "z"})->files, 1000);
  EXPECT_TRUE(search({.query = "z"})->was_cut);
}

TEST_F(SearchTest, LongLinesAreCutAndMadeUtf8) {
  trees.add("a", "x" + std::string(5000, '\xff'));
  const auto found = search({.query = "x"});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->lines.size(), 1);
  EXPECT_TRUE(found->lines[0].content.starts_with("x\xEF\xBF\xBD"));
  EXPECT_LE(found->lines[0].content.size(), 6000);
}

TEST_F(SearchTest, WhatIsOutOfBoundsIsRefused) {
  for (const Search& bad : {Search{.query = ""}, Search{.query = std::string(201, 'a')},
                            Search{.query = "a", .most = 0}, Search{.query = "a", .most = 1001},
                            Search{.query = "a", .context = 6},
                            Search{.query = "(", .syntax = TextPattern::Syntax::kExtended}}) {
    EXPECT_EQ(search(bad).status().code(), StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE((Search{.query = std::string(200, 'a')}.check().ok()));
}

}  // namespace
}  // namespace skerry::files
