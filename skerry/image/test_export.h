// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "skerry/image/exports/export_reader.h"
#include "skerry/image/exports/image_export.h"
#include "skerry/image/test_pages.h"

/// Exports, whole. For tests only.
namespace skerry::image::testing {

inline Result<std::string> exported(const Image& image, const ExportOrigin& origin) {
  SKERRY_ASSIGN(const auto writer, ExportWriter::begin(image, image.manifest.host_state, origin));
  std::string file;
  for (;;) {
    SKERRY_ASSIGN(const std::string piece, writer->next());
    if (piece.empty()) return file;
    file += piece;
  }
}

/// What two processes do, in one.
inline Result<Export> read_export(std::string_view file, const ExportLimits& limits = {}) {
  const OwnedFd fd = memory_file(as_bytes(file));
  OwnedFd room = memory_file({});
  SKERRY_ASSIGN(
      const UnpackedSizes sizes,
      unpack_export(fd.get(), room.get(), limits, [](const Export&) { return ok_status(); }));
  return take_unpacked(std::move(room), sizes, limits);
}

}  // namespace skerry::image::testing
