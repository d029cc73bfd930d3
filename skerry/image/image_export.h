// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"

namespace skerry::image {

/// Where an export comes from.
struct ExportOrigin {
  std::string session;
  std::int64_t revision = 0;
};

/// How far a long call has come, 0 to 1.
using Progress = std::function<void(double)>;

/// Writes `image` with all its memory to the empty file `fd`, which must be able to seek.
/// docs/formats/session_export.md has the bytes.
Status write_export(int fd, const Image& image, const ExportOrigin& origin,
                    const Progress& progress);

/// An export that was read: nothing in it has been vouched for, but every number is within bounds.
/// `host_state` is for `wasi::decode` to check, the globals' names for who knows the module.
struct Export {
  ExportOrigin origin;
  Manifest manifest;
  Captured captured;  ///< on a memory of zeros
};

/// The most bytes that an export may have.
inline constexpr ByteSize kMaxExport = mib(4672);

/// Reads the export in the file `fd`, from its beginning to its end. The pages are laid into
/// `room`, an empty file of the caller's that is then mapped. kDataLoss, saying what is wrong, when
/// it is damaged, cut off or no export; kUnimplemented for another format version.
Result<Export> read_export(int fd, OwnedFd room, const Progress& progress);

}  // namespace skerry::image
