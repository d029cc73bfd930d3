// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/image/image_file.h"
#include "skerry/image/page_container.h"

/// What the messages of this folder may hold, counted on the wire before Protobuf parses them
/// (base/formats/wire_budget.h). Each check takes time linear in its bytes and no memory, and fails
/// with kDataLoss.
namespace skerry::image {

/// The most mutable globals of a module, and bytes of one's name. CPython's has fewer than ten.
inline constexpr std::uint64_t kMaxGlobals = 1024;
inline constexpr std::uint64_t kMaxGlobalName = 1024;
/// The most facts of a template, and bytes of one's key and value.
inline constexpr std::uint64_t kMaxFacts = 256;
inline constexpr std::uint64_t kMaxFact = 256;
/// Bytes of a session's or a template's name.
inline constexpr std::uint64_t kMaxName = 128;
/// Bytes of a revision that has no file: edits and host state, both within `Edits::kMaxInPatch`
/// together, and globals.
inline constexpr std::uint64_t kMaxPatch = std::uint64_t{1} << 20;

/// What a run may have made of the image it started from. Borrows the globals.
struct StateLimits {
  std::uint64_t before = 0;            ///< bytes of memory that it began with
  const std::vector<Global>& globals;  ///< of the image
  ByteSize memory;                     ///< the most that it may have
  ByteSize host_state = bytes(kMaxManifest);

  /// Bytes of memory that a state within these limits may take when it is parsed, but for those of
  /// changed pages.
  ByteSize quota() const;
};

/// What an export may hold.
struct ExportLimits {
  ByteSize pages = bytes(kMaxPages);  ///< that are in the file
  std::uint64_t globals = kMaxGlobals;
  ByteSize host_state = bytes(kMaxManifest);

  /// Bytes of memory that a manifest within these limits may take when it is parsed; `memory` is
  /// the size that it claims for linear memory.
  ByteSize quota(ByteSize memory) const;
  /// The most bytes of a manifest of such a memory.
  std::uint64_t max_manifest(ByteSize memory) const;
};

Status check_image_manifest(std::string_view bytes);
Status check_revision_manifest(std::string_view bytes);
Status check_patch(std::string_view bytes);
Status check_captured_state(std::string_view bytes, const StateLimits& limits);
Status check_export_manifest(std::string_view bytes, const ExportLimits& limits);

}  // namespace skerry::image
