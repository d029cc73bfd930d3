// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_export.h"

#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/file.h"
#include "skerry/base/sha256.h"
#include "skerry/base/zstd_stream.h"
#include "skerry/image/page_container.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

constexpr std::array<char, 8> kMagic = {'S', 'K', 'R', 'Y', 'E', 'X', 'P', '\0'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChunk = std::size_t{1} << 20;

// x86-64 is little-endian, as the format is.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t manifest_size = 0;
  std::uint64_t pages_size = 0;
  std::uint64_t body_size = 0;
  std::array<char, 32> sha256{};

  /// What the hash covers besides the body.
  std::span<const std::byte> hashed() const {
    return std::as_bytes(std::span(this, 1)).first(sizeof *this - sizeof sha256);
  }
};
static_assert(sizeof(Header) == 64);

Status no_export(std::string_view what) {
  return absl::DataLossError("not a whole session export: " + std::string(what));
}

/// Where memory is not zero. Short gaps are taken along: they compress to nothing, and a run less
/// is a mapping less.
std::vector<PageRun> filled_runs(const ImagePages& memory) {
  std::vector<PageRun> runs;
  for (std::size_t page = 0; page < memory.size() / kPageSize; ++page) {
    if (is_zero({memory.page(page), kPageSize})) continue;
    if (!runs.empty()) {
      PageRun& last = runs.back();
      if (page - (last.first + last.count) <= Extent::kMappedPages) {
        last.count = page + 1 - last.first;
        continue;
      }
    }
    runs.push_back({page, 1});
  }
  return runs;
}

std::string manifest_of(const Image& image, const ExportOrigin& origin,
                        const std::vector<PageRun>& runs) {
  proto::SessionExport message;
  message.set_session(origin.session);
  message.set_revision(origin.revision);
  message.set_module_sha256(image.manifest.module_sha256);
  message.set_template_name(image.manifest.template_name);
  for (const auto& [key, value] : image.manifest.facts) (*message.mutable_facts())[key] = value;
  for (const Global& global : image.manifest.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  message.set_host_state(image.manifest.host_state);
  message.set_memory_size(image.pages->size());
  for (const PageRun& run : runs) {
    auto* item = message.add_runs();
    item->set_first(run.first);
    item->set_count(run.count);
  }
  return message.SerializeAsString();
}

/// A name that is safe to show: it comes from a file of anybody's.
bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// Checks what `message` says of itself and takes it over, all but the pages.
Status take(proto::SessionExport& message, std::size_t pages_size, Export& result) {
  if (!is_hexadecimal(message.module_sha256(), 64)) return no_export("no module's hash");
  if (!is_plain_name(message.template_name())) return no_export("no template's name");
  if (!is_plain_name(message.session())) return no_export("no session's name");
  if (message.memory_size() == 0 || message.memory_size() % kWasmPageSize != 0 ||
      message.memory_size() > kMaxPages) {
    return no_export("no such memory is allowed");
  }
  CapturedState& state = result.captured.state;
  state.memory_size = message.memory_size();
  auto runs = runs_of(message.runs(), state.memory_size / kPageSize);
  if (!runs) return no_export("its pages are out of order or out of memory");
  state.changed = *std::move(runs);
  if (count_of(state.changed) * kPageSize != pages_size) {
    return no_export("its pages are not as many as it says");
  }
  for (const auto& global : message.globals()) {
    state.globals.push_back({global.name(), global.bits()});
  }
  state.host_state = std::move(*message.mutable_host_state());
  result.origin = {message.session(), message.revision()};
  result.manifest.module_sha256 = message.module_sha256();
  result.manifest.template_name = message.template_name();
  for (const auto& [key, value] : message.facts()) result.manifest.facts[key] = value;
  result.manifest.globals = state.globals;
  result.manifest.host_state = state.host_state;
  return ok_status();
}

Result<std::size_t> read_at(int fd, std::span<std::byte> to, std::uint64_t at) {
  SKERRY_ASSIGN(const ssize_t got, syscall_result("read", {}, [&] {
                  return ::pread(fd, to.data(), to.size(), static_cast<off_t>(at));
                }));
  return static_cast<std::size_t>(got);
}

Result<Header> read_header(int fd) {
  Header header;
  SKERRY_ASSIGN(const std::size_t got,
                read_at(fd, std::as_writable_bytes(std::span(&header, 1)), 0));
  if (got < sizeof header.magic || header.magic != kMagic) return no_export("it is something else");
  if (got < sizeof header) return no_export("it is cut off");
  if (header.version != kVersion) {
    return absl::UnimplementedError("session export format " + std::to_string(header.version) +
                                    ", this program reads " + std::to_string(kVersion));
  }
  if (header.manifest_size > kMaxManifest || header.pages_size > kMaxPages ||
      header.pages_size % kPageSize != 0 || header.body_size > kMaxExport.value - sizeof header) {
    return no_export("it claims more than an export may hold");
  }
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", {}, [&] { return ::fstat(fd, &info); }).status());
  const std::uint64_t size = sizeof header + header.body_size;
  if (static_cast<std::uint64_t>(info.st_size) < size) {
    return no_export("it is cut off: " + std::to_string(info.st_size) + " of " +
                     std::to_string(size) + " bytes");
  }
  if (static_cast<std::uint64_t>(info.st_size) > size) return no_export("something is behind it");
  return header;
}

/// Gives the body piece by piece.
ZstdReader::Source body_of(int fd, std::uint64_t size) {
  return [fd, at = std::uint64_t{sizeof(Header)},
          left = size](std::span<std::byte> to) mutable -> Result<std::size_t> {
    const auto piece = to.first(std::min<std::uint64_t>(to.size(), left));
    SKERRY_ASSIGN(const std::size_t got, read_at(fd, piece, at));
    at += got;
    left -= got;
    return got;
  };
}

Result<std::array<char, 32>> hash_of(int fd, const Header& header) {
  Sha256 hash;
  hash.update(header.hashed());
  std::vector<std::byte> buffer(kChunk);
  auto body = body_of(fd, header.body_size);
  for (;;) {
    SKERRY_ASSIGN(const std::size_t got, body(buffer));
    if (got == 0) return digest_of(hash.hex());
    hash.update(std::span(buffer).first(got));
  }
}

}  // namespace

Status write_export(int fd, const Image& image, const ExportOrigin& origin,
                    const Progress& progress) {
  const auto runs = filled_runs(*image.pages);
  const std::string manifest = manifest_of(image, origin, runs);
  if (manifest.size() > kMaxManifest) {
    return absl::ResourceExhaustedError("the session's files are too large for one export");
  }
  Header header;
  header.manifest_size = static_cast<std::uint32_t>(manifest.size());
  header.pages_size = count_of(runs) * kPageSize;
  SKERRY_TRY(
      syscall_result("lseek", {}, [&] { return ::lseek(fd, sizeof header, SEEK_SET); }).status());
  ZstdWriter writer([&](std::span<const std::byte> bytes) {
    header.body_size += bytes.size();
    return write_all(fd, bytes);
  });
  SKERRY_TRY(writer.write(as_bytes(manifest)));
  std::size_t done = 0;
  std::vector<std::byte> buffer(kChunk);
  for (PageRun run : runs) {
    while (run.count > 0) {
      const std::size_t count = std::min(run.count, kChunk / kPageSize);
      image.pages->copy({run.first, count}, buffer.data());
      SKERRY_TRY(writer.write(std::span(buffer).first(count * kPageSize)));
      run = {run.first + count, run.count - count};
      done += count * kPageSize;
      progress(static_cast<double>(done) / static_cast<double>(header.pages_size));
    }
  }
  SKERRY_TRY(writer.finish());
  SKERRY_ASSIGN(header.sha256, hash_of(fd, header));
  SKERRY_TRY(syscall_result("lseek", {}, [&] { return ::lseek(fd, 0, SEEK_SET); }).status());
  return write_all(fd, std::as_bytes(std::span(&header, 1)));
}

Result<Export> read_export(int fd, OwnedFd room, const Progress& progress) {
  SKERRY_ASSIGN(const Header header, read_header(fd));
  SKERRY_ASSIGN(const auto sha256, hash_of(fd, header));
  if (sha256 != header.sha256) {
    return no_export("its checksum is wrong: it was changed or damaged on its way");
  }
  ZstdReader reader(body_of(fd, header.body_size));
  std::vector<std::byte> buffer(kChunk);
  std::string manifest;
  while (manifest.size() < header.manifest_size) {
    const auto piece =
        std::span(buffer).first(std::min(buffer.size(), header.manifest_size - manifest.size()));
    SKERRY_TRY(reader.read(piece));
    manifest += as_text(piece);
  }
  proto::SessionExport message;
  if (!message.ParseFromString(manifest)) return no_export("the manifest is none");
  Export result;
  SKERRY_TRY(take(message, header.pages_size, result));
  for (std::uint64_t done = 0; done < header.pages_size;) {
    const auto piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), header.pages_size - done));
    SKERRY_TRY(reader.read(piece));
    SKERRY_TRY(write_all(room.get(), piece));
    done += piece.size();
    progress(static_cast<double>(done) / static_cast<double>(header.pages_size));
  }
  SKERRY_TRY(reader.finish());
  SKERRY_ASSIGN(result.captured.file, ReadOnlyMapping::of_file(room.get()));
  result.captured.pages_size = header.pages_size;
  return result;
}

}  // namespace skerry::image
