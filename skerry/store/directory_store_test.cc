// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/directory_store.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/image/test_export.h"
#include "skerry/image/test_template.h"
#include "skerry/store/test_session_store.h"

namespace skerry::store {
namespace {

using testing::name;
using testing::SessionStoreTest;

TEST_F(SessionStoreTest, ForksShareWhatIsOpen) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  ASSERT_TRUE(store->fork(name("s"), name("fork")).ok());
  const auto first = store->open_revision(name("s"), std::nullopt).value();
  const auto fork = store->open_revision(name("fork"), std::nullopt).value();
  EXPECT_EQ(first.revision->file_image, fork.revision->file_image);
  EXPECT_EQ(first.revision->descriptors, fork.revision->descriptors);
}

TEST_F(SessionStoreTest, WhatNobodyHasIsNotKeptOpen) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  std::weak_ptr<const image::Image> image;
  {
    const auto opened = store->open_revision(name("s"), std::nullopt).value();
    image = opened.revision->file_image;
  }
  EXPECT_TRUE(image.expired());
  EXPECT_EQ(value_of(name("s")), 1) << "it is read again";
}

TEST_F(SessionStoreTest, FilesToLookAtAreOpenedUnread) {
  EXPECT_EQ(store->open_files(name("s")).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(run(name("s"), 1).ok());
  ASSERT_TRUE(run_small(name("s"), 2).ok());  // a patch
  for (const char* where : {"1", "2"}) {
    ASSERT_TRUE(store->rewind(name("s"), where).ok());
    const auto whole = store->open_revision(name("s"), where).value();
    auto opened = store->open_files(name("s")).value();
    ASSERT_TRUE(opened.files.has_value());
    EXPECT_EQ(opened.files->id, whole.revision->id);
    const auto read =
        image::read_stored_state(std::move(opened.files->own_file), opened.files->patch);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->host_state, whole.revision->image()->manifest.host_state);
    EXPECT_EQ(read->template_sha256, whole.revision->file_image->sha256);
    const auto base = image::read_image(std::move(opened.files->template_file), "template");
    ASSERT_TRUE(base.ok()) << base.status();
    EXPECT_EQ((*base)->sha256, read->template_sha256);
  }
  ASSERT_TRUE(store->rewind(name("s"), "0").ok());
  EXPECT_FALSE(store->open_files(name("s"))->files.has_value());
}

TEST_F(SessionStoreTest, ARevisionWithoutItsHostStateIsTheSameOtherwise) {
  ASSERT_TRUE(run(name("s"), 1).ok());
  ASSERT_TRUE(run_small(name("s"), 2).ok());
  const auto whole = *store->open_revision(name("s"), std::nullopt)->revision;
  const auto less = whole.without_host_state();
  EXPECT_TRUE(less.manifest().host_state.empty());
  EXPECT_EQ(less.descriptors, whole.descriptors);
  EXPECT_EQ(less.patch->content, whole.patch->content);
  EXPECT_EQ(less.memory_size(), whole.memory_size());
  EXPECT_EQ(less.manifest().globals, whole.manifest().globals);
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
