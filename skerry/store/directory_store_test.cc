// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/directory_store.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/image/test_export.h"
#include "skerry/image/test_template.h"
#include "skerry/store/memory_tenant.h"
#include "skerry/store/test_time.h"

namespace skerry::store {
namespace {

SessionName name(std::string_view text) { return SessionName::parse(text).value(); }

class SessionStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }

  void reopen(const Policy& policy = {}, std::string_view tenant = "default") {
    store.reset();
    auto opened = DirectoryStore::open(directory / "store", tenant, policy);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
  }

  /// A run that leaves `value` at the start of memory, and fills pages with noise so that it leaves
  /// a file.
  Result<RevisionInfo> run(const SessionName& session, int value,
                           Durability durability = Durability::kCommitted) const {
    return run_on(session, value, durability, [&](image::LinearMemory& memory) {
      std::memcpy(memory.base(), &value, sizeof value);
      std::mt19937 noise(static_cast<unsigned>(value));
      for (std::size_t at = 20 * kPageSize; at < 30 * kPageSize; at += sizeof value) {
        const auto word = static_cast<std::uint32_t>(noise());
        std::memcpy(memory.base() + at, &word, sizeof word);
      }
    });
  }

  /// A run that leaves `value`, and so little else that there is no file.
  Result<RevisionInfo> run_small(const SessionName& session, int value,
                                 Durability durability = Durability::kCommitted) const {
    return run_on(session, value, durability, [&](image::LinearMemory& memory) {
      std::memcpy(memory.base(), &value, sizeof value);
      std::memcpy(memory.base() + 40 * kPageSize + 10 * value, &value, sizeof value);
    });
  }

  template <typename Change>
  Result<RevisionInfo> run_on(const SessionName& session, int value, Durability durability,
                              const Change& change) const {
    SKERRY_ASSIGN(const auto lease, store->lease(session));
    SKERRY_ASSIGN(const auto head, store->head(lease));
    const image::Revision parent = head.revision.value_or(made.root);
    SKERRY_ASSIGN(const auto captured, image::testing::TestTemplate::run_on(parent, change));
    SKERRY_ASSIGN(auto committed, store->commit(lease, parent, captured,
                                                {.first_line = "x = " + std::to_string(value),
                                                 .outcome = "completed",
                                                 .template_file = made.file,
                                                 .durability = durability}));
    return std::move(committed.info);
  }

  /// What the last run on the head left; -1 on the template.
  int value_of(const SessionName& session) const {
    const auto lease = store->lease(session).value();
    const auto head = store->head(lease);
    if (!head.ok()) ADD_FAILURE() << head.status();
    if (!head.ok() || !head->revision) return -1;
    int value = 0;
    std::memcpy(&value, head->revision->image()->pages->page(0), sizeof value);
    return value;
  }

  std::size_t files_on_disk() const {
    store->after_commit();
    return store->files().list().size();
  }

  void let_pass(std::chrono::seconds time) const { testing::let_pass(directory / "store", time); }

  TestDirectory directory;
  image::testing::TestTemplate made;
  std::unique_ptr<DirectoryStore> store;
};

TEST(SessionNameTest, IsOneWordOfPlainSigns) {
  for (const char* good : {"a", "A-1_b.c", "0", "x.y.z"}) {
    EXPECT_TRUE(SessionName::parse(good).ok()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".a"), std::string("a..b"), std::string("a/b"),
        std::string("../a"), std::string("a b"), std::string("a\0b", 3), std::string("a\n"),
        std::string("ü"), std::string("😀"), std::string(129, 'a'), std::string(10'000, 'a')}) {
    EXPECT_EQ(SessionName::parse(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_TRUE(SessionName::parse(std::string(128, 'a')).ok());
}

TEST_F(SessionStoreTest, EveryRunIsARevisionThatTheNextStartsFrom) {
  for (int i = 1; i <= 3; ++i) {
    const auto info = run(name("s"), i);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->number, i);
    EXPECT_EQ(info->parent, i - 1);
  }
  EXPECT_EQ(value_of(name("s")), 3);
  reopen();
  EXPECT_EQ(value_of(name("s")), 3);
  const auto revisions = store->revisions(name("s")).value();
  ASSERT_EQ(revisions.size(), 3U);
  EXPECT_EQ(revisions[1].first_line, "x = 2");
  EXPECT_FALSE(revisions[1].is_head);
  EXPECT_TRUE(revisions[2].is_head);
  const auto info = store->info(name("s")).value();
  EXPECT_EQ(info.head, 3);
  EXPECT_EQ(info.runs, 3);
  EXPECT_EQ(info.template_name, "test");
  EXPECT_GT(info.bytes, 0);
}

TEST_F(SessionStoreTest, RewindDeletesNothing) {
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(run(name("s"), i).ok());
  ASSERT_TRUE(store->rewind(name("s"), "2").ok());
  EXPECT_EQ(value_of(name("s")), 2);
  ASSERT_TRUE(run(name("s"), 50).ok());
  EXPECT_EQ(store->revisions(name("s"))->back().parent, 2);
  ASSERT_TRUE(store->rewind(name("s"), "4").ok());
  EXPECT_EQ(value_of(name("s")), 4);
  ASSERT_TRUE(store->rewind(name("s"), "5").ok());
  EXPECT_EQ(value_of(name("s")), 50);
  ASSERT_TRUE(store->rewind(name("s"), "0").ok());
  EXPECT_EQ(value_of(name("s")), -1);
  ASSERT_TRUE(run(name("s"), 60).ok());
  EXPECT_EQ(store->revisions(name("s"))->back().parent, 0);
  for (const char* unknown : {"7", "-1", "x", "", "99999999999999999999"}) {
    EXPECT_EQ(store->rewind(name("s"), unknown).status().code(), StatusCode::kNotFound) << unknown;
  }
}

TEST_F(SessionStoreTest, ACheckpointIsFoundByItsLabelAndKept) {
  reopen({.revisions = 3});
  ASSERT_TRUE(run(name("s"), 1).ok());
  ASSERT_TRUE(store->checkpoint(name("s"), "before it went wrong").ok());
  for (int i = 2; i <= 9; ++i) ASSERT_TRUE(run(name("s"), i).ok());
  const auto kept = store->revisions(name("s")).value();
  ASSERT_EQ(kept.size(), 4U);  // three, and the labelled one
  EXPECT_EQ(kept[0].label, "before it went wrong");
  EXPECT_EQ(kept[1].number, 7);
  EXPECT_EQ(kept[1].parent, 1);  // what lay between is forgotten
  EXPECT_LE(files_on_disk(), 4U);
  ASSERT_TRUE(store->rewind(name("s"), "before it went wrong").ok());
  EXPECT_EQ(value_of(name("s")), 1);
  for (const std::string& bad :
       {std::string(), std::string("7"), std::string("a\nb"), std::string(129, 'x'),
        std::string("a\0b", 3), std::string("\x1b[31m"), std::string("\xff")}) {
    EXPECT_EQ(store->checkpoint(name("s"), bad).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(SessionStoreTest, ALabelThatMovesOrGoesIsTold) {
  for (int i = 1; i <= 2; ++i) {
    ASSERT_TRUE(run(name("s"), i).ok());
    ASSERT_TRUE(store->checkpoint(name("s"), "good").ok());
  }
  const auto again = store->checkpoint(name("s"), "good").value();
  EXPECT_EQ(again.replaced, "");
  EXPECT_FALSE(again.taken.has_value());
  const auto other = store->checkpoint(name("s"), "better").value();
  EXPECT_EQ(other.replaced, "good");
  ASSERT_TRUE(run(name("s"), 3).ok());
  const auto moved = store->checkpoint(name("s"), "better").value();
  EXPECT_EQ(moved.taken, 2);
  EXPECT_EQ(moved.info.number, 3);
}

TEST_F(SessionStoreTest, AForkGoesItsOwnWay) {
  ASSERT_TRUE(run(name("a"), 1).ok());
  ASSERT_TRUE(run(name("a"), 2).ok());
  ASSERT_TRUE(store->fork(name("a"), name("b")).ok());
  EXPECT_EQ(value_of(name("b")), 2);
  ASSERT_TRUE(run(name("b"), 30).ok());
  ASSERT_TRUE(run(name("a"), 3).ok());
  EXPECT_EQ(value_of(name("a")), 3);
  EXPECT_EQ(value_of(name("b")), 30);
  EXPECT_EQ(store->revisions(name("b"))->size(), 3U);
  ASSERT_TRUE(store->rewind(name("b"), "1").ok());  // into what it shares
  EXPECT_EQ(value_of(name("b")), 1);
  EXPECT_EQ(store->fork(name("a"), name("b")).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(store->fork(name("none"), name("c")).code(), StatusCode::kNotFound);
  // The fork outlives what it came from.
  EXPECT_EQ(store->clear(name("a")).value(), 1);
  EXPECT_EQ(value_of(name("b")), 1);
  ASSERT_TRUE(store->rewind(name("b"), "3").ok());
  EXPECT_EQ(value_of(name("b")), 30);
  EXPECT_EQ(store->clear(std::nullopt).value(), 1);
  EXPECT_EQ(files_on_disk(), 0U);
  EXPECT_TRUE(store->files().list_templates().empty());
}

TEST_F(SessionStoreTest, ForksOfForksGoDeep) {
  ASSERT_TRUE(run(name("f0"), 7).ok());
  reopen({.sessions = 100'000});
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(store->fork(name("f" + std::to_string(i)), name("f" + std::to_string(i + 1))).ok());
  }
  EXPECT_EQ(value_of(name("f300")), 7);
  ASSERT_TRUE(run(name("f300"), 8).ok());
  EXPECT_EQ(value_of(name("f150")), 7);
}

TEST_F(SessionStoreTest, TenantsDoNotSeeEachOther) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  reopen({}, "other");
  EXPECT_TRUE(store->list()->empty());
  EXPECT_EQ(store->info(name("s")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store->rewind(name("s"), "1").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store->fork(name("s"), name("t")).code(), StatusCode::kNotFound);
  ASSERT_TRUE(run(name("s"), 9).ok());
  EXPECT_EQ(store->clear(std::nullopt).value(), 1);
  reopen();
  EXPECT_EQ(value_of(name("s")), 1);
}

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

TEST_F(SessionStoreTest, AStoreOfTheFirstVersionIsTakenOver) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  store.reset();
  {
    const auto database = Database::open(directory / "store/sessions.db").value();
    ASSERT_TRUE(database->run_script("DROP TABLE files; PRAGMA user_version = 1").ok());
  }
  reopen({.bytes = bytes(1000)});
  EXPECT_EQ(value_of(name("s")), 1);
  EXPECT_EQ(run(name("s"), 2).status().code(), StatusCode::kResourceExhausted);
}

TEST_F(SessionStoreTest, AStoreWithoutPatchesIsTakenOver) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  store.reset();
  {
    const auto database = Database::open(directory / "store/sessions.db").value();
    ASSERT_TRUE(database
                    ->run_script("DROP TRIGGER patch_removed; DROP TABLE patches; "
                                 "PRAGMA user_version = 3")
                    .ok());
  }
  reopen();
  ASSERT_TRUE(run_small(name("s"), 2).ok());
  EXPECT_EQ(value_of(name("s")), 2);
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

TEST_F(SessionStoreTest, OnlyTheLastEventsAreTold) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  const auto lease = store->lease(name("s")).value();
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(store->note(lease, std::to_string(i)).ok());
  const auto events = store->events(name("s")).value();
  ASSERT_EQ(events.size(), 200U);
  EXPECT_EQ(events.front().text, "400");
  EXPECT_EQ(events.back().text, "599");
}

TEST_F(SessionStoreTest, RevisionZeroIsTheTemplate) {
  EXPECT_EQ(store->open_revision(name("s"), std::nullopt).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(run(name("s"), 1).ok());
  EXPECT_FALSE(store->open_revision(name("s"), "0")->revision.has_value());
  ASSERT_TRUE(store->rewind(name("s"), "0").ok());
  const auto head = store->open_revision(name("s"), std::nullopt);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->number, 0);
  EXPECT_FALSE(head->revision.has_value());
  EXPECT_EQ(head->template_name, "test");
  EXPECT_EQ(store->open_revision(name("s"), "1")->number, 1);
}

TEST_F(SessionStoreTest, ARevisionThatIsOpenIsNotOpenedAgain) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  const auto first = store->open_revision(name("s"), std::nullopt).value();
  const auto again = store->open_revision(name("s"), std::nullopt, &*first.revision).value();
  EXPECT_EQ(again.revision->file_image, first.revision->file_image);
  ASSERT_TRUE(run(name("s"), 2).ok());
  const auto next = store->open_revision(name("s"), std::nullopt, &*first.revision).value();
  EXPECT_EQ(next.number, 2);
  EXPECT_NE(next.revision->file_image, first.revision->file_image);
}

TEST_F(SessionStoreTest, AnImportedSessionIsAllItsOwn) {
  ASSERT_TRUE(run(name("s"), 5).ok());
  const auto opened = store->open_revision(name("s"), std::nullopt).value();
  const auto file = image::testing::exported(*opened.revision->image(), {"s", opened.number});
  ASSERT_TRUE(file.ok()) << file.status();
  const auto imported = image::testing::read_export(*file);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(store->import(name("s"), *imported).status().code(), StatusCode::kAlreadyExists);
  const auto saved = store->import(name("copy"), *imported);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(saved->number, 1);
  EXPECT_EQ(saved->first_line, "imported: s, revision 1");
  const auto templates = store->files().list_templates().size();
  ASSERT_TRUE(store->import(name("second"), *imported).ok());
  EXPECT_EQ(store->files().list_templates().size(), templates) << "one base for all imports";
  ASSERT_TRUE(store->clear(name("second")).ok());
  ASSERT_TRUE(store->clear(name("s")).ok());  // the template goes, too
  const auto copy = store->open_revision(name("copy"), "1").value();
  EXPECT_EQ(image::testing::whole(*copy.revision->image()->pages),
            image::testing::whole(*opened.revision->image()->pages));
  EXPECT_EQ(copy.revision->image()->manifest.host_state, "state 0+");
  EXPECT_EQ(copy.revision->image()->manifest.globals, opened.revision->image()->manifest.globals);
  ASSERT_TRUE(run(name("copy"), 6).ok());
  EXPECT_EQ(value_of(name("copy")), 6);
  EXPECT_TRUE(store->check([](double) {})->damaged.empty());
  ASSERT_TRUE(store->clear(std::nullopt).ok());
  EXPECT_TRUE(store->files().list_templates().empty());
}

TEST_F(SessionStoreTest, ARunThatChangesLittleLeavesNoFile) {
  ASSERT_TRUE(run_small(name("s"), 1).ok());  // on the template: one file
  for (int i = 2; i <= 4; ++i) {
    const auto info =
        run_small(name("s"), i, i == 3 ? Durability::kDurable : Durability::kCommitted);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_LT(info->bytes, 500);
    EXPECT_EQ(info->is_durable, i == 3);
  }
  EXPECT_EQ(files_on_disk(), 1U);
  ASSERT_TRUE(store->fork(name("s"), name("t")).ok());
  reopen();
  EXPECT_EQ(value_of(name("s")), 4);
  ASSERT_TRUE(store->rewind(name("s"), "2").ok());
  EXPECT_EQ(value_of(name("s")), 2);
  ASSERT_TRUE(run(name("s"), 50).ok());  // all that lay in patches is in its file
  EXPECT_EQ(value_of(name("s")), 50);
  ASSERT_TRUE(run_small(name("s"), 51).ok());
  EXPECT_EQ(value_of(name("s")), 51);
  EXPECT_EQ(value_of(name("t")), 4);
  EXPECT_EQ(files_on_disk(), 2U);
  EXPECT_EQ(store->collect_garbage()->files, 0);
  EXPECT_TRUE(store->check([](double) {})->damaged.empty());
  const auto patches = [&] {
    const auto database = Database::open(directory / "store/sessions.db").value();
    return database->run("SELECT COUNT(*) FROM patches")->front().integer(0);
  };
  EXPECT_EQ(patches(), 4);
  ASSERT_TRUE(store->clear(name("s")).ok());
  EXPECT_EQ(patches(), 3) << "that the fork comes from";
  EXPECT_EQ(value_of(name("t")), 4);
  ASSERT_TRUE(store->clear(name("t")).ok());
  EXPECT_EQ(patches(), 0);
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(SessionStoreTest, ADamagedPatchIsNamedAndPassedOver) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(run_small(name("s"), i).ok());
  {
    const auto database = Database::open(directory / "store/sessions.db").value();
    ASSERT_TRUE(database
                    ->run_script("UPDATE patches SET content = substr(content, 1, 60) "
                                 "WHERE rowid = (SELECT MAX(rowid) FROM patches)")
                    .ok());
  }
  const auto damaged = store->check([](double) {})->damaged;
  ASSERT_EQ(damaged.size(), 1U);
  EXPECT_NE(damaged[0].find("its bytes have changed"), std::string::npos) << damaged[0];
  EXPECT_EQ(value_of(name("s")), 2);
  EXPECT_NE(store->events(name("s"))->back().text.find("went back to revision 2"),
            std::string::npos);
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

TEST_F(SessionStoreTest, ARunWhoseSessionWasClearedIsNotSaved) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  const auto lease = store->lease(name("s")).value();
  const auto head = store->head(lease).value();
  const auto captured =
      image::testing::TestTemplate::run_on(*head.revision, [](image::LinearMemory&) {}).value();
  ASSERT_TRUE(store->clear(name("s")).ok());
  EXPECT_EQ(store->commit(lease, *head.revision, captured, {}).status().code(),
            StatusCode::kAborted);
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(SessionStoreTest, ADamagedHeadGoesBackToTheLastWholeRevision) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(run(name("s"), i).ok());
  std::vector<std::string> newest;
  {
    const auto lease = store->lease(name("s")).value();
    newest.push_back(store->head(lease)->revision->id);
  }
  const auto path = directory / "store/revisions" / (newest[0] + ".revision");
  std::filesystem::resize_file(path, 100);
  EXPECT_EQ(store->check([](double) {})->damaged.size(), 1U);
  EXPECT_EQ(value_of(name("s")), 2);
  EXPECT_NE(store->events(name("s"))->back().text.find("went back to revision 2"),
            std::string::npos);
  const auto info = run(name("s"), 4);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->number, 4);
  EXPECT_EQ(info->parent, 2);
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

TEST_F(SessionStoreTest, ADurableRunIsSaidToBe) {
  EXPECT_FALSE(run(name("s"), 1)->is_durable);
  EXPECT_TRUE(run(name("s"), 2, Durability::kDurable)->is_durable);
  EXPECT_TRUE(store->revisions(name("s"))->back().is_durable);
}

// Processes run in one session, and are killed at any instant. Each writes down what was
// acknowledged; in the end the session holds the last of that, or one run more.
TEST_F(SessionStoreTest, NothingAcknowledgedIsLostWhenProcessesAreKilled) {
  std::mt19937 random(5);
  const auto acknowledged = [&] {
    std::ifstream file(directory / "acknowledged");
    int last = 0;
    for (int value = 0; file >> value;) last = value;
    return last;
  };
  for (int round = 0; round < 25; ++round) {
    store.reset();
    const int first = acknowledged() + 1;
    Child child = Child::fork([&] {
                    reopen();
                    std::ofstream file(directory / "acknowledged", std::ios::app);
                    for (int value = first;; ++value) {
                      if (!run(name("s"), value).ok()) return 1;
                      file << value << std::endl;
                    }
                  }).value();
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 60));
    child.kill();
    ASSERT_EQ(child.wait()->signal, SIGKILL);
    reopen();
    const int last = acknowledged();
    if (last == 0) continue;
    const int value = value_of(name("s"));
    ASSERT_TRUE(value == last || value == last + 1) << value << " after " << last;
    std::ofstream(directory / "acknowledged", std::ios::app) << value << std::endl;
    ASSERT_TRUE(store->check([](double) {})->damaged.empty());
  }
  EXPECT_GT(acknowledged(), 25);
}

TEST_F(SessionStoreTest, RunsOfManyProcessesQueueInOneSession) {
  store.reset();
  std::vector<Child> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(Child::fork([&] {
                         reopen();
                         for (int round = 0; round < 5; ++round) {
                           if (!run(name("s"), round).ok()) return 1;
                         }
                         return 0;
                       }).value());
  }
  for (Child& child : children) EXPECT_EQ(child.wait()->code, 0);
  reopen();
  const auto revisions = store->revisions(name("s")).value();
  ASSERT_EQ(revisions.size(), 20U);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    EXPECT_EQ(revisions[i].parent, static_cast<std::int64_t>(i));
  }
}

}  // namespace
}  // namespace skerry::store
