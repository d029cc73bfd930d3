// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/deletion.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class DeletionTest : public ::testing::Test {
 protected:
  /// What was deleted, and what was skipped behind a bar.
  std::string deleted(const Deletion& deletion) {
    Deadline deadline(Deadline::Clock::now() + std::chrono::seconds(10));
    const auto done = delete_files(trees.workspace, deletion, deadline);
    if (!done.ok()) return std::string(message_of(done.status()));
    std::string all;
    for (const std::string& path : done->paths) all += path + " ";
    for (const std::string& path : done->skipped) all += "| " + path;
    return all;
  }
  TestTrees trees;
};

TEST_F(DeletionTest, FilesAndEmptyDirectoriesGo) {
  trees.add("a", "1");
  ASSERT_TRUE(trees.workspace.make_directory("d").ok());
  EXPECT_EQ(deleted({.path = "a"}), "a ");
  EXPECT_EQ(deleted({.path = "d"}), "d ");
  EXPECT_EQ(deleted({.path = "none"}), "");
  EXPECT_EQ(deleted({.path = "."}), "the root itself stays");
}

TEST_F(DeletionTest, FullDirectoriesGoOnlyWithAllThatIsInThem) {
  trees.add("d/e/f", "1");
  EXPECT_EQ(deleted({.path = "d"}), "Directory not empty");
  EXPECT_EQ(deleted({.path = "d", .depth = Depth::kAll}), "d ");
}

TEST_F(DeletionTest, PatternsTakeFilesAndNotDirectories) {
  trees.add("a.tmp", "1");
  trees.add("b.tmp", "1");
  trees.add("keep", "1");
  trees.add("d.tmp/c.tmp", "1");
  EXPECT_EQ(deleted({.path = ".", .pattern = "*.tmp"}), "a.tmp b.tmp ");
  EXPECT_EQ(deleted({.path = ".", .pattern = "*.tmp", .depth = Depth::kAll}), "d.tmp/c.tmp ");
  EXPECT_TRUE(trees.has("keep"));
  EXPECT_TRUE(trees.has("d.tmp"));
  EXPECT_EQ(deleted({.path = "keep", .pattern = "*"}), "Path is not a directory");
}

TEST_F(DeletionTest, LinksGoAndTheirTargetsStay) {
  trees.add("d/f", "1");
  trees.add_link("to_file", "d/f");
  trees.add_link("to_directory", "d");
  trees.add_link("out", "../../outside");
  EXPECT_EQ(deleted({.path = ".", .pattern = "*", .depth = Depth::kOne}),
            "to_directory to_file | out");
  EXPECT_EQ(trees.content("d/f"), "1");
  EXPECT_EQ(deleted({.path = "out"}), "out ");
}

TEST_F(DeletionTest, WhatTheRuntimeKeepsStays) {
  EXPECT_NE(deleted({.path = "tmp"}), "tmp ");
  EXPECT_NE(deleted({.path = "workspace"}), "workspace ");
  EXPECT_EQ(deleted({.path = ".", .pattern = "*"}), "");
}

}  // namespace
}  // namespace skerry::files
