// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "skerry/access/principal.h"
#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deletion.h"
#include "skerry/files/file_path.h"
#include "skerry/files/listing.h"
#include "skerry/operation/codec.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::workspace {

/// A file or directory of a session's workspace, by the names that the client sent: unchecked. An
/// empty path is the root.
struct FileRef {
  access::Principal principal;
  std::string session;
  std::string path = {};
};

/// The files of sessions as our own front ends offer them, HTTP, gRPC and the command line: with
/// bounds that are the same for all. For coroutines of the event loop.
///
/// Each call fails as those of `FileCalls`; and with kInvalidArgument for a name or path that is
/// none, kPermissionDenied for a path that leads out, or into a user's memory.
class SessionFiles {
 public:
  template <typename Value>
  using Awaited = FileCalls::Awaited<Value>;
  /// The most bytes of a file and of an archive that come or go.
  static constexpr std::size_t kMaxBytes = operation::kMaxBytes;

  /// Borrows the calls.
  explicit SessionFiles(FileCalls& calls) : calls_(&calls) {}

  /// What was written: where, as clients write it, and bytes of content.
  struct Stored {
    std::string path;
    std::uint64_t size = 0;
  };

  /// How every call on `ref` would fail, whatever there is.
  static Status check(const FileRef& ref);

  /// Of a directory, or of all directories below it.
  Awaited<files::Listed> list(FileRef ref, files::Depth depth) const;
  Awaited<operation::Content> read(FileRef ref) const;
  /// Replaces the file, and makes the directories on its way.
  Awaited<Stored> write(FileRef ref, std::string content) const;
  /// As rename(2) does, and makes the directories on the way.
  Awaited<Stored> move(FileRef ref, std::string to) const;
  /// kInvalidArgument for the root. What is not there is none that was deleted.
  Awaited<files::Deleted> remove(FileRef ref, files::Depth depth) const;
  /// As a tar archive.
  Awaited<operation::Content> pack(FileRef ref) const;
  /// A tar archive, whole or not at all.
  Awaited<Stored> unpack(FileRef ref, std::string archive) const;

 private:
  FileCalls* calls_;
};

/// Where a client's path leads in a session's workspace; empty: to its root. kPermissionDenied for
/// one into a user's memory; else fails as `FilePath::parse`.
Result<files::FilePath> workspace_path(const std::string& text);

/// A listing as HTTP and `--json` have it.
nlohmann::ordered_json json_of(files::Listed&& listed);

}  // namespace skerry::workspace
