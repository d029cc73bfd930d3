// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/revision_files.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <set>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/sealed_file.h"
#include "skerry/image/page_container.h"
#include "skerry/image/revisions/compressed_file.h"
#include "skerry/image/revisions/revision_format.h"
#include "skerry/image/revisions/revision_layout.h"

namespace skerry::image {
namespace {

constexpr std::string_view kRevisionSuffix = ".revision";
constexpr std::string_view kCompressedSuffix = ".zst";
constexpr std::string_view kTemplateSuffix = ".image";

// The most that a revision file holds: its pages, its manifest, and what rounds that up.
constexpr std::uint64_t kMaxFile = kMaxPages + kMaxManifest + kWasmPageSize;

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

std::vector<std::string> names_with(const std::filesystem::path& directory,
                                    std::string_view suffix) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(suffix)) names.push_back(name.substr(0, name.size() - suffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status unlink_file(const std::filesystem::path& path) {
  return syscall_result("unlink", path.native(), [&] { return ::unlink(path.c_str()); }).status();
}

bool is_missing(const Status& status) { return status.code() == StatusCode::kNotFound; }

Result<struct stat> facts_of(int fd) {
  struct stat facts{};
  SKERRY_TRY(syscall_result("fstat", {}, [&] { return ::fstat(fd, &facts); }).status());
  return facts;
}

std::int64_t unix_ns(const struct timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t bytes_on_disk(const struct stat& facts) { return std::int64_t{facts.st_blocks} * 512; }

/// How many bytes two texts have in common at their beginning, and behind that at their end.
std::pair<std::size_t, std::size_t> common_ends(std::string_view one, std::string_view other) {
  const std::size_t shorter = std::min(one.size(), other.size());
  const auto differ =
      std::mismatch(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(shorter), other.begin());
  const auto before = static_cast<std::size_t>(differ.first - one.begin());
  const auto last = std::mismatch(
      one.rbegin(), one.rbegin() + static_cast<std::ptrdiff_t>(shorter - before), other.rbegin());
  return {before, static_cast<std::size_t>(last.first - one.rbegin())};
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

std::string RevisionFiles::compressed_name_of(std::string_view id) {
  return name_of(id) + std::string(kCompressedSuffix);
}

std::string RevisionFiles::template_name_of(std::string_view sha256) {
  return "templates/" + std::string(sha256) + std::string(kTemplateSuffix);
}

bool RevisionFiles::is_name(std::string_view name) {
  const std::string file = std::filesystem::path(name).filename();
  const std::string stem = file.substr(0, file.find('.'));
  if (is_hexadecimal(stem, 64)) return name == template_name_of(stem);
  return is_hexadecimal(stem, 32) && (name == name_of(stem) || name == compressed_name_of(stem));
}

Status RevisionFiles::keep_template(const Image& image, const std::filesystem::path& path) const {
  const auto kept = template_path(image.sha256);
  std::error_code error;
  if (std::filesystem::exists(kept, error)) return ok_status();
  // A second name for the same file: set-up replaces templates, and never writes in one. It changes
  // the file's change time, for which whoever opens it next would hash it again.
  const auto sealed = SealedFile::check(path, SealedFile::Depth::kTimes);
  std::filesystem::create_hard_link(path, kept, error);
  if (!error && sealed.ok()) (void)SealedFile::seal(path, *sealed);
  if (error == std::errc::cross_device_link) {
    error.clear();
    SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_RDONLY));
    SKERRY_ASSIGN(AtomicFile copy, AtomicFile::create(kept));
    SKERRY_TRY(annotate(copy_all(file.get(), copy.fd(), bytes(kMaxPages + 2 * kMaxManifest)),
                        "keeping template " + path.native()));
    SKERRY_TRY(copy.commit());
  }
  if (error && !std::filesystem::exists(kept)) {
    return absl::InternalError("keeping template " + path.native() + ": " + error.message());
  }
  SKERRY_ASSIGN(const auto linked, open_image(kept));
  if (linked->sha256 == image.sha256) return sync_directory_of(kept);
  (void)unlink_file(kept);
  return absl::UnavailableError("template " + path.native() + " was replaced meanwhile: try again");
}

Result<Revision> RevisionFiles::bare_base(std::string_view module_sha256,
                                          std::string_view template_name,
                                          const std::map<std::string, std::string>& facts) const {
  Manifest bare;
  bare.facts = facts;
  bare.module_sha256 = module_sha256;
  bare.template_name = template_name;
  SKERRY_ASSIGN(const std::string id, new_id());
  // A temporary name first, since the real one is a hash of what is written.
  const auto path = directory_ / "templates" / (".tmp-" + id);
  const std::vector<std::byte> zeros(kWasmPageSize);
  SKERRY_TRY(write_image(path, bare, zeros));
  Revision base;
  const auto kept = [&]() -> Status {
    SKERRY_ASSIGN(base.file_image, open_image(path));
    return keep_template(*base.file_image, path);
  }();
  SKERRY_TRY(unlink_file(path));
  SKERRY_TRY(kept);
  return base;
}

Result<Revision> RevisionFiles::load(std::string_view id) const {
  if (!is_hexadecimal(id, 32)) return absl::InvalidArgumentError("no revision's id");
  const auto path = path_of(id);
  SKERRY_ASSIGN(OwnedFd file, open_revision(id));
  SKERRY_ASSIGN(auto opened, read_checked(std::move(file), path));
  const proto::RevisionManifest& manifest = opened.manifest;
  SKERRY_ASSIGN(const auto base, open_template(manifest.template_sha256()));
  std::vector<Container> sources;
  for (const std::string& source : manifest.sources()) {
    SKERRY_ASSIGN(OwnedFd own, open_revision(source));
    SKERRY_ASSIGN(auto container, read_container(std::move(own), path_of(source), kRevisionFormat));
    sources.push_back(std::move(container));
  }
  return assemble(id, path, std::move(opened), std::move(sources), base);
}

Result<std::shared_ptr<const Image>> RevisionFiles::open_template(const std::string& sha256) const {
  if (!last_template_ || last_template_->sha256 != sha256) {
    SKERRY_ASSIGN(last_template_, open_image(template_path(sha256)));
  }
  return last_template_;
}

Result<Revision> RevisionFiles::load_patched(std::string_view id, std::string_view content) const {
  SKERRY_ASSIGN(auto message, read_patch(id, content));
  SKERRY_ASSIGN(Revision files, load(message.file()));
  return patched(id, std::move(files), std::move(message), content);
}

Result<StoredFiles> RevisionFiles::open_stored(std::string_view id) const {
  if (!is_hexadecimal(id, 32)) return absl::InvalidArgumentError("no revision's id");
  StoredFiles files{.id = std::string(id)};
  SKERRY_ASSIGN(files.own_file, open_revision(id));
  SKERRY_ASSIGN(const std::string base, template_named_in(files.own_file.get(), path_of(id)));
  SKERRY_ASSIGN(files.template_file, open_file(template_path(base), O_RDONLY));
  return files;
}

Result<StoredFiles> RevisionFiles::open_stored_patched(std::string_view id,
                                                       std::string_view content) const {
  SKERRY_ASSIGN(const auto message, read_patch(id, content));
  SKERRY_ASSIGN(StoredFiles files, open_stored(message.file()));
  files.id = id;
  files.patch = content;
  return files;
}

Status RevisionFiles::verify_patch(std::string_view id, std::string_view content) const {
  return read_patch(id, content).status();
}

Result<std::optional<RevisionFiles::Written>> RevisionFiles::patch(const Revision& parent,
                                                                   const Captured& captured,
                                                                   AtomicFile::Sync sync) const {
  const CapturedState& state = captured.state;
  if (!state.changed.empty() || parent.id.empty()) return std::nullopt;
  const std::string& around = parent.manifest().host_state;
  const auto [before, behind] = common_ends(around, state.host_state);
  CapturedState whole = state;
  if (parent.patch) whole.edits = merge(parent.patch->state.edits, state.edits);
  const std::size_t own = whole.edits.encoded().size() + state.host_state.size() - before - behind;
  if (own > Edits::kMaxInPatch) return std::nullopt;
  Written written;
  SKERRY_ASSIGN(written.id, new_id());
  std::set<std::string> sources{parent.file_id};
  for (const auto& [file, id] : parent.file_ids) sources.insert(id);
  written.sources.assign(sources.begin(), sources.end());
  SKERRY_TRY(sync_sources(parent, written.sources, sync));
  proto::RevisionPatch message;
  message.set_file(parent.file_id);
  put_state(whole, *message.mutable_state());
  message.set_host_state_before(before);
  message.set_host_state_behind(behind);
  message.mutable_state()->set_host_state(
      state.host_state.substr(before, state.host_state.size() - before - behind));
  std::string content = content_of_patch(message);
  written.bytes = content.size();
  written.revision = parent;
  written.revision.id = written.id;
  written.revision.is_synced = parent.is_synced || sync == AtomicFile::Sync::kFull;
  written.revision.patch = std::make_shared<const Patch>(
      Patch{.state = std::move(whole), .content = std::move(content)});
  written.pages = pages_of(written.revision);
  return written;
}

Result<RevisionFiles::PreparedFile> RevisionFiles::prepare_file() const {
  SKERRY_ASSIGN(std::string id, new_id());
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path_of(id)));
  return PreparedFile{.id = std::move(id), .file = std::move(file)};
}

Result<RevisionFiles::Written> RevisionFiles::write(const Revision& parent,
                                                    const Captured& captured, AtomicFile::Sync sync,
                                                    std::optional<PreparedFile> place) const {
  SKERRY_ASSIGN(Layout layout, lay_out(parent, captured));
  Written written;
  for (const auto& source : layout.sources) {
    written.sources.push_back(parent.file_ids.at(source.get()));
  }
  const ManifestBytes manifest(layout.manifest, captured.state.host_state);
  written.bytes = manifest.size() + layout.own * kPageSize;
  SKERRY_TRY(sync_sources(parent, written.sources, sync));
  if (place) {
    written.id = place->id;
  } else {
    SKERRY_ASSIGN(written.id, new_id());
  }
  const auto path = path_of(written.id);
  const auto fill = [&]() -> Result<std::uint64_t> {
    const Pieces text = manifest.pieces();
    const WasRead read = captured.was_read();
    if (!place) return write_container(path, kRevisionFormat, text, layout.pieces, sync, read);
    SKERRY_ASSIGN(
        const std::uint64_t offset,
        fill_container(place->file.fd(), path, kRevisionFormat, text, layout.pieces, read));
    SKERRY_TRY(place->file.commit(sync));
    return offset;
  };
  SKERRY_ASSIGN(const std::uint64_t offset, fill());
  auto opened = [&]() -> Result<Revision> {
    Container own;
    own.pages_offset = offset;
    own.pages_size = layout.own * kPageSize;
    SKERRY_ASSIGN(own.file, open_file(path, O_RDONLY));
    return revision_of(parent, captured, std::move(layout), written.id, std::move(own));
  }();
  if (!opened.ok()) {
    (void)remove(written.id);
    return opened.status();
  }
  written.revision = *std::move(opened);
  written.pages = pages_of(written.revision);
  written.revision.is_synced = sync == AtomicFile::Sync::kFull;
  return written;
}

Status RevisionFiles::sync_sources(const Revision& parent, const std::vector<std::string>& sources,
                                   AtomicFile::Sync sync) const {
  if (sync == AtomicFile::Sync::kNone || parent.is_synced) return ok_status();
  for (const std::string& source : sources) SKERRY_TRY(sync_source(source));
  return ok_status();
}

Status RevisionFiles::sync_source(std::string_view id) const {
  const auto path = path_of(id);
  const auto file = open_file(path, O_RDONLY);
  // A compressed one was synced before it took the other's place.
  if (is_missing(file.status()) && std::filesystem::exists(compressed_path(id))) return ok_status();
  if (!file.ok()) return file.status();
  SKERRY_TRY(syscall_result("fsync", path.native(), [&] { return ::fsync(file->get()); }).status());
  return sync_directory_of(path);
}

Result<FileLock> RevisionFiles::lock_compressed() const {
  return FileLock::acquire(directory_ / "revisions" / ".compressing");
}

Result<std::int64_t> RevisionFiles::compress(std::string_view id, std::int64_t before) const {
  SKERRY_ASSIGN(const FileLock alone, lock_compressed());
  const auto path = path_of(id);
  const auto file = open_file(path, O_RDONLY);
  if (is_missing(file.status())) return 0;
  if (!file.ok()) return file.status();
  SKERRY_ASSIGN(const auto facts, facts_of(file->get()));
  if (unix_ns(facts.st_mtim) >= before) return 0;
  SKERRY_ASSIGN(AtomicFile compressed, AtomicFile::create(compressed_path(id)));
  SKERRY_TRY(compress_file(file->get(), compressed.fd()));
  SKERRY_ASSIGN(const auto smaller, facts_of(compressed.fd()));
  SKERRY_TRY(compressed.commit());
  SKERRY_TRY(unlink_file(path));
  return bytes_on_disk(facts) - bytes_on_disk(smaller);
}

Status RevisionFiles::expand(std::string_view id) const {
  SKERRY_ASSIGN(const FileLock alone, lock_compressed());
  const auto path = path_of(id);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return ok_status();  // somebody else did
  const auto compressed = open_file(compressed_path(id), O_RDONLY);
  if (is_missing(compressed.status())) return open_file(path, O_RDONLY).status();
  if (!compressed.ok()) return compressed.status();
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  const Status expanded = expand_file(compressed->get(), file.fd(), kMaxFile);
  if (!expanded.ok()) return annotate(expanded, compressed_path(id).native());
  // Whole on the disk before the other goes: a durable revision stays one.
  SKERRY_TRY(file.commit());
  return unlink_file(compressed_path(id));
}

Result<OwnedFd> RevisionFiles::open_revision(std::string_view id) const {
  auto file = open_file(path_of(id), O_RDONLY);
  if (!is_missing(file.status())) return file;
  SKERRY_TRY(expand(id));
  return open_file(path_of(id), O_RDONLY);
}

Result<OwnedFd> RevisionFiles::content_of(std::string_view id) const {
  auto file = open_file(path_of(id), O_RDONLY);
  if (!is_missing(file.status())) return file;
  const auto compressed = open_file(compressed_path(id), O_RDONLY);
  if (is_missing(compressed.status())) return open_file(path_of(id), O_RDONLY);
  if (!compressed.ok()) return compressed.status();
  SKERRY_ASSIGN(file, unnamed_file(directory_ / "revisions"));
  const Status expanded = expand_file(compressed->get(), file->get(), kMaxFile);
  if (!expanded.ok()) return annotate(expanded, compressed_path(id).native());
  return file;
}

Status RevisionFiles::verify(std::string_view id) const {
  const auto path = path_of(id);
  SKERRY_ASSIGN(OwnedFd file, content_of(id));
  SKERRY_ASSIGN(auto opened, read_checked(std::move(file), path));
  return verify_container_pages(path, kRevisionFormat, std::move(opened.container), xxh3_of,
                                opened.manifest.pages_xxh3());
}

Status RevisionFiles::verify(const Revision& revision) const {
  SKERRY_TRY(verify_pages(template_path(revision.file_image->sha256)));
  // Its own file has no pages of its own when the run changed none.
  if (!revision.file_id.empty()) SKERRY_TRY(verify(revision.file_id));
  for (const auto& [file, id] : revision.file_ids) {
    if (id != revision.file_id) SKERRY_TRY(verify(id));
  }
  return ok_status();
}

Status RevisionFiles::remove(std::string_view id) const {
  // Both are there when a process was killed while one took the other's place.
  const Status removed = unlink_file(path_of(id));
  const Status compressed = unlink_file(compressed_path(id));
  return is_missing(removed) ? compressed : removed;
}

Result<std::int64_t> RevisionFiles::size_of(std::string_view id) const {
  std::error_code error;
  auto size = std::filesystem::file_size(path_of(id), error);
  if (error) size = std::filesystem::file_size(compressed_path(id), error);
  if (error) return absl::NotFoundError(path_of(id).native() + ": " + error.message());
  return static_cast<std::int64_t>(size);
}

Result<std::string> RevisionFiles::template_of(std::string_view id) const {
  SKERRY_ASSIGN(OwnedFd file, content_of(id));
  SKERRY_ASSIGN(const auto opened, read_checked(std::move(file), path_of(id)));
  return opened.manifest.template_sha256();
}

std::vector<std::string> RevisionFiles::list_uncompressed() const {
  return names_with(directory_ / "revisions", kRevisionSuffix);
}

std::vector<std::string> RevisionFiles::list() const {
  auto names = list_uncompressed();
  const auto compressed = names_with(directory_ / "revisions",
                                     std::string(kRevisionSuffix) + std::string(kCompressedSuffix));
  names.insert(names.end(), compressed.begin(), compressed.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
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
