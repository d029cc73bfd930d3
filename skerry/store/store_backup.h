// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::store {

/// How far a long call has come, 0 to 1.
using Progress = std::function<void(double)>;

/// Whether a restored store may take the place of one that holds sessions.
enum class Replace { kEmptyOnly, kAny };

struct Backup {
  std::int64_t files = 0;            ///< that are in it
  std::vector<std::string> damaged;  ///< what is wrong with the store, and so with the backup
};

/// Writes all of the store at `store`, of every tenant, to the file or pipe `fd`. Others may go on
/// using the store. docs/formats/store_backup.md has the bytes.
Result<Backup> write_backup(const std::filesystem::path& store, int fd, const Progress& progress);

/// Puts what `fd` holds in the place of the store at `store`, whole or not at all, and returns how
/// many files there were. Its sessions count as just used, the latest of them, as they were then.
/// kAlreadyExists when the store holds sessions and `replace` does not allow that; kUnavailable
/// when somebody has it open; kDataLoss when the backup is none or is damaged; kUnimplemented for
/// another format version. `progress` is called where `fd` is a file, whose size tells.
Result<std::int64_t> restore_backup(int fd, const std::filesystem::path& store, Replace replace,
                                    const Progress& progress);

}  // namespace skerry::store
