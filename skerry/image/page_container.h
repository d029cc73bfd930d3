// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/status.h"
#include "skerry/image/image_pages.h"

namespace skerry::image {

/// What image and revision files have in common: a header, a manifest under its hash, and pages.
/// docs/formats/ has the bytes.
struct ContainerFormat {
  std::string_view noun;  ///< as messages call it
  std::array<char, 8> magic;
  std::uint32_t version;  ///< what is written; earlier ones are read, too
};

inline constexpr ContainerFormat kImageFormat{
    "image", {'S', 'K', 'R', 'Y', 'I', 'M', 'G', '\0'}, 1};
inline constexpr ContainerFormat kRevisionFormat{
    "revision", {'S', 'K', 'R', 'Y', 'R', 'E', 'V', '\0'}, 2};

/// The most pages that a file may claim: all of a 32-bit memory that images may have.
inline constexpr std::size_t kMaxPages = std::size_t{65535} * kWasmPageSize;

/// The most bytes of a manifest: files that a guest wrote are in it.
inline constexpr std::size_t kMaxManifest = std::size_t{256} << 20;

/// Where the manifest begins in a file.
inline constexpr std::int64_t kManifestOffset = 64;

/// Whether `text` is `size` lower-case hexadecimal digits, as hashes and ids are.
bool is_hexadecimal(std::string_view text, std::size_t size);

/// The 32 bytes of a SHA-256 from its 64 hexadecimal digits.
std::array<char, 32> digest_of(std::string_view hex);

/// Pages in several pieces, one behind the other.
using Pieces = std::vector<std::span<const std::byte>>;

struct Container {
  OwnedFd file;
  std::string manifest;
  std::string manifest_sha256;  ///< 64 hexadecimal digits
  std::uint64_t pages_offset = 0;
  std::size_t pages_size = 0;

  /// The pages, mapped. Takes the file over. Null when there are none.
  Result<std::shared_ptr<const PageFile>> pages() &&;
};

/// kDataLoss: `path` is not a whole file of its kind.
Status damaged_container(const std::filesystem::path& path, const ContainerFormat& format,
                         std::string_view what);

/// Opens and checks everything but the pages' content. kDataLoss when the file is damaged,
/// kUnimplemented for another format version.
Result<Container> open_container(const std::filesystem::path& path, const ContainerFormat& format);

/// The same for a file that is open; `path` is what messages call it.
Result<Container> read_container(OwnedFd file, const std::filesystem::path& path,
                                 const ContainerFormat& format);

/// A container and its manifest, read as the format's message.
template <typename Manifest>
struct Opened {
  Container container;
  Manifest manifest;
};

/// As `read_container`; kDataLoss also when the manifest is no such message, or `check`, which
/// counts what is in it before it is parsed, refuses it. What the message says is for the caller to
/// check; its bytes are gone.
template <typename Manifest>
Result<Opened<Manifest>> read_with(OwnedFd file, const std::filesystem::path& path,
                                   const ContainerFormat& format,
                                   Status (*check)(std::string_view)) {
  Opened<Manifest> opened;
  SKERRY_ASSIGN(opened.container, read_container(std::move(file), path, format));
  if (const Status counted = check(opened.container.manifest); !counted.ok()) {
    return damaged_container(path, format, message_of(counted));
  }
  if (!opened.manifest.ParseFromString(opened.container.manifest)) {
    return damaged_container(path, format, "the manifest is none");
  }
  opened.container.manifest = std::string();
  return opened;
}

/// Fills an empty file, from its start; zero pages become holes. Returns where its pages begin. The
/// manifest is what its pieces make together. `path` is what messages call it; `read` learns of
/// pages that were written.
Result<std::uint64_t> fill_container(int fd, const std::filesystem::path& path,
                                     const ContainerFormat& format, const Pieces& manifest,
                                     const Pieces& pages, const WasRead& read = {});

/// Writes a file. With `kFull` it appears whole or not at all. With
/// `kNone` a writer that is killed may leave a piece of it: for files that count only when somebody
/// has named them. kResourceExhausted when the manifest or the pages are too large.
Result<std::uint64_t> write_container(const std::filesystem::path& path,
                                      const ContainerFormat& format, const Pieces& manifest,
                                      const Pieces& pages, AtomicFile::Sync sync,
                                      const WasRead& read = {});

/// The runs of pages that a message names. None when they are out of order, or do not lie in a
/// memory of `pages`.
template <typename Runs>
std::optional<std::vector<PageRun>> runs_of(const Runs& message, std::size_t pages) {
  std::vector<PageRun> runs;
  std::size_t end = 0;
  for (const auto& run : message) {
    if (run.count() == 0 || run.first() < end || run.first() > pages ||
        run.count() > pages - run.first()) {
      return std::nullopt;
    }
    end = run.first() + run.count();
    runs.push_back({run.first(), run.count()});
  }
  return runs;
}

/// In hexadecimal. A template's pages are known by their SHA-256; a revision's have XXH3 of 128
/// bits, ten times as fast, which finds damage and is no defence against forgery.
std::string sha256_of(const Pieces& pieces);
std::string xxh3_of(const Pieces& pieces);
/// The same for what may be large: `read` learns of what was read, some megabytes each time.
std::string xxh3_of(const Pieces& pieces, const WasRead& read);

/// Hashes all pages. kDataLoss when that is not `expected`.
Status verify_container_pages(const std::filesystem::path& path, const ContainerFormat& format,
                              Container container, std::string (*hash_of)(const Pieces&),
                              std::string_view expected);

}  // namespace skerry::image
