// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/wasi/files/file_system.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

namespace skerry::worker {

/// Which changed files leave a sandbox. A value.
struct ExportRules {
  /// Whether all do, but those below /tmp.
  enum class Scope : bool { kDirectories, kAll };
  Scope scope = Scope::kAll;
  /// Absolute paths in the guest, without a slash at the end: what lies below them does, too.
  std::vector<std::string> directories = {};
  /// What lies below them does not: of a run that was stopped in the midst of it.
  bool leaves_directories = false;
  /// The sizes of all files together, holes included.
  ByteSize max_bytes;
};

/// Sends which files differ between `before` and `after`, and their content, as far as the bounds
/// of `FileChanges::kReported` allow: what lies below /tmp and links are not told.
Status report_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                      RunChannel& channel);

/// What a run for the broker exports; none when its changes are not wanted whole.
std::optional<ExportRules> export_of(const RunRequest& request);

/// Sends what differs between `before` and `after` through `channel`. Holes are not sent. Of a file
/// with several names that go to the same places, the first carries the content and the others are
/// hard links to it. kResourceExhausted when that is more than the rules or `kChangeLimits` allow:
/// then nothing has been sent.
Status send_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                    const ExportRules& rules, RunChannel& channel);

}  // namespace skerry::worker
