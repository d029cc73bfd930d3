// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/os/mapping.h"
#include "skerry/image/edits.h"
#include "skerry/image/image_file.h"
#include "skerry/image/manifest_budget.h"

namespace skerry::proto {
class CapturedState;
}  // namespace skerry::proto

namespace skerry::image {

/// What a run made of the image it started from.
struct CapturedState {
  std::size_t memory_size = 0;   ///< bytes
  std::vector<PageRun> changed;  ///< pages that are not the image's, in order and disjoint
  /// What makes the image's pages into these, in pages of which little has changed: nobody needs
  /// those whole.
  Edits edits;
  std::vector<Global> globals;
  std::string host_state;  ///< as `wasi::encode` made it

  /// All pages that are not the image's.
  std::vector<PageRun> all_changed() const;
};

/// Writes `state`, and its changed pages of `memory`, to the empty file `fd`.
Status write_captured(int fd, const CapturedState& state, std::span<const std::byte> memory);

/// A captured state as its supervisor has it: checked against the image that the run began as, but
/// for `host_state`, which `wasi::decode` checks.
struct Captured {
  CapturedState state;
  ReadOnlyMapping file;
  /// The changed pages, one behind the other.
  std::span<const std::byte> pages() const { return file.bytes().first(pages_size); }
  std::size_t pages_size = 0;
  /// For those who read its pages: where there are many, none need stay in memory. Borrows this.
  WasRead was_read() const;
};

/// Reads what a run's process wrote to `fd`. The writer is untrusted and must be gone: a file that
/// shrinks while it is mapped ends the reader. The message is counted before it is parsed, so that
/// it takes no more than four times `limits.quota()` of memory. kDataLoss, naming the broken rule,
/// when it is no captured state within `limits`.
Result<Captured> read_captured(int fd, const StateLimits& limits);

/// The same for a state without whole pages, as bytes instead of a file.
std::string encode_captured(const CapturedState& state);
Result<Captured> decode_captured(std::string_view bytes, const StateLimits& limits);

/// A state as a message, without pages; and as it is read again, under the same rules. The message
/// must have been counted.
void put_state(const CapturedState& state, proto::CapturedState& message);
Result<CapturedState> take_state(proto::CapturedState message, const StateLimits& limits);

}  // namespace skerry::image
