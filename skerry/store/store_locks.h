// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

/// Files that processes lock to stay out of each other's way in one store, and why.
namespace skerry::store {

/// Shared by all that have the store open; taken alone to put another in its place. It lies beside
/// the store, not in it.
inline std::filesystem::path open_lock(const std::filesystem::path& store) {
  return store.native() + ".lock";
}

/// Shared by those that write revisions; taken alone to look for files that nobody needs.
inline std::filesystem::path writing_lock(const std::filesystem::path& store) {
  return store / "locks" / "writing";
}

/// Holds the locks of sessions, one for each by its number: taken for the whole of a run.
inline std::filesystem::path leases_lock(const std::filesystem::path& store) {
  return store / "locks" / "sessions";
}

/// Taken alone while a backup is made, and where its snapshot lies until then.
inline std::filesystem::path backup_lock(const std::filesystem::path& store) {
  return store / "locks" / "backup";
}
inline std::filesystem::path backup_scratch(const std::filesystem::path& store) {
  return store / "backup";
}

}  // namespace skerry::store
