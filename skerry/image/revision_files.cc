// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revision_files.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <set>
#include <sys/random.h>
#include <unistd.h>
#include <utility>

#include "skerry/image/page_container.h"
#include "skerry/revision.pb.h"

namespace skerry::image {
namespace {

constexpr std::string_view kRevisionSuffix = ".revision";
constexpr std::string_view kTemplateSuffix = ".image";

// However small its sources are, a revision has no more than this many: each is a file to open.
constexpr std::size_t kMaxSources = 48;

Result<std::string> new_id() {
  std::array<unsigned char, 16> bytes{};
  SKERRY_TRY(syscall_result("getrandom", {}, [&] {
               return ::getrandom(bytes.data(), bytes.size(), 0);
             }).status());
  std::string id;
  for (const unsigned char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

Result<Opened<proto::RevisionManifest>> open_checked(const std::filesystem::path& path) {
  SKERRY_ASSIGN(auto opened, open_with<proto::RevisionManifest>(path, kRevisionFormat));
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

std::vector<std::string> names_with(const std::filesystem::path& directory,
                                    std::string_view suffix) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == suffix) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status unlink_file(const std::filesystem::path& path) {
  return syscall_result("unlink", path.native(), [&] { return ::unlink(path.c_str()); }).status();
}

Status sync_file(const std::filesystem::path& path) {
  SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_RDONLY));
  SKERRY_TRY(syscall_result("fsync", path.native(), [&] { return ::fsync(file.get()); }).status());
  return sync_directory_of(path);
}

/// Sources of which little is still in use, smallest first: as long as one adds no more than is
/// written anyway, its pages are taken along. So sources stay few (their sizes at least double) and
/// a page is rewritten a logarithmic number of times.
std::set<const PageFile*> absorbed_sources(const std::vector<Extent>& extents) {
  std::map<const PageFile*, std::size_t> used;
  for (const Extent& extent : extents) used[extent.file.get()] += extent.count;
  std::size_t written = used[nullptr];  // no file yet: the run's own pages
  used.erase(nullptr);
  std::vector<std::pair<std::size_t, const PageFile*>> sources;
  sources.reserve(used.size());
  for (const auto& [file, count] : used) sources.emplace_back(count, file);
  std::sort(sources.begin(), sources.end());
  std::set<const PageFile*> absorbed;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& [count, file] = sources[i];
    if (count > written && sources.size() - i <= kMaxSources) break;
    absorbed.insert(file);
    written += count;
  }
  return absorbed;
}

}  // namespace

Result<RevisionFiles> RevisionFiles::open(const std::filesystem::path& directory) {
  SKERRY_TRY(make_private_directory(directory / "revisions"));
  SKERRY_TRY(make_private_directory(directory / "templates"));
  return RevisionFiles(directory);
}

std::string RevisionFiles::name_of(std::string_view id) {
  return "revisions/" + std::string(id) + std::string(kRevisionSuffix);
}

std::string RevisionFiles::template_name_of(std::string_view sha256) {
  return "templates/" + std::string(sha256) + std::string(kTemplateSuffix);
}

bool RevisionFiles::is_name(std::string_view name) {
  const std::string stem = std::filesystem::path(name).stem();
  return (is_hexadecimal(stem, 32) && name == name_of(stem)) ||
         (is_hexadecimal(stem, 64) && name == template_name_of(stem));
}

Status RevisionFiles::keep_template(const Image& image, const std::filesystem::path& path) const {
  const auto kept = template_path(image.sha256);
  std::error_code error;
  if (std::filesystem::exists(kept, error)) return ok_status();
  // A second name for the same file: set-up replaces templates, and never writes in one.
  std::filesystem::create_hard_link(path, kept, error);
  if (error == std::errc::cross_device_link) {
    SKERRY_ASSIGN(AtomicFile copy, AtomicFile::create(kept));
    std::filesystem::copy_file(path, copy.temporary_path(),
                               std::filesystem::copy_options::overwrite_existing, error);
    if (!error) SKERRY_TRY(copy.commit());
  }
  if (error && !std::filesystem::exists(kept)) {
    return absl::InternalError("keeping template " + path.native() + ": " + error.message());
  }
  SKERRY_ASSIGN(const auto linked, open_image(kept));
  if (linked->sha256 == image.sha256) return sync_directory_of(kept);
  (void)unlink_file(kept);
  return absl::UnavailableError("template " + path.native() + " was replaced meanwhile: try again");
}

Result<Revision> RevisionFiles::bare_base(const Manifest& manifest) const {
  Manifest bare;
  bare.module_sha256 = manifest.module_sha256;
  bare.template_name = manifest.template_name;
  bare.facts = manifest.facts;
  SKERRY_ASSIGN(const std::string id, new_id());
  // A temporary name first, since the real one is a hash of what is written.
  const auto path = directory_ / "templates" / (".tmp-" + id);
  const std::vector<std::byte> zeros(kWasmPageSize);
  SKERRY_TRY(write_image(path, bare, zeros));
  Revision base;
  const auto kept = [&]() -> Status {
    SKERRY_ASSIGN(base.image, open_image(path));
    return keep_template(*base.image, path);
  }();
  SKERRY_TRY(unlink_file(path));
  SKERRY_TRY(kept);
  return base;
}

Result<Revision> RevisionFiles::load(std::string_view id) const {
  if (!is_hexadecimal(id, 32)) return absl::InvalidArgumentError("no revision's id");
  const auto path = path_of(id);
  SKERRY_ASSIGN(auto opened, open_checked(path));
  const proto::RevisionManifest& manifest = opened.manifest;
  SKERRY_ASSIGN(const auto base, open_image(template_path(manifest.template_sha256())));
  if (base->sha256 != manifest.template_sha256()) {
    return absl::DataLossError(template_path(manifest.template_sha256()).native() +
                               ": not the template that revision " + std::string(id) + " rests on");
  }
  Revision revision;
  revision.id = id;
  std::vector<std::shared_ptr<const PageFile>> files(1);
  SKERRY_ASSIGN(files[0], std::move(opened.container).pages());
  if (files[0]) revision.file_ids[files[0].get()] = id;
  for (const std::string& source : manifest.sources()) {
    SKERRY_ASSIGN(Container container, open_container(path_of(source), kRevisionFormat));
    SKERRY_ASSIGN(auto file, std::move(container).pages());
    if (file) revision.file_ids[file.get()] = source;
    files.push_back(std::move(file));
  }
  std::vector<Extent> extents;
  for (const auto& extent : manifest.extents()) {
    if (extent.source() >= files.size() || !files[extent.source()]) {
      return damaged_container(path, kRevisionFormat, "an extent is in no file");
    }
    extents.push_back({extent.first(), extent.count(), files[extent.source()], extent.at()});
  }
  auto image = std::make_shared<Image>();
  auto layered = ImagePages::layered(base->base, std::move(extents), manifest.memory_size());
  if (!layered.ok()) return damaged_container(path, kRevisionFormat, message_of(layered.status()));
  image->pages = *std::move(layered);
  image->base = base->base;
  image->sha256 = base->sha256;
  image->manifest.facts = base->manifest.facts;
  image->manifest.template_name = manifest.template_name();
  image->manifest.module_sha256 = manifest.module_sha256();
  image->manifest.host_state = manifest.host_state();
  image->manifest.created_unix_ns = manifest.created_unix_ns();
  for (const auto& global : manifest.globals()) {
    image->manifest.globals.push_back({global.name(), global.bits()});
  }
  revision.image = std::move(image);
  return revision;
}

Result<RevisionFiles::Written> RevisionFiles::write(const Revision& parent,
                                                    const Captured& captured,
                                                    AtomicFile::Sync sync) const {
  std::vector<Extent> changed;
  std::size_t at = 0;
  for (const PageRun& run : captured.state.changed) {
    changed.push_back({run.first, run.count, nullptr, at});
    at += run.count;
  }
  const std::vector<Extent> extents = overlay(parent.image->pages->layers(), changed);
  const auto absorbed = absorbed_sources(extents);

  Written written;
  SKERRY_ASSIGN(written.id, new_id());
  proto::RevisionManifest manifest;
  Pieces pieces;
  std::map<const PageFile*, std::uint32_t> source_numbers;
  std::size_t own = 0;  // pages in the new file so far
  for (const Extent& extent : extents) {
    written.pages += extent.count;
    auto* item = manifest.add_extents();
    item->set_first(extent.first);
    item->set_count(extent.count);
    const bool is_own = extent.file == nullptr || absorbed.contains(extent.file.get());
    if (is_own) {
      const auto from = extent.file == nullptr ? captured.pages() : extent.file->bytes();
      pieces.push_back(from.subspan(extent.at * kPageSize, extent.count * kPageSize));
      item->set_at(own);
      own += extent.count;
      continue;
    }
    auto [number, is_new] = source_numbers.try_emplace(
        extent.file.get(), static_cast<std::uint32_t>(source_numbers.size() + 1));
    if (is_new) {
      const auto id = parent.file_ids.find(extent.file.get());
      if (id == parent.file_ids.end()) {
        return absl::InternalError("a revision's extent lies in a file of nobody's");
      }
      manifest.add_sources(id->second);
      written.sources.push_back(id->second);
    }
    item->set_source(number->second);
    item->set_at(extent.at);
  }
  manifest.set_template_sha256(parent.image->sha256);
  manifest.set_template_name(parent.image->manifest.template_name);
  manifest.set_module_sha256(parent.image->manifest.module_sha256);
  manifest.set_pages_sha256(sha256_of_pieces(pieces));
  manifest.set_memory_size(captured.state.memory_size);
  manifest.set_host_state(captured.state.host_state);
  for (const Global& global : captured.state.globals) {
    auto* item = manifest.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  const std::string text = manifest.SerializeAsString();
  written.bytes = text.size() + own * kPageSize;
  if (sync == AtomicFile::Sync::kFull) {
    for (const std::string& source : written.sources) SKERRY_TRY(sync_file(path_of(source)));
  }
  SKERRY_TRY(write_container(path_of(written.id), kRevisionFormat, text, pieces, sync));
  return written;
}

Status RevisionFiles::verify(std::string_view id) const {
  const auto path = path_of(id);
  SKERRY_ASSIGN(auto opened, open_checked(path));
  return verify_container_pages(path, kRevisionFormat, std::move(opened.container),
                                opened.manifest.pages_sha256());
}

Status RevisionFiles::verify(const Revision& revision) const {
  SKERRY_TRY(verify_pages(template_path(revision.image->sha256)));
  // Its own file has no pages of its own when the run changed none.
  if (!revision.id.empty()) SKERRY_TRY(verify(revision.id));
  for (const auto& [file, id] : revision.file_ids) {
    if (id != revision.id) SKERRY_TRY(verify(id));
  }
  return ok_status();
}

Status RevisionFiles::remove(std::string_view id) const { return unlink_file(path_of(id)); }

Result<std::int64_t> RevisionFiles::size_of(std::string_view id) const {
  std::error_code error;
  const auto size = std::filesystem::file_size(path_of(id), error);
  if (error) return absl::NotFoundError(path_of(id).native() + ": " + error.message());
  return static_cast<std::int64_t>(size);
}

Result<std::string> RevisionFiles::template_of(std::string_view id) const {
  SKERRY_ASSIGN(const auto opened, open_checked(path_of(id)));
  return opened.manifest.template_sha256();
}

std::vector<std::string> RevisionFiles::list() const {
  return names_with(directory_ / "revisions", kRevisionSuffix);
}

std::vector<std::string> RevisionFiles::list_templates() const {
  return names_with(directory_ / "templates", kTemplateSuffix);
}

Status RevisionFiles::remove_template(std::string_view sha256) const {
  return unlink_file(template_path(sha256));
}

void RevisionFiles::remove_stale() const {
  remove_stale_temporaries(directory_ / "revisions");
  remove_stale_temporaries(directory_ / "templates");
}

}  // namespace skerry::image
