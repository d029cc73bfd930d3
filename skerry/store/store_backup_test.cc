// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/store_backup.h"

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/formats/tar_stream.h"
#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/image/test_template.h"
#include "skerry/store/directory_store.h"
#include "skerry/store/test_session_store.h"
#include "skerry/store/test_time.h"

namespace skerry::store {
namespace {

using testing::name;

class StoreBackupTest : public ::testing::Test {
 protected:
  std::unique_ptr<SessionStore> open(const char* which) const {
    return DirectoryStore::open(directory / which / "store", "default", {}).value();
  }

  /// Leaves a file if `value` is even, and a patch otherwise.
  Status run(SessionStore& store, int value) const {
    SKERRY_ASSIGN(const auto lease, store.lease(name("s")));
    SKERRY_ASSIGN(const auto head, store.head(lease));
    const image::Revision parent = head.revision.value_or(made.root);
    SKERRY_ASSIGN(const auto captured,
                  image::testing::TestTemplate::run_on(parent, [&](image::LinearMemory& memory) {
                    std::memcpy(memory.base(), &value, sizeof value);
                    if (value % 2 != 0) return;
                    for (std::size_t at = kPageSize; at < 11 * kPageSize; ++at) {
                      memory.base()[at] = static_cast<std::byte>(at * at % 251);
                    }
                  }));
    return store
        .commit(lease, parent, captured,
                {.first_line = "x", .outcome = "completed", .template_file = made.file})
        .status();
  }

  static int value_of(SessionStore& store) {
    const auto opened = store.open_revision(name("s"), std::nullopt);
    if (!opened.ok()) return -1;
    int value = 0;
    std::memcpy(&value, opened->revision->image()->pages->page(0), sizeof value);
    return value;
  }

  std::string backup(const char* which) const {
    const OwnedFd fd = image::testing::memory_file({});
    EXPECT_TRUE(write_backup(directory / which / "store", fd.get(), [](double) {}).ok());
    (void)::lseek(fd.get(), 0, SEEK_SET);
    return read_all(fd.get(), mib(64)).value();
  }

  Status restore(std::string_view backup, const char* which,
                 Replace replace = Replace::kEmptyOnly) const {
    const OwnedFd fd = image::testing::memory_file(as_bytes(backup));
    (void)::lseek(fd.get(), 0, SEEK_SET);
    return restore_backup(fd.get(), directory / which / "store", replace, [](double) {}).status();
  }

  /// A backup of these members.
  std::string made_of(const std::vector<std::pair<std::string, std::string>>& members) const {
    std::string text;
    ZstdWriter compressed([&](std::span<const std::byte> bytes) {
      text += as_text(bytes);
      return ok_status();
    });
    TarWriter archive([&](std::span<const std::byte> bytes) { return compressed.write(bytes); });
    for (const auto& [member, content] : members) {
      const OwnedFd fd = image::testing::memory_file(as_bytes(content));
      EXPECT_TRUE(archive.add(member, fd.get()).ok());
    }
    EXPECT_TRUE(archive.finish().ok());
    EXPECT_TRUE(compressed.finish().ok());
    return text;
  }

  TestDirectory directory;
  image::testing::TestTemplate made;
};

TEST_F(StoreBackupTest, WhatIsBackedUpIsRestored) {
  const auto store = open("one");
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(run(*store, i).ok());
  const std::string whole = backup("one");
  ASSERT_TRUE(run(*store, 4).ok());
  ASSERT_TRUE(restore(whole, "other").ok());
  const auto other = open("other");
  EXPECT_EQ(value_of(*other), 3);
  EXPECT_EQ(other->revisions(name("s"))->size(), 3U);
  EXPECT_TRUE(other->check([](double) {})->damaged.empty());
  ASSERT_TRUE(run(*other, 5).ok());
  EXPECT_EQ(value_of(*other), 5);
  EXPECT_EQ(value_of(*store), 4);
  EXPECT_FALSE(std::filesystem::exists(directory / "one/store/backup"));
  EXPECT_FALSE(std::filesystem::exists(directory / "other/store.restoring"));
}

TEST_F(StoreBackupTest, RestoredSessionsAreAsFreshAsTheyWere) {
  const auto store = open("one");
  ASSERT_TRUE(run(*store, 1).ok());
  testing::let_pass(directory / "one/store", std::chrono::seconds(2));
  const std::string whole = backup("one");
  ASSERT_TRUE(restore(whole, "other").ok());
  const auto other = DirectoryStore::open(directory / "other/store", "default",
                                          {.time_to_live = std::chrono::seconds(1)})
                         .value();
  EXPECT_EQ(other->list()->size(), 1U);
}

TEST_F(StoreBackupTest, DamageIsToldWithTheSessionsThatNeedIt) {
  const auto store = open("one");
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(run(*store, i).ok());
  for (const auto& file : std::filesystem::directory_iterator(directory / "one/store/revisions")) {
    std::filesystem::resize_file(file.path(), 100);
  }
  const OwnedFd fd = image::testing::memory_file({});
  const auto backup = write_backup(directory / "one/store", fd.get(), [](double) {});
  ASSERT_TRUE(backup.ok()) << backup.status();
  ASSERT_EQ(backup->damaged.size(), 2U);
  for (const std::string& line : backup->damaged) {
    EXPECT_NE(line.find("in use by session s from revision "), std::string::npos) << line;
  }
}

TEST_F(StoreBackupTest, SessionsAreNotReplacedUnlessAsked) {
  auto store = open("one");
  ASSERT_TRUE(run(*store, 1).ok());
  const std::string whole = backup("one");
  ASSERT_TRUE(run(*store, 2).ok());
  EXPECT_EQ(restore(whole, "one", Replace::kAny).code(), StatusCode::kUnavailable);  // it is open
  store.reset();
  EXPECT_EQ(restore(whole, "one").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(value_of(*open("one")), 2);
  EXPECT_TRUE(restore(whole, "one", Replace::kAny).ok());
  store = open("one");
  EXPECT_EQ(value_of(*store), 1);
  EXPECT_TRUE(run(*store, 3).ok());
}

TEST_F(StoreBackupTest, ADamagedBackupLeavesTheStoreAsItWas) {
  auto store = open("one");
  ASSERT_TRUE(run(*store, 1).ok());
  const std::string whole = backup("one");
  store.reset();
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 40 + 1) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 32);
    // Some bits make no difference: a match in a run of zeros may come from anywhere in it. Then
    // the frame's checksum says that all is as it was.
    if (restore(bad, "one", Replace::kAny).ok()) {
      EXPECT_EQ(value_of(*open("one")), 1) << at;
    }
    EXPECT_FALSE(restore(whole.substr(0, at), "one", Replace::kAny).ok()) << at;
  }
  EXPECT_EQ(restore(whole + "x", "one", Replace::kAny).code(), StatusCode::kDataLoss);
  EXPECT_EQ(value_of(*open("one")), 1);
}

TEST_F(StoreBackupTest, MembersThatNoStoreHasAreRefused) {
  const std::pair<std::string, std::string> mark{"skerry-backup", "1\n"};
  const std::string revision = "revisions/" + std::string(32, 'a') + ".revision";
  for (const std::string& bad :
       {std::string("../escaped"), std::string("/tmp/escaped"), std::string("revisions/../../x"),
        std::string("locks/writing"), std::string("sessions.db-wal"), revision + "/x",
        std::string("templates/") + std::string(32, 'a') + ".image", std::string("revisions")}) {
    const Status status = restore(made_of({mark, {bad, "x"}}), "new");
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << bad;
  }
  EXPECT_EQ(restore(made_of({mark, {revision, "x"}, {revision, "x"}}), "new").code(),
            StatusCode::kDataLoss);
  EXPECT_EQ(restore(made_of({mark, {revision, "x"}}), "new").code(), StatusCode::kDataLoss);
  EXPECT_FALSE(restore(made_of({mark, {"sessions.db", "no database"}}), "new").ok());
  EXPECT_EQ(restore(made_of({{"skerry-backup", "2\n"}}), "new").code(), StatusCode::kUnimplemented);
  EXPECT_EQ(restore(made_of({}), "new").code(), StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(directory / "new/store"));
  EXPECT_FALSE(std::filesystem::exists(directory / "escaped"));
}

TEST_F(StoreBackupTest, DamageInTheStoreDoesNotStopABackup) {
  auto store = open("one");
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(run(*store, i).ok());
  const std::string id = store->open_revision(name("s"), std::nullopt)->revision->id;
  std::filesystem::remove(directory / "one/store/revisions" / (id + ".revision"));
  const std::string whole = backup("one");
  ASSERT_TRUE(restore(whole, "other").ok());
  store = open("other");
  EXPECT_EQ(store->check([](double) {})->damaged.size(), 1U);
  ASSERT_TRUE(run(*store, 3).ok());
  EXPECT_EQ(store->revisions(name("s"))->back().parent, 1);
}

}  // namespace
}  // namespace skerry::store
