// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/page_container.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <xxhash.h>

#include <fmt/format.h>

#include "skerry/base/sha256.h"

namespace skerry::image {
namespace {

// x86-64 is little-endian, as the formats are.
struct Header {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t manifest_size = 0;
  std::uint64_t pages_offset = 0;
  std::uint64_t pages_size = 0;
  std::array<char, 32> manifest_sha256{};
};
static_assert(sizeof(Header) == kManifestOffset);

// Of a large file: what is read of it, before it may be forgotten.
constexpr std::size_t kReadAtOnce = std::size_t{8} << 20;

/// Writes pieces from `offset` on, one behind the other, leaving holes for zero pages.
Status write_pages(int fd, std::uint64_t offset, const Pieces& pieces, const WasRead& read) {
  Pieces together;  // what lies without a hole, from `begin` to `offset`
  std::uint64_t begin = offset;
  std::size_t size = 0;
  const auto flush = [&]() -> Status {
    if (together.empty()) return ok_status();
    SKERRY_TRY(syscall_result("lseek", {}, [&] {
                 return ::lseek(fd, static_cast<off_t>(begin), SEEK_SET);
               }).status());
    SKERRY_TRY(write_pieces(fd, together));
    if (read) std::for_each(together.begin(), together.end(), read);
    together.clear();
    begin = offset;
    size = 0;
    return ok_status();
  };
  for (const auto& pages : pieces) {
    for (std::size_t at = 0; at < pages.size();) {
      std::size_t end = at;
      const std::size_t most = std::min(pages.size(), at + (kReadAtOnce - size));
      while (end < most && !is_zero(pages.subspan(end, kPageSize))) end += kPageSize;
      if (end > at) together.push_back(pages.subspan(at, end - at));
      offset += end - at;
      size += end - at;
      at = end;
      if (size == kReadAtOnce) SKERRY_TRY(flush());
      if (at == pages.size() || at == most) continue;
      SKERRY_TRY(flush());
      offset += kPageSize;
      at += kPageSize;
      begin = offset;
    }
  }
  return flush();
}

}  // namespace

bool is_hexadecimal(std::string_view text, std::size_t size) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::array<char, 32> digest_of(std::string_view hex) {
  std::array<char, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<char>(std::stoi(std::string(hex.substr(i * 2, 2)), nullptr, 16));
  }
  return digest;
}

Status damaged_container(const std::filesystem::path& path, const ContainerFormat& format,
                         std::string_view what) {
  return absl::DataLossError(path.native() + ": not a whole " + std::string(format.noun) + ": " +
                             std::string(what));
}

Result<std::shared_ptr<const PageFile>> Container::pages() && {
  if (pages_size == 0) return std::shared_ptr<const PageFile>();
  return PageFile::open(std::move(file), pages_offset, pages_size);
}

Result<Container> open_container(const std::filesystem::path& path, const ContainerFormat& format) {
  SKERRY_ASSIGN(OwnedFd file, open_file(path, O_RDONLY));
  return read_container(std::move(file), path, format);
}

Result<Container> read_container(OwnedFd file, const std::filesystem::path& path,
                                 const ContainerFormat& format) {
  const auto damaged = [&](std::string_view what) { return damaged_container(path, format, what); };
  Container opened;
  opened.file = std::move(file);
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", path.native(), [&] {
               return ::fstat(opened.file.get(), &info);
             }).status());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  Header header;
  if (size < sizeof header ||
      ::pread(opened.file.get(), &header, sizeof header, 0) != ssize_t{sizeof header} ||
      header.magic != format.magic) {
    return damaged("no " + std::string(format.noun) + " header");
  }
  if (header.version == 0 || header.version > format.version) {
    return absl::UnimplementedError(path.native() + ": " + std::string(format.noun) + " format " +
                                    std::to_string(header.version) + ", this program reads " +
                                    std::to_string(format.version));
  }
  if (header.manifest_size > kMaxManifest || header.pages_size > kMaxPages ||
      header.pages_offset % kPageSize != 0 || header.pages_size % kPageSize != 0 ||
      header.pages_offset > size || size - header.pages_offset != header.pages_size ||
      sizeof header + header.manifest_size > header.pages_offset) {
    return damaged("sizes do not fit the file");
  }
  opened.manifest.resize(header.manifest_size);
  if (::pread(opened.file.get(), opened.manifest.data(), opened.manifest.size(), sizeof header) !=
      static_cast<ssize_t>(opened.manifest.size())) {
    return damaged("the manifest ends early");
  }
  opened.manifest_sha256 = sha256_hex(as_bytes(opened.manifest));
  if (digest_of(opened.manifest_sha256) != header.manifest_sha256) {
    return damaged("the manifest's checksum is wrong");
  }
  opened.pages_offset = header.pages_offset;
  opened.pages_size = header.pages_size;
  return opened;
}

Result<std::uint64_t> fill_container(int fd, const std::filesystem::path& path,
                                     const ContainerFormat& format, const Pieces& manifest,
                                     const Pieces& pages, const WasRead& read) {
  std::size_t manifest_size = 0;
  for (const auto& piece : manifest) manifest_size += piece.size();
  if (manifest_size > kMaxManifest) {
    return absl::ResourceExhaustedError("the " + std::string(format.noun) +
                                        "'s manifest is too large");
  }
  Header header;
  header.magic = format.magic;
  header.version = format.version;
  header.manifest_size = static_cast<std::uint32_t>(manifest_size);
  header.manifest_sha256 = digest_of(sha256_of(manifest));
  header.pages_offset = round_up(sizeof header + manifest_size, kPageSize);
  for (const auto& piece : pages) header.pages_size += piece.size();
  if (header.pages_size > kMaxPages) {
    return absl::ResourceExhaustedError("too many pages for one " + std::string(format.noun));
  }
  Pieces front{std::as_bytes(std::span(&header, 1))};
  front.insert(front.end(), manifest.begin(), manifest.end());
  SKERRY_TRY(write_pieces(fd, front));
  SKERRY_TRY(syscall_result("ftruncate", path.native(), [&] {
               return ::ftruncate(fd, static_cast<off_t>(header.pages_offset + header.pages_size));
             }).status());
  SKERRY_TRY(write_pages(fd, header.pages_offset, pages, read));
  return header.pages_offset;
}

Result<std::uint64_t> write_container(const std::filesystem::path& path,
                                      const ContainerFormat& format, const Pieces& manifest,
                                      const Pieces& pages, AtomicFile::Sync sync,
                                      const WasRead& read) {
  if (sync == AtomicFile::Sync::kNone) {
    // A name from the start: half of what an unnamed file costs in a small revision.
    SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
    auto filled = fill_container(file.get(), path, format, manifest, pages, read);
    if (!filled.ok()) ::unlink(path.c_str());
    return filled;
  }
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  SKERRY_ASSIGN(const std::uint64_t offset,
                fill_container(file.fd(), path, format, manifest, pages, read));
  SKERRY_TRY(file.commit(sync));
  return offset;
}

std::string xxh3_of(const Pieces& pieces) { return xxh3_of(pieces, {}); }

std::string xxh3_of(const Pieces& pieces, const WasRead& read) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (auto piece : pieces) {
    while (!piece.empty()) {
      const auto now = piece.first(std::min(piece.size(), kReadAtOnce));
      XXH3_128bits_update(state.get(), now.data(), now.size());
      if (read) read(now);
      piece = piece.subspan(now.size());
    }
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string sha256_of(const Pieces& pieces) {
  Sha256 hash;
  for (const auto& piece : pieces) hash.update(piece);
  return hash.hex();
}

Status verify_container_pages(const std::filesystem::path& path, const ContainerFormat& format,
                              Container container, std::string (*hash_of)(const Pieces&),
                              std::string_view expected) {
  SKERRY_ASSIGN(const auto pages, std::move(container).pages());
  Pieces pieces;
  if (pages) pieces.push_back(pages->bytes());
  if (hash_of(pieces) == expected) return ok_status();
  return damaged_container(path, format, "the pages' checksum is wrong");
}

}  // namespace skerry::image
