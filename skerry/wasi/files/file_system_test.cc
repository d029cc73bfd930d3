// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/file_system.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

constexpr Nanoseconds kNow{1000};

TEST(FileSystemTest, SnapshotStaysWhileTheOriginalChanges) {
  FileSystem files;
  ASSERT_TRUE(add_file(files, "/a/b", as_bytes("old")).ok());
  const FileSystem snapshot = files;
  EXPECT_TRUE(snapshot.is_same_as(files));
  const InodeNumber number = *locate(files, "/a/b");
  ASSERT_TRUE(files.write(number, 0, as_bytes("new"), kNow).ok());
  ASSERT_TRUE(remove(files, "/a").ok());
  EXPECT_EQ(*read_file(snapshot, "/a/b", kib(1)), "old");
  EXPECT_EQ(locate(files, "/a").status().code(), StatusCode::kNotFound);
  files = snapshot;
  EXPECT_EQ(*read_file(files, "/a/b", kib(1)), "old");
}

TEST(FileSystemTest, ContentQuotaStopsWritesAndSaysSo) {
  FileSystem files(Quotas{.file_bytes = kib(128)});
  const InodeNumber file = *files.create_file(FileSystem::kRoot, "f", kNow);
  const std::string text(200'000, 'x');
  EXPECT_EQ(*files.write(file, 0, as_bytes(text), kNow), 131072u);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kFileBytes);
  EXPECT_EQ(files.write(file, 131072, as_bytes(text), kNow).status(), Errno::kNoSpc);
  EXPECT_EQ(files.set_size(file, 0, kNow), Errno::kSuccess);
  EXPECT_EQ(files.used_bytes(), 0u);
  EXPECT_EQ(FileSystem(files).last_quota_hit(), QuotaKind::kNone) << "a copy starts without a note";
}

TEST(FileSystemTest, SparseFileIsBoundedByTheSizeQuota) {
  FileSystem files(Quotas{.file_size = mib(1)});
  const InodeNumber file = *files.create_file(FileSystem::kRoot, "f", kNow);
  EXPECT_EQ(files.set_size(file, 1 << 20, kNow), Errno::kSuccess);
  EXPECT_EQ(files.set_size(file, (1 << 20) + 1, kNow), Errno::kFbig);
  EXPECT_EQ(files.write(file, 1 << 20, as_bytes("x"), kNow).status(), Errno::kFbig);
  EXPECT_EQ(files.write(file, ~std::uint64_t{0}, as_bytes("x"), kNow).status(), Errno::kFbig);
  EXPECT_EQ(*files.write(file, (1 << 20) - 1, as_bytes("xyz"), kNow), 1u);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kFileSize);
  EXPECT_EQ(files.allocate(file, ~std::uint64_t{0}, ~std::uint64_t{0}, kNow), Errno::kFbig);
}

TEST(FileSystemTest, SizesOfAllFilesAreBoundedTogetherHolesIncluded) {
  FileSystem files(Quotas{.total_size = mib(1)});
  const InodeNumber a = *files.create_file(FileSystem::kRoot, "a", kNow);
  const InodeNumber b = *files.create_file(FileSystem::kRoot, "b", kNow);
  EXPECT_EQ(files.set_size(a, 700'000, kNow), Errno::kSuccess);
  EXPECT_EQ(files.set_size(b, 700'000, kNow), Errno::kNoSpc);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kTotalSize);
  EXPECT_EQ(files.write(b, 700'000, as_bytes("x"), kNow).status(), Errno::kNoSpc);
  EXPECT_EQ(files.allocate(b, 700'000, 1, kNow), Errno::kNoSpc);
  EXPECT_EQ(files.get(b).size(), 0U) << "a refused change changes nothing";
  EXPECT_EQ(files.used_size(), 700'000U);
  // What is allowed: up to the quota, and back.
  EXPECT_EQ(*files.write(b, (1 << 20) - 700'000 - 2, as_bytes("xyz"), kNow), 2U);
  EXPECT_EQ(files.used_size(), 1U << 20);
  EXPECT_EQ(*files.write(a, 100, as_bytes("a hole is filled"), kNow), 16U);
  EXPECT_EQ(files.set_size(a, 0, kNow), Errno::kSuccess);
  EXPECT_EQ(files.set_size(b, 700'000, kNow), Errno::kSuccess);
  EXPECT_EQ(files.unlink(FileSystem::kRoot, "b", kNow), Errno::kSuccess);
  EXPECT_EQ(files.used_size(), 0U);
}

TEST(FileSystemTest, NamesOfOneFileCountItOnce) {
  FileSystem files(Quotas{.total_size = mib(1)});
  const InodeNumber file = *files.create_file(FileSystem::kRoot, "a", kNow);
  ASSERT_EQ(files.set_size(file, 700'000, kNow), Errno::kSuccess);
  EXPECT_EQ(files.link(file, FileSystem::kRoot, "b", kNow), Errno::kSuccess);
  EXPECT_EQ(files.used_size(), 700'000U);
  EXPECT_EQ(files.unlink(FileSystem::kRoot, "a", kNow), Errno::kSuccess);
  EXPECT_EQ(files.used_size(), 700'000U);
}

TEST(FileSystemTest, WhatIsOverALoweredQuotaStaysAndGrowsNoFurther) {
  FileSystem files;
  const InodeNumber a = *files.create_file(FileSystem::kRoot, "a", kNow);
  ASSERT_EQ(files.set_size(a, 1'000'000, kNow), Errno::kSuccess);
  files.set_quotas({.total_size = kib(64)});
  EXPECT_EQ(*files.write(a, 500'000, as_bytes("x"), kNow), 1U);
  EXPECT_EQ(files.set_size(a, 1'000'001, kNow), Errno::kNoSpc);
  const InodeNumber b = *files.create_file(FileSystem::kRoot, "b", kNow);
  EXPECT_EQ(files.write(b, 0, as_bytes("x"), kNow).status(), Errno::kNoSpc);
}

TEST(FileSystemTest, InodeAndEntryQuotasStopNewNames) {
  FileSystem files(Quotas{.inodes = 3, .entries = 3});
  const InodeNumber file = *files.create_file(FileSystem::kRoot, "a", kNow);
  EXPECT_TRUE(files.create_file(FileSystem::kRoot, "b", kNow).ok());
  EXPECT_EQ(files.create_file(FileSystem::kRoot, "c", kNow).status(), Errno::kNoSpc);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kInodes);
  EXPECT_EQ(files.link(file, FileSystem::kRoot, "c", kNow), Errno::kSuccess);
  EXPECT_EQ(files.link(file, FileSystem::kRoot, "d", kNow), Errno::kNoSpc);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kEntries);
  EXPECT_EQ(files.unlink(FileSystem::kRoot, "c", kNow), Errno::kSuccess);
  EXPECT_EQ(files.unlink(FileSystem::kRoot, "b", kNow), Errno::kSuccess);
  EXPECT_TRUE(files.create_file(FileSystem::kRoot, "e", kNow).ok())
      << "what was removed is given back";
}

TEST(FileSystemTest, DepthQuotaHoldsAgainstRenamesToo) {
  FileSystem files(Quotas{.depth = 6});
  ASSERT_TRUE(make_directory(files, "/a/b/c/d").ok());
  ASSERT_TRUE(make_directory(files, "/x/y/z").ok());
  EXPECT_EQ(make_directory(files, "/a/b/c/d/e/f/g").code(), StatusCode::kResourceExhausted);
  ASSERT_TRUE(remove(files, "/a/b/c/d/e").ok());
  const InodeNumber deep = *locate(files, "/x/y/z");
  EXPECT_EQ(files.rename(FileSystem::kRoot, "a", deep, "a", kNow), Errno::kNameTooLong);
  EXPECT_EQ(files.last_quota_hit(), QuotaKind::kDepth);
  EXPECT_EQ(files.rename(*locate(files, "/a/b"), "c", deep, "c", kNow), Errno::kSuccess);
}

TEST(FileSystemTest, PinnedFileOutlivesItsNameAndIsFreedAfter) {
  FileSystem files;
  const InodeNumber file = *files.create_file(FileSystem::kRoot, "f", kNow);
  files.pin(file);
  files.pin(file);
  EXPECT_EQ(files.unlink(FileSystem::kRoot, "f", kNow), Errno::kSuccess);
  EXPECT_TRUE(files.write(file, 0, as_bytes("still here"), kNow).ok());
  files.unpin(file);
  EXPECT_NE(files.find(file), nullptr);
  files.unpin(file);
  EXPECT_EQ(files.find(file), nullptr);
  EXPECT_EQ(files.used_bytes(), 0u);
  EXPECT_EQ(files.used_inodes(), 1u);
}

TEST(FileSystemTest, ReadOnlySubtreeRefusesEveryChange) {
  FileSystem files;
  ASSERT_TRUE(make_directory(files, "/ro/sub", {.access = Access::kReadOnly}).ok());
  ASSERT_TRUE(add_file(files, "/ro/sub/f", as_bytes("x")).ok());
  const InodeNumber directory = *locate(files, "/ro/sub");
  const InodeNumber file = *locate(files, "/ro/sub/f");
  EXPECT_EQ(files.create_file(directory, "g", kNow).status(), Errno::kRofs);
  EXPECT_EQ(files.unlink(directory, "f", kNow), Errno::kRofs);
  EXPECT_EQ(files.write(file, 0, as_bytes("y"), kNow).status(), Errno::kRofs);
  EXPECT_EQ(files.set_size(file, 0, kNow), Errno::kRofs);
  EXPECT_EQ(files.set_times(file, {}, kNow), Errno::kRofs);
  EXPECT_EQ(files.link(file, FileSystem::kRoot, "g", kNow), Errno::kRofs);
  EXPECT_EQ(files.rename(directory, "f", FileSystem::kRoot, "f", kNow), Errno::kRofs);
  EXPECT_EQ(files.rename(FileSystem::kRoot, "ro", FileSystem::kRoot, "rw", kNow), Errno::kRofs);
}

TEST(FileSystemTest, HundredThousandFilesInOneDirectoryComeAndGo) {
  FileSystem files(Quotas{.inodes = 200'000, .entries = 200'000});
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(files.create_file(FileSystem::kRoot, std::to_string(i), kNow).ok());
  }
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(files.unlink(FileSystem::kRoot, std::to_string(i), kNow), Errno::kSuccess);
  }
  EXPECT_EQ(files.used_inodes(), 1u);
  EXPECT_EQ(files.used_entries(), 0u);
}

TEST(FileSystemTest, DirectoryRemovedWhileOpenTakesNoNames) {
  FileSystem files;
  const InodeNumber directory = *files.create_directory(FileSystem::kRoot, "d", kNow);
  files.pin(directory);
  ASSERT_EQ(files.remove_directory(FileSystem::kRoot, "d", kNow), Errno::kSuccess);
  EXPECT_EQ(files.create_file(directory, "f", kNow).status(), Errno::kNoEnt);
  EXPECT_EQ(files.create_directory(directory, "f", kNow).status(), Errno::kNoEnt);
  ASSERT_TRUE(files.create_file(FileSystem::kRoot, "g", kNow).ok());
  EXPECT_EQ(files.rename(FileSystem::kRoot, "g", directory, "g", kNow), Errno::kNoEnt);
}

TEST(FileSystemTest, LongChainsAreDroppedWithoutDeepRecursion) {
  FileSystem files(Quotas{.inodes = 40'000, .depth = 30'000});
  InodeNumber at = FileSystem::kRoot;
  for (int i = 0; i < 500; ++i) at = *files.create_directory(at, "d", kNow);
  EXPECT_EQ(files.depth(at), 500u);
  EXPECT_TRUE(remove(files, "/d").ok());
}

}  // namespace
}  // namespace skerry::wasi
