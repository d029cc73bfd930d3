// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/file_path.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::files {
namespace {

std::string below(std::string_view text) {
  const auto path = FilePath::parse(text);
  return path.ok() ? path->below() : std::string(message_of(path.status()));
}

TEST(FilePathTest, NamesOfTheRootAreOne) {
  for (const char* text : {"a/b", "./a//b/", "workspace/a/b", "/workspace/a/./b"}) {
    EXPECT_EQ(below(text), "a/b") << text;
  }
  for (const char* text : {"", ".", "./", "workspace", "/workspace/"}) {
    EXPECT_EQ(below(text), ".") << text;
  }
}

TEST(FilePathTest, MemoryIsAnotherRoot) {
  for (const char* text : {"memory/a", "/memory/a", "./memory//a"}) {
    const auto path = FilePath::parse(text);
    ASSERT_TRUE(path.ok()) << text;
    EXPECT_EQ(path->root(), FilePath::Root::kMemory);
    EXPECT_EQ(path->shown(), "memory/a");
  }
  EXPECT_EQ(FilePath::parse("memory.txt")->root(), FilePath::Root::kWorkspace);
  EXPECT_EQ(FilePath::parse("workspace/memory")->root(), FilePath::Root::kWorkspace);
}

TEST(FilePathTest, WhatLeadsOutIsDenied) {
  for (const char* text : {"/", "/etc/passwd", "..", "a/../b", "../a", "workspace/..",
                           "memory/../a", "\\a", "/work", "//etc"}) {
    EXPECT_EQ(FilePath::parse(text).status().code(), StatusCode::kPermissionDenied) << text;
  }
  EXPECT_EQ(below("a..b/..."), "a..b/...");
}

TEST(FilePathTest, WhatIsNoPathIsRefused) {
  using std::string_literals::operator""s;
  for (const std::string& text : {"a\0b"s, "\xff"s, std::string(4097, 'a')}) {
    EXPECT_EQ(FilePath::parse(text).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(FilePathTest, ChildrenAndNames) {
  const FilePath root = *FilePath::parse("");
  EXPECT_EQ(root.child("a").shown(), "a");
  EXPECT_EQ(root.child("a").child("b").shown(), "a/b");
  EXPECT_EQ(root.name(), "");
  EXPECT_EQ(root.child("a").child("b").name(), "b");
}

TEST(FilePathTest, APathBelowARootIsReadBackWhateverItsName) {
  for (const char* text :
       {"a/b", "workspace/memory/a", "memory/memory", "memory", ".", "workspace/workspace/x"}) {
    const auto path = FilePath::parse(text);
    ASSERT_TRUE(path.ok()) << text;
    const auto again = FilePath::parse_below(path->root(), path->below());
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(again->below(), path->below());
    EXPECT_EQ(again->shown(), path->shown());
  }
  for (const char* bad : {"..", "a/../b", "/a", "\xff"}) {
    EXPECT_FALSE(FilePath::parse_below(FilePath::Root::kWorkspace, bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace skerry::files
