// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_file.h"

#include <algorithm>
#include <fcntl.h>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/image.pb.h"
#include "skerry/image/manifest_budget.h"
#include "skerry/image/page_container.h"

namespace skerry::image {
namespace {

Result<Opened<proto::ImageManifest>> read_checked_manifest(OwnedFd file,
                                                           const std::filesystem::path& path) {
  SKERRY_ASSIGN(auto opened, read_with<proto::ImageManifest>(std::move(file), path, kImageFormat,
                                                             check_image_manifest));
  if (opened.container.pages_size == 0 || opened.container.pages_size % kWasmPageSize != 0) {
    return damaged_container(path, kImageFormat, "sizes do not fit the file");
  }
  return opened;
}

}  // namespace

bool have_same_names(const std::vector<Global>& one, const std::vector<Global>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Global& a, const Global& b) { return a.name == b.name; });
}

Manifest without_host_state(const Manifest& manifest) {
  // Not a copy that is cleared, which would have it for a moment.
  return {.module_sha256 = manifest.module_sha256,
          .template_name = manifest.template_name,
          .globals = manifest.globals,
          .host_state = {},
          .facts = manifest.facts,
          .created_unix_ns = manifest.created_unix_ns};
}

Status write_image(const std::filesystem::path& path, const Manifest& manifest,
                   std::span<const std::byte> pages) {
  if (pages.empty() || pages.size() % kWasmPageSize != 0 || pages.size() > kMaxPages) {
    return absl::InvalidArgumentError("an image holds whole WebAssembly pages, 1 to 65,535");
  }
  const Pieces pieces = {pages};
  proto::ImageManifest message;
  message.set_module_sha256(manifest.module_sha256);
  message.set_template_name(manifest.template_name);
  message.set_host_state(manifest.host_state);
  message.set_pages_sha256(sha256_of(pieces));
  message.set_created_unix_ns(manifest.created_unix_ns);
  for (const Global& global : manifest.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  for (const auto& [key, value] : manifest.facts) (*message.mutable_facts())[key] = value;
  const std::string text = message.SerializeAsString();
  return write_container(path, kImageFormat, {as_bytes(text)}, pieces, AtomicFile::Sync::kFull)
      .status();
}

Result<std::shared_ptr<const Image>> open_image(const std::filesystem::path& path) {
  SKERRY_ASSIGN(OwnedFd file, open_file(path, O_RDONLY));
  return read_image(std::move(file), path);
}

Result<std::shared_ptr<const Image>> read_image(OwnedFd opened_file,
                                                const std::filesystem::path& path) {
  SKERRY_ASSIGN(auto opened, read_checked_manifest(std::move(opened_file), path));
  auto image = std::make_shared<Image>();
  image->sha256 = opened.container.manifest_sha256;
  SKERRY_ASSIGN(auto file, std::move(opened.container).pages());
  image->base = file;
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
  SKERRY_ASSIGN(OwnedFd file, open_file(path, O_RDONLY));
  SKERRY_ASSIGN(auto opened, read_checked_manifest(std::move(file), path));
  return verify_container_pages(path, kImageFormat, std::move(opened.container), sha256_of,
                                opened.manifest.pages_sha256());
}

}  // namespace skerry::image
