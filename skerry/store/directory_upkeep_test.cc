// SPDX-License-Identifier: Apache-2.0
// What keeps a SessionStore small: its policy, collecting garbage, compressing.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "skerry/store/memory_tenant.h"
#include "skerry/store/test_session_store.h"

namespace skerry::store {
namespace {

using testing::name;
using testing::SessionStoreTest;

TEST_F(SessionStoreTest, WhatIsOverThePolicyGoesAndIsTold) {
  reopen({.sessions = 2});
  for (const char* each : {"a", "b", "a", "c"}) ASSERT_TRUE(run(name(each), 1).ok());
  const auto sessions = store->list().value();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].name, "c");
  EXPECT_EQ(sessions[1].name, "a");
  EXPECT_NE(store->events(name("b"))->back().text.find("evicted"), std::string::npos);
  const Status gone = store->info(name("b")).status();
  EXPECT_EQ(gone.code(), StatusCode::kNotFound);
  EXPECT_NE(message_of(gone).find("evicted"), std::string_view::npos);
  reopen({.time_to_live = std::chrono::seconds(1)});
  let_pass(std::chrono::seconds(2));
  EXPECT_TRUE(store->list()->empty());
  EXPECT_NE(store->events(name("a"))->back().text.find("expired"), std::string::npos);
}

TEST_F(SessionStoreTest, AUsersMemoryStaysWhenSessionsExpire) {
  const DirectoryStores stores(directory / "store", {.time_to_live = std::chrono::seconds(0)});
  for (const std::string& tenant : {std::string("t"), memory_tenant("t")}) {
    reopen({}, tenant);
    ASSERT_TRUE(run(name("s"), 1).ok());
    const auto again = stores.open(tenant, SessionStore::Waiting::kForLeases).value();
    ASSERT_TRUE(again->keep_small().ok());
    EXPECT_EQ(again->list()->size(), tenant == "t" ? 0U : 1U) << tenant;
  }
}

TEST_F(SessionStoreTest, WhatGoesTakesItsFilesAlong) {
  reopen({.sessions = 1});
  for (const char* each : {"a", "b"}) ASSERT_TRUE(run(name(each), 1).ok());
  EXPECT_EQ(files_on_disk(), 1U);
  reopen({.time_to_live = std::chrono::seconds(1)});
  let_pass(std::chrono::seconds(2));
  EXPECT_EQ(value_of(name("b")), -1);  // the next run begins anew
  EXPECT_NE(store->events(name("b"))->back().text.find("expired"), std::string::npos);
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(SessionStoreTest, TheOldestRevisionsOfTheLongestUnusedGoForBytes) {
  int value = 1;
  for (const char* each : {"a", "a", "a", "b", "b"}) ASSERT_TRUE(run(name(each), value++).ok());
  const auto bytes_of_one = store->revisions(name("a"))->back().bytes;
  // Room for five, and for what is not pages.
  reopen({.bytes = bytes(static_cast<std::uint64_t>(bytes_of_one) * 11 / 2)});
  ASSERT_TRUE(run(name("b"), 60).ok());
  EXPECT_EQ(store->revisions(name("a"))->front().number, 2);
  EXPECT_EQ(store->revisions(name("b"))->size(), 3U);
  EXPECT_EQ(files_on_disk(), 5U);
  EXPECT_NE(store->events(name("a"))->back().text.find("evicted: its oldest 1 revision"),
            std::string::npos);
  // Then sessions, but for the one that runs.
  reopen({.bytes = bytes(static_cast<std::uint64_t>(bytes_of_one) * 3 / 2)});
  ASSERT_TRUE(run(name("b"), 70).ok());
  EXPECT_EQ(store->list()->size(), 1U);
  EXPECT_EQ(value_of(name("b")), 70);
  EXPECT_EQ(files_on_disk(), 1U);
  // What cannot be made room for is refused, and nothing has changed.
  reopen({.bytes = bytes(1000)});
  EXPECT_EQ(run(name("b"), 80).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(value_of(name("b")), 70);
  EXPECT_EQ(files_on_disk(), 1U);
}

TEST_F(SessionStoreTest, WhatIsColdIsCompressedAndComesBack) {
  for (int value = 1; value <= 3; ++value) ASSERT_TRUE(run(name("used"), value).ok());
  ASSERT_TRUE(run(name("left"), 9).ok());
  reopen({.cold = std::chrono::seconds(1)});
  const auto all = [](double) { return true; };
  EXPECT_EQ(store->compress_cold(all)->files, 0);
  let_pass(std::chrono::seconds(2));
  ASSERT_TRUE(run(name("used"), 4).ok());
  const auto compressed = store->compress_cold(all);
  ASSERT_TRUE(compressed.ok()) << compressed.status();
  EXPECT_GT(compressed->files, 1);
  EXPECT_GT(compressed->bytes, 0);
  EXPECT_EQ(store->compress_cold(all)->files, 0);
  // The newest revision stays, with what it needs.
  const auto head = store->files().list_uncompressed();
  EXPECT_EQ(value_of(name("used")), 4);
  EXPECT_EQ(store->files().list_uncompressed(), head);
  EXPECT_EQ(value_of(name("left")), 9);
  ASSERT_TRUE(store->rewind(name("used"), "1").ok());
  EXPECT_EQ(value_of(name("used")), 1);
  EXPECT_TRUE(store->check([](double) {})->damaged.empty());
  EXPECT_EQ(files_on_disk(), 5U);
}

TEST_F(SessionStoreTest, StaysSmallByItself) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  reopen({.cold = std::chrono::seconds(1)});
  let_pass(std::chrono::seconds(2));
  ASSERT_TRUE(store->keep_small().ok());
  EXPECT_TRUE(store->files().list_uncompressed().empty());
  EXPECT_EQ(value_of(name("s")), 1);
  // Not again so soon.
  ASSERT_TRUE(store->keep_small().ok());
  EXPECT_EQ(store->files().list_uncompressed().size(), 1U);
  reopen({.time_to_live = std::chrono::seconds(1), .cold = std::chrono::seconds(1)});
  let_pass(std::chrono::seconds(2));
  ASSERT_TRUE(store->keep_small().ok());
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(SessionStoreTest, AFileThatOthersRestOnCountsUntilNobodyDoes) {
  ASSERT_TRUE(run(name("a"), 1).ok());
  ASSERT_TRUE(store->fork(name("a"), name("b")).ok());
  ASSERT_TRUE(store->clear(name("a")).ok());
  reopen({.bytes = bytes(15 * kPageSize)});
  ASSERT_TRUE(run(name("c"), 1).ok());
  EXPECT_EQ(store->info(name("b")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files_on_disk(), 1U);
}

TEST_F(SessionStoreTest, ASessionInUseIsNotEvicted) {
  reopen({.sessions = 2});
  for (const char* each : {"old", "b"}) ASSERT_TRUE(run(name(each), 1).ok());
  const auto lease = store->lease(name("old")).value();
  ASSERT_TRUE(run(name("c"), 1).ok());
  EXPECT_TRUE(store->info(name("old")).ok());
  EXPECT_EQ(store->info(name("b")).status().code(), StatusCode::kNotFound);
}

TEST_F(SessionStoreTest, AForkMayPushItsOriginOut) {
  reopen({.sessions = 1});
  ASSERT_TRUE(run(name("a"), 1).ok());
  ASSERT_TRUE(store->fork(name("a"), name("b")).ok());
  EXPECT_EQ(store->info(name("a")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(value_of(name("b")), 1);
}

TEST_F(SessionStoreTest, WhereManyRevisionsAreKeptTheSurplusGoesNowAndThen) {
  reopen({.revisions = 20});
  ASSERT_TRUE(run(name("s"), 0).ok());
  std::size_t most = 0;
  for (int i = 1; i < 60; ++i) {
    ASSERT_TRUE(run_small(name("s"), i).ok());
    most = std::max(most, store->revisions(name("s"))->size());
  }
  EXPECT_GT(most, 20U);
  EXPECT_LE(most, 22U);
  EXPECT_EQ(value_of(name("s")), 59);
  EXPECT_EQ(files_on_disk(), 1U);
}

TEST_F(SessionStoreTest, GarbageIsCollectedAndNothingElse) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(run(name("s"), i).ok());
  std::ofstream(directory / "store/revisions/.tmp-abc") << "half";
  std::filesystem::copy_file(
      directory / "store/revisions" / (store->files().list()[0] + ".revision"),
      directory / "store/revisions" / (std::string(32, 'f') + ".revision"));
  const auto collected = store->collect_garbage();
  ASSERT_TRUE(collected.ok()) << collected.status();
  EXPECT_EQ(collected->files, 1);
  EXPECT_EQ(files_on_disk(), 5U);
  EXPECT_FALSE(std::filesystem::exists(directory / "store/revisions/.tmp-abc"));
  EXPECT_TRUE(store->check([](double) {})->damaged.empty());
  EXPECT_EQ(value_of(name("s")), 5);
}

}  // namespace
}  // namespace skerry::store
