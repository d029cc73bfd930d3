// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "skerry/base/status.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace skerry {

/// Compresses what it is given into one zstd frame, whose window is at most 8 MiB. Confined to one
/// thread.
class ZstdWriter {
 public:
  /// Takes the frame piece by piece. Its failures are the writer's.
  using Sink = std::function<Status(std::span<const std::byte>)>;

  explicit ZstdWriter(Sink sink);
  Status write(std::span<const std::byte> bytes);
  /// Ends the frame. Call once, last.
  Status finish();

 private:
  enum class Mode { kContinue, kEnd };
  Status feed(std::span<const std::byte> bytes, Mode mode);

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  Sink sink_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::vector<std::byte> buffer_;
};

/// Reads one zstd frame that nobody vouches for: it needs about 8 MiB of memory whatever the frame
/// claims, and gives no byte more than it is asked for. Confined to one thread.
class ZstdReader {
 public:
  /// Puts some of the compressed bytes into the span and returns how many, 0 when there are no
  /// more.
  using Source = std::function<Result<std::size_t>(std::span<std::byte>)>;

  explicit ZstdReader(Source source);
  /// Fills all of `to`. kDataLoss when the frame is damaged or holds less.
  Status read(std::span<std::byte> to);
  /// As much as there is, up to `to`: less only at the frame's end.
  Result<std::size_t> read_some(std::span<std::byte> to);
  /// kDataLoss unless the frame is read to its end and nothing is behind it.
  Status finish();

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  Source source_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> input_;  // of `buffer_`, not yet read
  bool has_ended_ = false;            // the frame
};

}  // namespace skerry
