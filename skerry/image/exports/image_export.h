// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/sha256.h"
#include "skerry/base/status.h"
#include "skerry/image/image_file.h"

namespace skerry::image {

/// Where an export comes from.
struct ExportOrigin {
  std::string session;
  std::int64_t revision = 0;
};

/// Makes an export of an image with all its memory, piece by piece: it is never whole anywhere.
/// docs/formats/session_export.md has the bytes.
///
/// Owns a share of the image's pages, whose files stay as long; of the compressed bytes it holds
/// one piece. Confined to one thread at a time.
class ExportWriter {
 public:
  /// About as many bytes has a piece.
  static constexpr std::size_t kPiece = std::size_t{256} << 10;

  /// `host_state` is the image's, with all files in it. kResourceExhausted when they are too large
  /// for an export. Reads all of the image's memory once.
  static Result<std::unique_ptr<ExportWriter>> begin(const Image& image, std::string host_state,
                                                     const ExportOrigin& origin);

  /// The next bytes of the file; empty after the last. Takes some 20 ms at most: pieces that would
  /// take longer to fill are smaller.
  Result<std::string> next();

  /// How much of the memory is behind it, 0 to 1.
  double fraction() const;

 private:
  enum class Stage { kHeader, kManifest, kPages, kEnd, kDone };
  ExportWriter();
  Status advance();
  void put(std::span<const std::byte> bytes);
  Status write_manifest();
  Status write_pages();

  std::shared_ptr<const ImagePages> pages_;
  std::vector<PageRun> runs_;
  std::string manifest_;
  Stage stage_ = Stage::kHeader;
  std::size_t manifest_done_ = 0;
  std::size_t run_ = 0;       // that is being written
  std::size_t run_done_ = 0;  // pages of it
  std::size_t pages_done_ = 0;
  std::size_t pages_count_ = 0;
  std::string out_;
  std::vector<std::byte> buffer_;
  Sha256 hash_;
  ZstdWriter zstd_;
};

}  // namespace skerry::image
