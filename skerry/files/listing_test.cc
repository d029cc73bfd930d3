// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/listing.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class ListingTest : public ::testing::Test {
 protected:
  std::string listed(std::string_view path, const ListingOrder& order = {}) {
    Deadline deadline(Deadline::Clock::now() + std::chrono::seconds(10));
    const auto found = list_files(trees.workspace, *FilePath::parse(path), order, deadline);
    if (!found.ok()) return std::string(message_of(found.status()));
    std::string all =
        std::to_string(found->file_count) + "+" + std::to_string(found->directory_count);
    for (const ListedFile& file : found->files) all += " " + file.path;
    return all;
  }
  TestTrees trees;
};

TEST_F(ListingTest, CountsFilesAndDirectories) {
  trees.add("a.txt", "1");
  trees.add("d/b.txt", "1");
  trees.add(".hidden", "1");
  EXPECT_EQ(listed(""), "1+1 a.txt d");
  EXPECT_EQ(listed("d"), "1+0 d/b.txt");
  EXPECT_EQ(listed("", {.has_hidden = true}), "2+1 .hidden a.txt d");
  EXPECT_EQ(listed("", {.depth = Depth::kAll}), "2+1 a.txt d/b.txt d");
}

TEST_F(ListingTest, DirectoriesAreEnteredWhateverTheirName) {
  trees.add("d/b.txt", "1");
  trees.add("d/c.md", "1");
  EXPECT_EQ(listed("", {.pattern = "*.txt", .depth = Depth::kAll}), "1+0 d/b.txt");
}

TEST_F(ListingTest, LinksAreWhatTheyLeadTo) {
  trees.add("d/b", "12");
  trees.add_link("file", "d/b");
  trees.add_link("directory", "d");
  trees.add_link("out", "../x");
  EXPECT_EQ(listed("", {.depth = Depth::kAll}), "3+2 d/b d directory file out");
}

TEST_F(ListingTest, AFileIsNoDirectory) {
  trees.add("a", "1");
  EXPECT_EQ(listed("a"), "Path is not a directory");
  EXPECT_EQ(listed("none"), "No such file or directory");
}

}  // namespace
}  // namespace skerry::files
