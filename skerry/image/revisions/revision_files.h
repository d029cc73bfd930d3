// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"
#include "skerry/image/revisions/revision.h"

namespace skerry::image {

/// The directory of revision files and of the templates beneath them. docs/formats/revision.md has
/// the bytes. Who may write when is the caller's affair: files never change, and get their names
/// when they are whole. One that is cold may lie there compressed: whatever opens it by its id puts
/// it back first. Confined to one thread.
class RevisionFiles {
 public:
  /// Where a revision's and a template's file lies below the directory: "revisions/ID.revision",
  /// "templates/SHA256.image"; and a compressed revision's, "revisions/ID.revision.zst".
  static std::string name_of(std::string_view id);
  static std::string compressed_name_of(std::string_view id);
  static std::string template_name_of(std::string_view sha256);
  /// Whether `name` is such a place, and so no way out of the directory.
  static bool is_name(std::string_view name);

  /// Makes the directories.
  static Result<RevisionFiles> open(const std::filesystem::path& directory);

  /// Keeps the template at `path`, whose image is `image`, for as long as revisions rest on it.
  Status keep_template(const Image& image, const std::filesystem::path& path) const;

  /// A base for revisions that rest on no template: one zero page, these facts, and the names of
  /// the module and of the template that they began on elsewhere. Kept as templates are, once for
  /// all of the same names and facts.
  Result<Revision> bare_base(std::string_view module_sha256, std::string_view template_name,
                             const std::map<std::string, std::string>& facts) const;

  /// Opens a revision with all that it rests on. kNotFound, kDataLoss or kUnimplemented, naming the
  /// file, when one of them is missing, damaged or of another version.
  Result<Revision> load(std::string_view id) const;
  /// The same for one that has no file, from its patch's content.
  Result<Revision> load_patched(std::string_view id, std::string_view content) const;

  /// The files that hold a revision's host state, or one's that has no file but a patch with this
  /// content. Nothing of them is read that may be large.
  Result<StoredFiles> open_stored(std::string_view id) const;
  Result<StoredFiles> open_stored_patched(std::string_view id, std::string_view content) const;

  /// An empty file for a revision to come, made while nobody waits for it: that takes as long as
  /// filling it. Nothing is left of one that is not used.
  struct PreparedFile {
    std::string id;
    AtomicFile file;
  };
  Result<PreparedFile> prepare_file() const;

  struct Written {
    std::string id;
    std::vector<std::string> sources;  ///< other revisions' files that it needs
    std::size_t bytes = 0;             ///< of its own file, or of its patch
    std::size_t pages = 0;             ///< all that differ from the template
    Revision revision;                 ///< the same, open
  };
  /// What `captured` made of `parent` as a patch that the caller keeps, so that no file is written;
  /// none when it is too much for that. `kFull` syncs the files it needs.
  Result<std::optional<Written>> patch(const Revision& parent, const Captured& captured,
                                       AtomicFile::Sync sync) const;
  /// Writes what `captured` made of `parent` as a new revision file, at `place` if there is one.
  /// `kFull` also syncs the files it needs.
  Result<Written> write(const Revision& parent, const Captured& captured, AtomicFile::Sync sync,
                        std::optional<PreparedFile> place = std::nullopt) const;

  /// Reads all of one file and checks its hashes.
  Status verify(std::string_view id) const;
  /// The same for a patch's content; its files are others' affair.
  Status verify_patch(std::string_view id, std::string_view content) const;
  /// The same for all files that a revision rests on.
  Status verify(const Revision& revision) const;

  /// Puts a compressed file in the place of one that has lain here since before `before`, in Unix
  /// nanoseconds. Returns the bytes of disk that frees; 0 when it is compressed or too young. Those
  /// who have it open keep it.
  Result<std::int64_t> compress(std::string_view id, std::int64_t before) const;

  Status remove(std::string_view id) const;
  /// Bytes that a revision takes on the disk; the hash of the template it rests on.
  Result<std::int64_t> size_of(std::string_view id) const;
  Result<std::string> template_of(std::string_view id) const;
  /// Ids of all revision files, and hashes of all templates, that are there.
  std::vector<std::string> list() const;
  std::vector<std::string> list_uncompressed() const;
  std::vector<std::string> list_templates() const;
  Status remove_template(std::string_view sha256) const;

  /// Removes what killed writers left. Only while nobody writes.
  void remove_stale() const;

 private:
  explicit RevisionFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path path_of(std::string_view id) const { return directory_ / name_of(id); }
  std::filesystem::path compressed_path(std::string_view id) const {
    return directory_ / compressed_name_of(id);
  }
  /// Held while a file takes its compressed one's place, or that its.
  Result<FileLock> lock_compressed() const;
  Status expand(std::string_view id) const;
  /// Its file, put back if it is compressed; its bytes, wherever they lie.
  Result<OwnedFd> open_revision(std::string_view id) const;
  Result<OwnedFd> content_of(std::string_view id) const;
  Status sync_source(std::string_view id) const;
  Status sync_sources(const Revision& parent, const std::vector<std::string>& sources,
                      AtomicFile::Sync sync) const;
  std::filesystem::path template_path(std::string_view sha256) const {
    return directory_ / template_name_of(sha256);
  }

  Result<std::shared_ptr<const Image>> open_template(const std::string& sha256) const;

  std::filesystem::path directory_;
  mutable std::shared_ptr<const Image> last_template_;  // most revisions rest on the same
};

}  // namespace skerry::image
