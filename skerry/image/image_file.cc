// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_file.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/file.h"
#include "skerry/base/sha256.h"
#include "skerry/image.pb.h"

namespace skerry::image {
namespace {

constexpr std::array<char, 8> kMagic = {'S', 'K', 'R', 'Y', 'I', 'M', 'G', '\0'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxManifest = std::size_t{256} << 20;
constexpr std::size_t kMaxPages = std::size_t{65535} * kWasmPageSize;

// docs/formats/image.md. x86-64 is little-endian, as the format is.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t manifest_size = 0;
  std::uint64_t pages_offset = 0;
  std::uint64_t pages_size = 0;
  std::array<char, 32> manifest_sha256{};
};
static_assert(sizeof(Header) == 64);

std::array<char, 32> digest_of(std::string_view text) {
  const std::string hex = sha256_hex(as_bytes(text));
  std::array<char, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<char>(std::stoi(hex.substr(i * 2, 2), nullptr, 16));
  }
  return digest;
}

Status write_pages(int fd, std::uint64_t offset, std::span<const std::byte> pages) {
  SKERRY_TRY(syscall_result("ftruncate", {}, [&] {
               return ::ftruncate(fd, static_cast<off_t>(offset + pages.size()));
             }).status());
  for (std::size_t at = 0; at < pages.size(); at += kPageSize) {
    const auto page = pages.subspan(at, kPageSize);
    if (is_zero(page)) continue;
    std::size_t end = at + kPageSize;
    while (end < pages.size() && !is_zero(pages.subspan(end, kPageSize))) end += kPageSize;
    SKERRY_TRY(syscall_result("lseek", {}, [&] {
                 return ::lseek(fd, static_cast<off_t>(offset + at), SEEK_SET);
               }).status());
    SKERRY_TRY(write_all(fd, pages.subspan(at, end - at)));
    at = end - kPageSize;
  }
  return ok_status();
}

Status damaged(const std::filesystem::path& path, std::string_view what) {
  return absl::DataLossError(path.native() + ": not a whole image: " + std::string(what));
}

struct Opened {
  OwnedFd file;
  Header header;
  proto::ImageManifest manifest;
};

Result<Opened> open_checked(const std::filesystem::path& path) {
  Opened opened;
  SKERRY_ASSIGN(opened.file, open_file(path, O_RDONLY));
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", path.native(), [&] {
               return ::fstat(opened.file.get(), &info);
             }).status());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  Header& header = opened.header;
  if (size < sizeof header ||
      ::pread(opened.file.get(), &header, sizeof header, 0) != ssize_t{sizeof header} ||
      header.magic != kMagic) {
    return damaged(path, "no image header");
  }
  if (header.version != kVersion) {
    return absl::UnimplementedError(path.native() + ": image format " +
                                    std::to_string(header.version) + ", this program reads " +
                                    std::to_string(kVersion));
  }
  if (header.manifest_size > kMaxManifest || header.pages_size > kMaxPages ||
      header.pages_size == 0 || header.pages_offset % kPageSize != 0 ||
      header.pages_size % kWasmPageSize != 0 || header.pages_offset > size ||
      size - header.pages_offset != header.pages_size ||
      sizeof header + header.manifest_size > header.pages_offset) {
    return damaged(path, "sizes do not fit the file");
  }
  std::string text(header.manifest_size, '\0');
  if (::pread(opened.file.get(), text.data(), text.size(), sizeof header) !=
      static_cast<ssize_t>(text.size())) {
    return damaged(path, "the manifest ends early");
  }
  if (digest_of(text) != header.manifest_sha256 || !opened.manifest.ParseFromString(text)) {
    return damaged(path, "the manifest's checksum is wrong");
  }
  return opened;
}

}  // namespace

Status write_image(const std::filesystem::path& path, const Manifest& manifest,
                   std::span<const std::byte> pages) {
  if (pages.empty() || pages.size() % kWasmPageSize != 0 || pages.size() > kMaxPages) {
    return absl::InvalidArgumentError("an image holds whole WebAssembly pages, 1 to 65,535");
  }
  proto::ImageManifest message;
  message.set_module_sha256(manifest.module_sha256);
  message.set_template_name(manifest.template_name);
  message.set_host_state(manifest.host_state);
  message.set_pages_sha256(sha256_hex(pages));
  message.set_created_unix_ns(manifest.created_unix_ns);
  for (const Global& global : manifest.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  for (const auto& [key, value] : manifest.facts) (*message.mutable_facts())[key] = value;
  const std::string text = message.SerializeAsString();
  if (text.size() > kMaxManifest)
    return absl::ResourceExhaustedError("the image's manifest is too large");
  Header header;
  header.manifest_size = static_cast<std::uint32_t>(text.size());
  header.manifest_sha256 = digest_of(text);
  header.pages_offset = round_up(sizeof header + text.size(), kPageSize);
  header.pages_size = pages.size();
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  SKERRY_TRY(write_all(file.fd(), std::as_bytes(std::span(&header, 1))));
  SKERRY_TRY(write_all(file.fd(), as_bytes(text)));
  SKERRY_TRY(write_pages(file.fd(), header.pages_offset, pages));
  return file.commit();
}

Result<std::shared_ptr<const Image>> open_image(const std::filesystem::path& path) {
  SKERRY_ASSIGN(Opened opened, open_checked(path));
  auto image = std::make_shared<Image>();
  SKERRY_ASSIGN(auto file, PageFile::open(std::move(opened.file), opened.header.pages_offset,
                                          opened.header.pages_size));
  image->pages = ImagePages::of(std::move(file));
  Manifest& manifest = image->manifest;
  manifest.module_sha256 = opened.manifest.module_sha256();
  manifest.template_name = opened.manifest.template_name();
  manifest.host_state = std::move(*opened.manifest.mutable_host_state());
  manifest.created_unix_ns = opened.manifest.created_unix_ns();
  for (const auto& global : opened.manifest.globals()) {
    manifest.globals.push_back({global.name(), global.bits()});
  }
  for (const auto& [key, value] : opened.manifest.facts()) manifest.facts[key] = value;
  return std::shared_ptr<const Image>(std::move(image));
}

Status verify_pages(const std::filesystem::path& path) {
  SKERRY_ASSIGN(Opened opened, open_checked(path));
  SKERRY_ASSIGN(const auto pages, PageFile::open(std::move(opened.file), opened.header.pages_offset,
                                                 opened.header.pages_size));
  if (sha256_hex(pages->bytes()) != opened.manifest.pages_sha256()) {
    return damaged(path, "the pages' checksum is wrong");
  }
  return ok_status();
}

}  // namespace skerry::image
