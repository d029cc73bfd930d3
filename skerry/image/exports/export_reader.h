// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/exports/image_export.h"
#include "skerry/image/manifest_budget.h"

/// Reading exports, which anyone may have written. That takes two processes: one that may be lost
/// unpacks the file, and leaves what it has found for the other, which believes none of it.
namespace skerry::image {

/// An export that was read: no one has vouched for anything in it, but every number is within
/// bounds. `captured` is on a memory of zeros; its `host_state` is for `wasi::decode` to check, the
/// globals' names for who knows the module.
struct Export {
  ExportOrigin origin;
  std::string module_sha256;
  std::string template_name;
  Captured captured;
  /// Of the image that it will rest on. What the file says of them is not taken over: whoever finds
  /// the runtime that it is of here puts that runtime's.
  std::map<std::string, std::string> facts = {};
};

/// The most bytes that an export may have.
inline constexpr ByteSize kMaxExport = mib(4672);

/// What lies in the file that an export was unpacked to, one behind the other. Bytes of each.
struct UnpackedSizes {
  std::uint64_t pages = 0;
  std::uint64_t host_state = 0;
  std::uint64_t manifest = 0;  ///< without the host state
};

/// Looks at what an export says before its pages are unpacked; its failure is the reader's.
using ExportCheck = std::function<Status(const Export&)>;

/// Reads the export in the file `fd`, from its beginning to its end, and writes what it holds to
/// `room`, an empty file. For the process that may be lost: memory stays within four times
/// `limits.quota()`. kDataLoss, saying what is wrong, when it is damaged, cut off or no export;
/// kUnimplemented for another format version.
Result<UnpackedSizes> unpack_export(int fd, int room, const ExportLimits& limits,
                                    const ExportCheck& check);

/// Takes over what the other process has left in `room`, when that process is gone: a file that
/// shrinks while it is mapped ends the reader. Checks all of it again, but for the pages' content.
/// kDataLoss when it is not what `unpack_export` writes.
Result<Export> take_unpacked(OwnedFd room, const UnpackedSizes& sizes, const ExportLimits& limits);

}  // namespace skerry::image
