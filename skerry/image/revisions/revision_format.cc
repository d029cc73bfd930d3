// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/revision_format.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "skerry/image/manifest_budget.h"

namespace skerry::image {
namespace {

void add_file(const std::shared_ptr<const PageFile>& file, std::string_view id,
              Revision& revision) {
  revision.file_ids[file.get()] = id;
  revision.descriptors.push_back(file->fd());
}

/// Makes `container` the revision's own file; null when it has no pages.
Result<std::shared_ptr<const PageFile>> take_own(Container container, Revision& revision) {
  if (container.pages_size == 0) {
    revision.pageless = std::make_shared<const OwnedFd>(std::move(container.file));
    revision.descriptors.push_back(revision.pageless->get());
    return std::shared_ptr<const PageFile>();
  }
  SKERRY_ASSIGN(auto file, std::move(container).pages());
  add_file(file, revision.id, revision);
  return file;
}

Status no_patch(std::string_view id, std::string_view what) {
  return absl::DataLossError("the patch of revision " + std::string(id) + ": " + std::string(what));
}

}  // namespace

Result<Opened<proto::RevisionManifest>> read_checked(OwnedFd file,
                                                     const std::filesystem::path& path) {
  SKERRY_ASSIGN(auto opened, read_with<proto::RevisionManifest>(
                                 std::move(file), path, kRevisionFormat, check_revision_manifest));
  const auto damaged = [&](std::string_view what) {
    return damaged_container(path, kRevisionFormat, what);
  };
  if (!is_hexadecimal(opened.manifest.template_sha256(), 64)) return damaged("no template's hash");
  for (const std::string& source : opened.manifest.sources()) {
    if (!is_hexadecimal(source, 32)) return damaged("no revision's id");
  }
  if (opened.manifest.memory_size() > kMaxPages) return damaged("no such memory is allowed");
  return opened;
}

Result<std::string> template_named_in(int file, const std::filesystem::path& path) {
  // The first field of the manifest, in the order in which Protobuf writes them.
  constexpr std::size_t kDigits = 64;
  constexpr char kTag = proto::RevisionManifest::kTemplateSha256FieldNumber << 3 | 2;
  std::array<char, 2 + kDigits> front{};
  const auto size = ::pread(file, front.data(), front.size(), kManifestOffset);
  const std::string_view text(front.data() + 2, kDigits);
  if (size == ssize_t{front.size()} && front[0] == kTag && front[1] == char{kDigits} &&
      is_hexadecimal(text, kDigits)) {
    return std::string(text);
  }
  OwnedFd again(::fcntl(file, F_DUPFD_CLOEXEC, 0));
  SKERRY_ASSIGN(const auto opened, read_checked(std::move(again), path));
  return opened.manifest.template_sha256();
}

Result<Revision> assemble(std::string_view id, const std::filesystem::path& path,
                          Opened<proto::RevisionManifest> opened, std::vector<Container> sources,
                          const std::shared_ptr<const Image>& base) {
  const auto damaged = [&](std::string_view what) {
    return damaged_container(path, kRevisionFormat, what);
  };
  proto::RevisionManifest& manifest = opened.manifest;
  if (base->sha256 != manifest.template_sha256()) {
    return damaged("template " + base->sha256 + " is not the one it rests on");
  }
  Revision revision;
  revision.id = revision.file_id = id;
  std::vector<std::shared_ptr<const PageFile>> files(1);
  SKERRY_ASSIGN(files[0], take_own(std::move(opened.container), revision));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    SKERRY_ASSIGN(auto file, std::move(sources[i]).pages());
    if (!file) return damaged("another revision that it needs has no pages");
    add_file(file, manifest.sources(static_cast<int>(i)), revision);
    files.push_back(std::move(file));
  }
  revision.descriptors.push_back(base->base->fd());
  std::vector<Extent> extents;
  for (const auto& extent : manifest.extents()) {
    if (extent.source() >= files.size() || !files[extent.source()]) {
      return damaged("an extent is in no file");
    }
    extents.push_back({extent.first(), extent.count(), files[extent.source()], extent.at()});
  }
  auto image = std::make_shared<Image>();
  auto layered = ImagePages::layered(base->base, std::move(extents), manifest.memory_size());
  if (!layered.ok()) return damaged(message_of(layered.status()));
  image->pages = *std::move(layered);
  image->base = base->base;
  image->template_image = base;
  image->sha256 = base->sha256;
  image->manifest.facts = base->manifest.facts;
  image->manifest.template_name = manifest.template_name();
  image->manifest.module_sha256 = manifest.module_sha256();
  image->manifest.host_state = std::move(*manifest.mutable_host_state());
  image->manifest.created_unix_ns = manifest.created_unix_ns();
  for (const auto& global : manifest.globals()) {
    image->manifest.globals.push_back({global.name(), global.bits()});
  }
  revision.file_image = std::move(image);
  auto edits = Edits::parse(manifest.edits(), manifest.memory_size());
  if (!edits.ok()) return damaged(message_of(edits.status()));
  if (!edits->empty()) revision.edits = std::make_shared<const Edits>(*std::move(edits));
  return revision;
}

Result<Revision> revision_of(const Revision& parent, const Captured& captured, Layout layout,
                             std::string_view id, Container own) {
  const Image& before = *parent.file_image;
  auto image = std::make_shared<Image>();
  image->base = before.base;
  image->sha256 = before.sha256;
  image->template_image = before.template_image ? before.template_image : parent.file_image;
  image->manifest = without_host_state(before.manifest);
  image->manifest.globals = captured.state.globals;
  image->manifest.host_state = captured.state.host_state;
  Revision revision;
  revision.id = revision.file_id = id;
  SKERRY_ASSIGN(const auto file, take_own(std::move(own), revision));
  for (Extent& extent : layout.extents) {
    if (!extent.file) extent.file = file;
  }
  for (const auto& source : layout.sources) {
    add_file(source, parent.file_ids.at(source.get()), revision);
  }
  revision.descriptors.push_back(image->base->fd());
  SKERRY_ASSIGN(image->pages, ImagePages::layered(image->base, std::move(layout.extents),
                                                  captured.state.memory_size));
  revision.file_image = std::move(image);
  if (!layout.edits.empty()) {
    revision.edits = std::make_shared<const Edits>(std::move(layout.edits));
  }
  return revision;
}

ManifestBytes::ManifestBytes(const proto::RevisionManifest& manifest, std::string_view host_state)
    : front_(manifest.SerializeAsString()), host_state_(host_state) {
  constexpr std::uint32_t kLengthDelimited = 2;
  google::protobuf::io::StringOutputStream stream(&front_);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteTag(proto::RevisionManifest::kHostStateFieldNumber << 3 | kLengthDelimited);
  out.WriteVarint64(host_state.size());
}

std::string content_of_patch(const proto::RevisionPatch& message) {
  const std::string text = message.SerializeAsString();
  return xxh3_of({as_bytes(text)}) + text;
}

Result<proto::RevisionPatch> read_patch(std::string_view id, std::string_view content) {
  constexpr std::size_t kHash = 32;
  if (content.size() < kHash) return no_patch(id, "it is too short");
  const std::string_view text = content.substr(kHash);
  if (xxh3_of({as_bytes(text)}) != content.substr(0, kHash)) {
    return no_patch(id, "its bytes have changed");
  }
  if (const Status counted = check_patch(text); !counted.ok()) {
    return no_patch(id, message_of(counted));
  }
  proto::RevisionPatch message;
  if (!message.ParseFromArray(text.data(), static_cast<int>(text.size()))) {
    return no_patch(id, "the message is none");
  }
  if (!is_hexadecimal(message.file(), 32)) return no_patch(id, "no revision's id");
  return message;
}

Status complete_host_state(std::string_view id, std::string_view around,
                           proto::RevisionPatch& message) {
  const std::uint64_t before = message.host_state_before();
  const std::uint64_t behind = message.host_state_behind();
  if (before > around.size() || behind > around.size() - before) {
    return no_patch(id, "it has more of a host state than there is");
  }
  std::string& host_state = *message.mutable_state()->mutable_host_state();
  host_state.insert(0, around.substr(0, before));
  host_state.append(around.substr(around.size() - behind));
  return ok_status();
}

Result<Revision> patched(std::string_view id, Revision files, proto::RevisionPatch message,
                         std::string_view content) {
  SKERRY_TRY(complete_host_state(id, files.manifest().host_state, message));
  auto state = take_state(std::move(*message.mutable_state()), {.before = files.memory_size(),
                                                                .globals = files.manifest().globals,
                                                                .memory = bytes(kMaxPages)});
  if (!state.ok()) return no_patch(id, message_of(state.status()));
  if (!state->changed.empty()) return no_patch(id, "it has pages");
  files.id = id;
  files.patch = std::make_shared<const Patch>(
      Patch{.state = *std::move(state), .content = std::string(content)});
  return files;
}

}  // namespace skerry::image
