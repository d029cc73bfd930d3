// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry {

/// Writes plain files as a tar archive (POSIX ustar), which any tar can read. Names of up to 100
/// bytes, files below 8 GiB. Confined to one thread.
class TarWriter {
 public:
  /// Takes the archive piece by piece. Its failures are the writer's.
  using Sink = std::function<Status(std::span<const std::byte>)>;

  explicit TarWriter(Sink sink) : sink_(std::move(sink)) {}
  /// Adds all of the file `fd`, from its beginning. kInvalidArgument when name or size do not fit.
  Status add(std::string_view name, int fd);
  /// Ends the archive. Call once, last.
  Status finish();

 private:
  Sink sink_;
};

/// Reads such an archive, which nobody vouches for: plain files and nothing else, so no links and
/// no directories. Names are any bytes; they are the caller's to check. Confined to one thread.
class TarReader {
 public:
  /// Fills the whole span with the archive's next bytes.
  using Source = std::function<Status(std::span<std::byte>)>;

  struct Entry {
    std::string name;
    std::uint64_t size = 0;  ///< bytes, below 8 GiB
  };

  explicit TarReader(Source source) : source_(std::move(source)) {}
  /// The next file, none at the archive's end. kDataLoss when what comes is no plain file's header.
  Result<std::optional<Entry>> next();
  /// Writes the content of the last entry to the empty file `fd`; runs of zeros become holes. Call
  /// once for each entry.
  Status copy_to(int fd);

 private:
  Source source_;
  std::uint64_t size_ = 0;  // of the entry
};

}  // namespace skerry
