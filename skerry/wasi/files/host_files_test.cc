// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/host_files.h"

#include <gtest/gtest.h>

#include "skerry/wasi/files/changes.h"
#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

TEST(HostFilesTest, ReadsBackWhatWasAdded) {
  FileSystem files;
  ASSERT_TRUE(add_file(files, "/a/b/f", as_bytes("text"), {.modified = Nanoseconds(5)}).ok());
  ASSERT_TRUE(add_symlink(files, "/a/l", "b/f").ok());
  EXPECT_EQ(*read_file(files, "/a/b/f", bytes(4)), "text");
  EXPECT_EQ(*read_symlink(files, "/a/l"), "b/f");
  EXPECT_EQ(stat(files, "/a/b/f")->modified, Nanoseconds(5));
  const auto listed = list(files, "/a", 10);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].name, "b");
  EXPECT_EQ((*listed)[1].status.type, FileType::kSymbolicLink);
}

TEST(HostFilesTest, OnlyPlainAbsolutePathsAreTaken) {
  FileSystem files;
  for (const std::string_view path :
       {std::string_view(""), std::string_view("a"), std::string_view("/a/"),
        std::string_view("/a//b"), std::string_view("/./a"), std::string_view("/a/.."),
        std::string_view("/a\0b", 4), std::string_view("//")}) {
    EXPECT_EQ(add_file(files, path, as_bytes("x")).code(), StatusCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(files.used_inodes(), 1u) << "nothing was made on the way";
  EXPECT_EQ(remove(files, "/").code(), StatusCode::kInvalidArgument);
}

TEST(HostFilesTest, LinksAreNeverFollowed) {
  FileSystem files;
  ASSERT_TRUE(add_file(files, "/d/f", as_bytes("x")).ok());
  ASSERT_TRUE(add_symlink(files, "/l", "d").ok());
  EXPECT_EQ(read_file(files, "/l/f", kib(1)).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(add_file(files, "/l/g", as_bytes("x")).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(read_file(files, "/l", kib(1)).status().code(), StatusCode::kFailedPrecondition);
}

TEST(HostFilesTest, LimitsAreKeptAndNamed) {
  FileSystem files(Quotas{.file_bytes = kib(64)});
  const Status status = add_file(files, "/f", as_bytes(std::string(70'000, 'x')));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(status).find("file_bytes"), std::string_view::npos) << status;
  EXPECT_EQ(stat(files, "/f").status().code(), StatusCode::kNotFound) << "all or nothing";
  ASSERT_TRUE(add_file(files, "/g", as_bytes("xx")).ok());
  EXPECT_EQ(read_file(files, "/g", bytes(1)).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(list(files, "/", 0).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(add_file(files, "/g", as_bytes("xx")).code(), StatusCode::kAlreadyExists);
}

TEST(HostFilesTest, HostMayChangeReadOnlyTrees) {
  FileSystem files;
  ASSERT_TRUE(make_directory(files, "/ro", {.access = Access::kReadOnly}).ok());
  ASSERT_TRUE(add_file(files, "/ro/f", as_bytes("x")).ok());
  EXPECT_EQ(stat(files, "/ro/f")->access, Access::kReadOnly) << "inherited";
  EXPECT_EQ(stat(files, "/ro")->access, Access::kReadOnly) << "still";
  EXPECT_TRUE(remove(files, "/ro").ok());
  EXPECT_EQ(files.used_inodes(), 1u);
}

TEST(HostFilesTest, BlobIsAFileThatCostsNothing) {
  FileSystem files(Quotas{.file_bytes = kib(128), .file_size = kib(128)});
  const auto text = std::make_shared<const std::string>(1'000'000, 'b');
  ASSERT_TRUE(
      add_file(files, "/lib.zip", Blob{as_bytes(*text), "id", text}, {.access = Access::kReadOnly})
          .ok());
  EXPECT_EQ(stat(files, "/lib.zip")->size, 1'000'000u);
  EXPECT_EQ(files.used_bytes(), 0u);
  EXPECT_EQ(*read_file(files, "/lib.zip", mib(1)), *text);
}

std::string described(const Result<std::vector<Change>>& changes) {
  EXPECT_TRUE(changes.ok()) << changes.status();
  std::string text;
  for (const Change& change : *changes)
    text += "+~-"[static_cast<int>(change.kind)] + change.path + " ";
  return text;
}

TEST(ChangesTest, OneSnapshotHasNone) {
  FileSystem files;
  ASSERT_TRUE(add_file(files, "/f", as_bytes("x")).ok());
  EXPECT_EQ(described(changes_since(files, files, {.count = 0})), "");
}

TEST(ChangesTest, EveryKindIsReportedByPath) {
  FileSystem before;
  ASSERT_TRUE(add_file(before, "/d/kept", as_bytes("x")).ok());
  ASSERT_TRUE(add_file(before, "/d/gone/f", as_bytes("x")).ok());
  ASSERT_TRUE(add_file(before, "/d/written", as_bytes("x")).ok());
  ASSERT_TRUE(add_file(before, "/d/touched", as_bytes("x")).ok());
  ASSERT_TRUE(add_file(before, "/d/turned", as_bytes("x")).ok());
  FileSystem after = before;
  ASSERT_TRUE(remove(after, "/d/gone").ok());
  ASSERT_TRUE(add_file(after, "/new/f", as_bytes("x")).ok());
  ASSERT_TRUE(after.write(*locate(after, "/d/written"), 0, as_bytes("y"), Nanoseconds(1)).ok());
  ASSERT_TRUE(after.write(*locate(after, "/d/touched"), 0, as_bytes("x"), Nanoseconds(1)).ok());
  ASSERT_TRUE(remove(after, "/d/turned").ok());
  ASSERT_TRUE(make_directory(after, "/d/turned").ok());
  EXPECT_EQ(described(changes_since(before, after)),
            "-/d/gone -/d/gone/f -/d/turned +/d/turned ~/d/written +/new +/new/f ");
  EXPECT_EQ(changes_since(before, after, {.count = 3}).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(ChangesTest, NamesOfOneFileHaveOneInode) {
  const FileSystem before;
  FileSystem after = before;
  ASSERT_TRUE(add_file(after, "/a", as_bytes("x")).ok());
  ASSERT_TRUE(add_file(after, "/c", as_bytes("x")).ok());
  ASSERT_EQ(after.link(*locate(after, "/a"), FileSystem::kRoot, "b", Nanoseconds(1)),
            Errno::kSuccess);
  const auto changes = changes_since(before, after);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 3U);
  EXPECT_EQ((*changes)[0].inode, (*changes)[1].inode);
  EXPECT_NE((*changes)[0].inode, (*changes)[2].inode);
}

// 64 directories deep, each name is 16 KiB of path.
TEST(ChangesTest, LongPathsInGreatNumberAreRefusedBeforeTheyAreHeld) {
  const FileSystem before;
  FileSystem after = before;
  std::string directory;
  for (int i = 0; i < 10; ++i) directory += "/" + std::string(200, 'd');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(add_file(after, directory + "/" + std::to_string(i), as_bytes("")).ok());
  }
  EXPECT_TRUE(changes_since(before, after, {.path_bytes = kib(256).value}).ok());
  const auto refused = changes_since(before, after, {.path_bytes = kib(64).value});
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(refused.status()).find("65536 bytes"), std::string_view::npos);
}

}  // namespace
}  // namespace skerry::wasi
