// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/image/test_template.h"
#include "skerry/store/directory_store.h"
#include "skerry/store/test_time.h"

/// For tests only.
namespace skerry::store::testing {

inline SessionName name(std::string_view text) { return SessionName::parse(text).value(); }

/// A store in a directory of its own, and runs in its sessions.
class SessionStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }

  void reopen(const Policy& policy = {}, std::string_view tenant = "default") {
    store.reset();
    auto opened = DirectoryStore::open(directory / "store", tenant, policy);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
  }

  /// A run that leaves `value` at the start of memory, and fills pages, half with noise, so that it
  /// leaves a file.
  Result<RevisionInfo> run(const SessionName& session, int value,
                           Durability durability = Durability::kCommitted) const {
    return run_on(session, value, durability, [&](image::LinearMemory& memory) {
      std::memcpy(memory.base(), &value, sizeof value);
      std::mt19937 noise(static_cast<unsigned>(value));
      for (std::size_t at = 20 * kPageSize; at < 30 * kPageSize; at += sizeof value) {
        const bool is_noise = at % kPageSize < kPageSize / 2;
        const auto word =
            static_cast<std::uint32_t>(is_noise ? noise() : static_cast<unsigned>(value));
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

}  // namespace skerry::store::testing
