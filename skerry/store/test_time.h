// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

#include "skerry/base/database.h"

namespace skerry::store::testing {

/// Lets `time` pass for what lies in `store`: the uses that its database knows, and its files, are
/// so much older afterwards.
inline void let_pass(const std::filesystem::path& store, std::chrono::seconds time) {
  const auto database = Database::open(store / "sessions.db");
  ASSERT_TRUE(database.ok()) << database.status();
  const auto aged = (*database)->run("UPDATE sessions SET used = used - ?",
                                     {Cell::of(std::chrono::nanoseconds(time).count())});
  ASSERT_TRUE(aged.ok()) << aged.status();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store / "revisions")) {
    if (entry.is_regular_file()) {
      std::filesystem::last_write_time(entry.path(), entry.last_write_time() - time);
    }
  }
}

}  // namespace skerry::store::testing
