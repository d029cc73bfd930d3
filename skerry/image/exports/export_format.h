// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "skerry/base/status.h"

/// The bytes of a session export that its writer and its reader share;
/// docs/formats/session_export.md has them all.
namespace skerry::image::export_format {

inline constexpr std::array<char, 8> kMagic = {'S', 'K', 'R', 'Y', 'E', 'X', 'P', '\0'};
inline constexpr std::uint32_t kVersion = 2;
/// Has its hash and the size of its body in its header, so that no one can write it in one pass.
inline constexpr std::uint32_t kFirstVersion = 1;

/// How every version begins. x86-64 is little-endian, as the format is.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t manifest_size = 0;
  std::uint64_t pages_size = 0;
  std::uint64_t body_size = 0;  ///< in the first version; later 0
};
static_assert(sizeof(Header) == 32);

/// A SHA-256 of the header above and of the body: behind the header in the first version, later at
/// the end of the file.
using Digest = std::array<char, 32>;

/// Bytes that are read or compressed at once.
inline constexpr std::size_t kChunk = std::size_t{1} << 20;

}  // namespace skerry::image::export_format
