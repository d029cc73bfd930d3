// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/exports/export_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/image/exports/export_format.h"
#include "skerry/image/page_container.h"
#include "skerry/image/page_runs.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

using export_format::Digest;
using export_format::Header;
using export_format::kChunk;

Status no_export(std::string_view what) {
  return absl::DataLossError("not a whole session export: " + std::string(what));
}

/// A name that is safe to show: it comes from anyone's file.
bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Result<std::size_t> read_at(int fd, std::span<std::byte> to, std::uint64_t at) {
  SKERRY_ASSIGN(const ssize_t got, syscall_result("read", {}, [&] {
                  return ::pread(fd, to.data(), to.size(), static_cast<off_t>(at));
                }));
  return static_cast<std::size_t>(got);
}

Result<std::uint64_t> size_of(int fd) {
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", {}, [&] { return ::fstat(fd, &info); }).status());
  return static_cast<std::uint64_t>(info.st_size);
}

/// The header, and where the body lies.
struct ExportLayout {
  Header header;
  Digest sha256{};
  std::uint64_t body_at = 0;
  std::uint64_t body_size = 0;
};

/// Where the parts of a file of `size` bytes lie, if they do.
Result<ExportLayout> layout_of(int fd, std::uint64_t size) {
  ExportLayout layout;
  Header& header = layout.header;
  SKERRY_ASSIGN(const std::size_t got,
                read_at(fd, std::as_writable_bytes(std::span(&header, 1)), 0));
  if (got < sizeof header.magic || header.magic != export_format::kMagic) {
    return no_export("it is something else");
  }
  constexpr std::uint64_t kAround = sizeof(Header) + sizeof(Digest);
  if (got < sizeof header || size < kAround) return no_export("it is cut off");
  layout.body_size = size - kAround;
  std::uint64_t hash_at = sizeof header;
  switch (header.version) {
    case export_format::kFirstVersion:
      layout.body_at = kAround;
      if (layout.body_size < header.body_size) {
        return no_export("it is cut off: " + std::to_string(layout.body_size) + " of " +
                         std::to_string(header.body_size) + " bytes");
      }
      if (layout.body_size > header.body_size) return no_export("something is behind it");
      break;
    case export_format::kVersion:
      layout.body_at = sizeof header;
      hash_at += layout.body_size;
      if (header.body_size != 0) return no_export("its header says what none does");
      break;
    default:
      return absl::UnimplementedError("session export format " + std::to_string(header.version) +
                                      ", this program reads up to " +
                                      std::to_string(export_format::kVersion));
  }
  SKERRY_ASSIGN(const std::size_t hash,
                read_at(fd, std::as_writable_bytes(std::span(layout.sha256)), hash_at));
  if (hash < sizeof layout.sha256) return no_export("it is cut off");
  return layout;
}

/// Gives the body piece by piece.
ZstdReader::Source body_of(int fd, const ExportLayout& layout) {
  return [fd, at = layout.body_at,
          left = layout.body_size](std::span<std::byte> to) mutable -> Result<std::size_t> {
    const auto piece = to.first(std::min<std::uint64_t>(to.size(), left));
    SKERRY_ASSIGN(const std::size_t got, read_at(fd, piece, at));
    at += got;
    left -= got;
    return got;
  };
}

Status check_hash(int fd, const ExportLayout& layout) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(&layout.header, 1)));
  std::vector<std::byte> buffer(kChunk);
  auto body = body_of(fd, layout);
  for (;;) {
    SKERRY_ASSIGN(const std::size_t got, body(buffer));
    if (got == 0) break;
    hash.update(std::span(buffer).first(got));
  }
  if (digest_of(hash.hex()) == layout.sha256) return ok_status();
  return no_export("its checksum is wrong: it was changed, damaged or cut off on its way");
}

/// A message that was counted and parsed.
Result<proto::SessionExport> parse(std::string_view bytes, const ExportLimits& limits) {
  if (const Status counted = check_export_manifest(bytes, limits); !counted.ok()) {
    return no_export(message_of(counted));
  }
  proto::SessionExport message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return no_export("the manifest is none");
}

std::optional<std::vector<PageRun>> runs_in(const proto::SessionExport& message,
                                            std::size_t pages) {
  if (message.runs_size() == 0) return unpacked_runs(numbers_in(message.packed_runs()), pages);
  if (message.packed_runs_size() != 0) return std::nullopt;
  return runs_of(message.runs(), pages);
}

/// Checks what `message` says of itself and takes it over, all but the pages and the facts. Those
/// are of the template that it began on: no run of an imported session asks for them.
Result<Export> taken(proto::SessionExport message, std::uint64_t pages_size) {
  if (!is_hexadecimal(message.module_sha256(), 64)) return no_export("no module's hash");
  if (!is_plain_name(message.template_name())) return no_export("no template's name");
  if (!is_plain_name(message.session())) return no_export("no session's name");
  if (message.memory_size() == 0 || message.memory_size() % kWasmPageSize != 0 ||
      message.memory_size() > kMaxPages) {
    return no_export("no such memory is allowed");
  }
  Export result;
  CapturedState& state = result.captured.state;
  state.memory_size = message.memory_size();
  auto runs = runs_in(message, state.memory_size / kPageSize);
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
  result.module_sha256 = message.module_sha256();
  result.template_name = message.template_name();
  return result;
}

/// All but the host state, as `take_unpacked` reads it.
std::string manifest_of(const Export& read) {
  proto::SessionExport message;
  message.set_session(read.origin.session);
  message.set_revision(read.origin.revision);
  message.set_module_sha256(read.module_sha256);
  message.set_template_name(read.template_name);
  for (const Global& global : read.captured.state.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  message.set_memory_size(read.captured.state.memory_size);
  const auto numbers = packed_runs(read.captured.state.changed);
  message.mutable_packed_runs()->Assign(numbers.begin(), numbers.end());
  return message.SerializeAsString();
}

/// The manifest at the body's beginning. What it takes grows with what is there, never with what is
/// claimed.
Result<Export> read_manifest(ZstdReader& reader, const Header& header, const ExportLimits& limits) {
  std::vector<std::byte> buffer(kChunk);
  std::string manifest;
  while (manifest.size() < header.manifest_size) {
    const auto piece =
        std::span(buffer).first(std::min(buffer.size(), header.manifest_size - manifest.size()));
    SKERRY_TRY(reader.read(piece));
    manifest += as_text(piece);
  }
  SKERRY_ASSIGN(auto message, parse(manifest, limits));
  manifest = std::string();
  return taken(std::move(message), header.pages_size);
}

}  // namespace

Result<UnpackedSizes> unpack_export(int fd, int room, const ExportLimits& limits,
                                    const ExportCheck& check) {
  SKERRY_ASSIGN(const std::uint64_t size, size_of(fd));
  SKERRY_ASSIGN(const ExportLayout layout, layout_of(fd, size));
  const Header& header = layout.header;
  if (header.manifest_size > limits.max_manifest(bytes(kMaxPages)) ||
      header.pages_size > limits.pages.value || header.pages_size % kPageSize != 0 ||
      size > kMaxExport.value) {
    return no_export("it claims more than an export may hold");
  }
  SKERRY_TRY(check_hash(fd, layout));
  ZstdReader reader(body_of(fd, layout));
  SKERRY_ASSIGN(const Export read, read_manifest(reader, header, limits));
  SKERRY_TRY(check(read));
  std::vector<std::byte> buffer(kChunk);
  for (std::uint64_t done = 0; done < header.pages_size;) {
    const auto piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), header.pages_size - done));
    SKERRY_TRY(reader.read(piece));
    SKERRY_TRY(write_all(room, piece));
    done += piece.size();
  }
  SKERRY_TRY(reader.finish());
  const std::string manifest = manifest_of(read);
  SKERRY_TRY(write_all(room, as_bytes(read.captured.state.host_state)));
  SKERRY_TRY(write_all(room, as_bytes(manifest)));
  return UnpackedSizes{.pages = header.pages_size,
                       .host_state = read.captured.state.host_state.size(),
                       .manifest = manifest.size()};
}

Result<Export> take_unpacked(OwnedFd room, const UnpackedSizes& sizes, const ExportLimits& limits) {
  SKERRY_ASSIGN(const std::uint64_t size, size_of(room.get()));
  const std::uint64_t max_manifest = limits.max_manifest(bytes(kMaxPages));
  if (sizes.pages > limits.pages.value || sizes.pages % kPageSize != 0 ||
      sizes.host_state > limits.host_state.value || sizes.manifest > max_manifest ||
      size != sizes.pages + sizes.host_state + sizes.manifest) {
    return no_export("its parts are not where they should be");
  }
  SKERRY_ASSIGN(ReadOnlyMapping file, ReadOnlyMapping::of_file(room.get()));
  const std::string_view manifest = as_text(file.bytes().last(sizes.manifest));
  SKERRY_ASSIGN(auto message, parse(manifest, limits));
  if (!message.host_state().empty()) return no_export("it has two host states");
  SKERRY_ASSIGN(Export result, taken(std::move(message), sizes.pages));
  // By reading: pages of the mapping that were touched would count to this process.
  std::string& host_state = result.captured.state.host_state;
  host_state.resize(sizes.host_state);
  const auto to = std::as_writable_bytes(std::span(host_state));
  for (std::size_t done = 0; done < to.size();) {
    SKERRY_ASSIGN(const std::size_t got, read_at(room.get(), to.subspan(done), sizes.pages + done));
    if (got == 0) return no_export("its host state ends early");
    done += got;
  }
  result.captured.file = std::move(file);
  result.captured.pages_size = sizes.pages;
  return result;
}

}  // namespace skerry::image
