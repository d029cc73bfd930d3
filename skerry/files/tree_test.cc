// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/tree.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"
#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class TreeTest : public ::testing::Test {
 protected:
  std::vector<std::string> names(const std::string& path = ".") {
    std::vector<std::string> found;
    const auto entries = tree.list(path);
    EXPECT_TRUE(entries.ok()) << entries.status();
    for (const Entry& entry : *entries) found.push_back(entry.name);
    return found;
  }
  std::vector<std::string> walked() {
    std::vector<std::string> found;
    const auto note = [&](const Entry& entry) {
      found.push_back(entry.below);
      return Tree::Step::kOn;
    };
    EXPECT_TRUE(tree.walk(".", deadline, note).ok());
    return found;
  }
  /// A deep tree: `count` directories, one below the other up to 60, then in the next.
  static void fill(TestTrees& trees, std::size_t count) {
    std::string path;
    for (std::size_t i = 0; i < count; ++i) {
      path = i % 60 == 0 ? "t" + std::to_string(i) : path + "/" + std::string(50, 'n');
      (void)wasi::make_directory(trees.files, "/" + path);
    }
  }

  TestTrees trees;
  Tree& tree = trees.workspace;
  Deadline deadline{Deadline::Clock::now() + std::chrono::seconds(60)};
};

using Names = std::vector<std::string>;

TEST_F(TreeTest, WhatIsWrittenIsRead) {
  ASSERT_TRUE(tree.write("a", "one", Tree::Writing::kReplace).ok());
  ASSERT_TRUE(tree.write("a", "two", Tree::Writing::kAppend).ok());
  EXPECT_EQ(trees.content("a"), "onetwo");
  ASSERT_TRUE(tree.write("a", "3", Tree::Writing::kReplace).ok());
  EXPECT_EQ(trees.content("a"), "3");
  EXPECT_EQ(tree.find("a")->modified, wasi::Nanoseconds(1'000'000'000));
}

TEST_F(TreeTest, WhatTheRuntimeKeepsIsNotListedAndStays) {
  trees.add("a", "1");
  EXPECT_EQ(names(), Names{"a"});
  for (const char* own : {"tmp", "usr", "workspace"}) {
    EXPECT_EQ(tree.remove(own).code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(tree.remove_all(own, deadline).code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(tree.rename(own, "b").code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(tree.rename("a", own).code(), StatusCode::kPermissionDenied);
  }
  EXPECT_EQ(tree.write("usr/x", "1", Tree::Writing::kReplace).code(),
            StatusCode::kPermissionDenied);
  ASSERT_TRUE(tree.write("tmp/x", "1", Tree::Writing::kReplace).ok());
  EXPECT_EQ(names("tmp"), Names{"x"});
  EXPECT_EQ(trees.content("workspace/a"), "1");
}

TEST_F(TreeTest, WhatIsUnlistedBelongsToTheRuntimeAndDevicesHoldNothing) {
  ASSERT_TRUE(wasi::add_device(trees.files, "/dev/zero", wasi::Device::kZero).ok());
  trees.files.set_unlisted(*wasi::locate(trees.files, "/dev"));
  EXPECT_EQ(names(), Names{});
  EXPECT_EQ(tree.remove_all("dev", deadline).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(trees.content("dev/zero"), "");
  EXPECT_FALSE(tree.write("dev/zero", "x", Tree::Writing::kReplace).ok());
  ASSERT_TRUE(tree.copy_from(tree, *tree.find("dev/zero"), "copy", deadline).ok());
  EXPECT_EQ(trees.content("copy"), "");
}

TEST_F(TreeTest, DirectoriesAreMadeOneOrAll) {
  EXPECT_EQ(tree.make_directory("a/b").code(), StatusCode::kNotFound);
  ASSERT_TRUE(tree.make_directories("a/b/c").ok());
  ASSERT_TRUE(tree.make_directories("a/b/c").ok());
  EXPECT_EQ(tree.make_directory("a").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(tree.make_directory(".").code(), StatusCode::kAlreadyExists);
  trees.add("f", "");
  EXPECT_EQ(tree.make_directories("f/g").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(walked(), (Names{"a", "a/b", "a/b/c", "f"}));
}

TEST_F(TreeTest, OnlyEmptyDirectoriesAreRemovedAlone) {
  trees.add("d/e/f", "1");
  EXPECT_EQ(tree.remove("d").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.remove("none").code(), StatusCode::kNotFound);
  ASSERT_TRUE(tree.remove_all("d", deadline).ok());
  EXPECT_EQ(names(), Names{});
  EXPECT_FALSE(tree.remove_all(".", deadline).ok());
}

TEST_F(TreeTest, LinksAreFollowedWithinTheRootOnly) {
  trees.add("d/f", "inside");
  trees.add_link("in", "d/f");
  trees.add_link("out", "../../etc/passwd");
  trees.add_link("absolute", "/d/f");
  trees.add_link("one", "two");
  trees.add_link("two", "one");
  EXPECT_EQ(trees.content("in"), "inside");
  for (const char* path : {"out", "absolute"}) {
    EXPECT_EQ(tree.read(path, mib(1)).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(tree.write(path, "x", Tree::Writing::kReplace).code(), StatusCode::kPermissionDenied);
  }
  EXPECT_EQ(tree.read("one", mib(1)).status().code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(tree.remove("in").ok());
  EXPECT_EQ(trees.content("d/f"), "inside");
  ASSERT_TRUE(tree.remove("out").ok());
}

TEST_F(TreeTest, LinksThatLoopEndAWalk) {
  trees.add("d/f", "1");
  trees.add_link("d/up", "..");
  trees.add_link("self", ".");
  EXPECT_EQ(walked(), (Names{"d", "d/f", "d/up", "self"}));
  ASSERT_TRUE(tree.remove_all("d", deadline).ok());
  EXPECT_EQ(walked(), Names{"self"});
}

TEST_F(TreeTest, AFileAboveTheLimitIsNotRead) {
  trees.add("a", "12345");
  EXPECT_EQ(*tree.read("a", bytes(5)), "12345");
  EXPECT_EQ(tree.read("a", bytes(4)).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.read("tmp", bytes(4)).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(TreeTest, SizeIsThatOfClientsFiles) {
  const wasi::FileSystem base = trees.files;
  EXPECT_EQ(tree.size(), 0);
  trees.add("a", "12345");
  trees.add("d/b", "12345");
  EXPECT_EQ(tree.size(&base), 10);
  const wasi::FileSystem later = trees.files;
  ASSERT_TRUE(tree.write("a", "123456", Tree::Writing::kReplace).ok());
  EXPECT_EQ(tree.size(&later), 6);
}

TEST_F(TreeTest, TheFileSystemsQuotaStopsAWrite) {
  trees.files.set_quotas({.file_bytes = kib(64)});
  EXPECT_EQ(tree.write("a", std::string(100'000, 'x'), Tree::Writing::kReplace).code(),
            StatusCode::kResourceExhausted);
}

TEST_F(TreeTest, TouchMakesFilesAndTimes) {
  trees.add("old", "1");
  ASSERT_TRUE(tree.touch("old").ok());
  ASSERT_TRUE(tree.touch("new").ok());
  EXPECT_EQ(tree.find("old")->modified, wasi::Nanoseconds(1'000'000'000));
  EXPECT_EQ(trees.content("old"), "1");
  EXPECT_EQ(trees.content("new"), "");
}

TEST_F(TreeTest, WhatIsVisitedMayBeRemoved) {
  for (const char* path : {"a", "d/b", "d/e/c", "f"}) trees.add(path, "1");
  const auto remove = [&](const Entry& entry) -> Result<Tree::Step> {
    if (!entry.is_directory()) SKERRY_TRY(tree.remove(entry.below));
    return Tree::Step::kOn;
  };
  ASSERT_TRUE(tree.walk(".", deadline, remove).ok());
  EXPECT_EQ(walked(), (Names{"d", "d/e"}));
}

TEST_F(TreeTest, AVisitThatFailsEndsTheWalk) {
  trees.add("a", "1");
  trees.add("b", "1");
  int visits = 0;
  const auto fail = [&](const Entry&) -> Result<Tree::Step> {
    ++visits;
    return absl::CancelledError("enough");
  };
  EXPECT_EQ(tree.walk(".", deadline, fail).code(), StatusCode::kCancelled);
  EXPECT_EQ(visits, 1);
}

TEST_F(TreeTest, ACopyHasTheSameBytesAndItsOwnHoles) {
  const std::string content = "begin" + std::string(200'000, '\0') + "middle" +
                              std::string(100'000, 'x') + std::string(70'000, '\0');
  trees.add("a", content);
  const std::uint64_t before = trees.files.used_bytes();
  ASSERT_TRUE(tree.copy_from(tree, *tree.find("a"), "b", deadline).ok());
  EXPECT_EQ(*tree.read("b", mib(1)), content);
  EXPECT_LT(trees.files.used_bytes() - before, content.size());
  ASSERT_TRUE(tree.write("a", "short", Tree::Writing::kReplace).ok());
  ASSERT_TRUE(tree.copy_from(tree, *tree.find("a"), "b", deadline).ok());
  EXPECT_EQ(trees.content("b"), "short");
  ASSERT_TRUE(trees.memory.copy_from(tree, *tree.find("b"), "c", deadline).ok());
  EXPECT_EQ(*trees.memory.read("c", mib(1)), "short");
}

TEST_F(TreeTest, AFileIsNotCopiedOverItself) {
  trees.add("a", "1");
  ASSERT_EQ(trees.files.link(tree.find("a")->inode, wasi::FileSystem::kRoot, "b", {}),
            wasi::Errno::kSuccess);
  EXPECT_EQ(tree.copy_from(tree, *tree.find("a"), "b", deadline).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(trees.content("a"), "1");
}

TEST_F(TreeTest, TimeThatIsOverEndsWalksCopiesAndRemovals) {
  trees.add("d/a", "1");
  const auto over = [] { return Deadline(Deadline::Clock::now()); };
  Deadline first = over();
  Deadline second = over();
  Deadline third = over();
  const auto on = [](const Entry&) { return Tree::Step::kOn; };
  EXPECT_EQ(tree.walk(".", first, on).code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(tree.copy_from(tree, *tree.find("d/a"), "b", second).code(),
            StatusCode::kDeadlineExceeded);
  EXPECT_EQ(tree.remove_all("d", third).code(), StatusCode::kDeadlineExceeded);
}

TEST_F(TreeTest, WalksAndRemovalsTakeTimeInProportionToTheTree) {
  const auto make = [](std::size_t count) {
    auto made = std::make_unique<TestTrees>();
    fill(*made, count);
    return made;
  };
  EXPECT_LT(skerry::growth(2000, make,
                           [&](const auto& made) {
                             const auto on = [](const Entry&) { return Tree::Step::kOn; };
                             EXPECT_TRUE(made->workspace.walk(".", deadline, on).ok());
                           }),
            kLinearGrowth);
  EXPECT_LT(skerry::growth(2000, make,
                           [&](const auto& made) {
                             const auto entries = made->workspace.list(".").value();
                             for (const Entry& entry : entries) {
                               EXPECT_EQ(made->workspace.remove_all(entry.name, deadline),
                                         ok_status());
                             }
                           }),
            kLinearGrowth);
}

}  // namespace
}  // namespace skerry::files
