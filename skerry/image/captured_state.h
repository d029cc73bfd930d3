// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "skerry/base/mapping.h"
#include "skerry/image/image_file.h"

namespace skerry::image {

/// What a run made of the image it started from.
struct CapturedState {
  std::size_t memory_size = 0;   ///< bytes
  std::vector<PageRun> changed;  ///< pages that are not the image's, in order and disjoint
  std::vector<Global> globals;
  std::string host_state;  ///< as `wasi::encode` made it
};

/// Writes `state`, and the changed pages of `memory`, to the empty file `fd`.
Status write_captured(int fd, const CapturedState& state, std::span<const std::byte> memory);

/// A captured state as its supervisor has it: checked against the image that the run began as, but
/// for `host_state`, which `wasi::decode` checks.
struct Captured {
  CapturedState state;
  ReadOnlyMapping file;
  /// The changed pages, one behind the other.
  std::span<const std::byte> pages() const { return file.bytes().first(pages_size); }
  std::size_t pages_size = 0;
};

/// Reads what a run's process wrote to `fd`. The writer is untrusted and must be gone: a file that
/// shrinks while it is mapped ends the reader. kDataLoss, naming the broken rule, when it is no
/// captured state of a run on `parent` with at most `limit` of memory.
Result<Captured> read_captured(int fd, const Image& parent, ByteSize limit);

}  // namespace skerry::image
