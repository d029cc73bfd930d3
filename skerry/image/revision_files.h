// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/file.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"

namespace skerry::image {

/// A revision, or a template as the one before a session's first: an image, and which files hold
/// its layers. Immutable.
struct Revision {
  std::string id;  ///< empty for a template
  std::shared_ptr<const Image> image;
  std::map<const PageFile*, std::string> file_ids;  ///< of all that its layers lie in
  /// What another process needs for `read_revision`: its own file, those of other revisions, its
  /// template's. Owned by the image, but for one without pages. Empty for a template.
  std::vector<int> descriptors;
  std::shared_ptr<const OwnedFd> pageless;
};

/// Finds an image that is open already by its hash; null when it is not.
using KnownImage = std::function<std::shared_ptr<const Image>(std::string_view sha256)>;

/// The most descriptors that `read_revision` takes.
inline constexpr std::size_t kMaxRevisionFiles = 50;

/// Opens a revision whose files are open, in the order of `Revision::descriptors`. kDataLoss or
/// kUnimplemented when one of them is damaged or of another version.
Result<Revision> read_revision(std::vector<OwnedFd> files, const KnownImage& known);

/// The directory of revision files and of the templates beneath them. docs/formats/revision.md has
/// the bytes. A value; who may write when is the caller's affair: files never change, and get their
/// names when they are whole. One that is cold may lie there compressed: whatever opens it by its
/// id puts it back first.
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

  /// A base for revisions that rest on no template: one zero page, with `manifest`'s module,
  /// template name and facts. Kept as templates are.
  Result<Revision> bare_base(const Manifest& manifest) const;

  /// Opens a revision with all that it rests on. kNotFound, kDataLoss or kUnimplemented, naming the
  /// file, when one of them is missing, damaged or of another version.
  Result<Revision> load(std::string_view id) const;

  /// An empty file for a revision to come, made while nobody waits for it: that takes as long as
  /// filling it. Nothing is left of one that is not used.
  struct Place {
    std::string id;
    AtomicFile file;
  };
  Result<Place> make_place() const;

  struct Written {
    std::string id;
    std::vector<std::string> sources;  ///< other revisions' files that it needs
    std::size_t bytes = 0;             ///< of its own file
    std::size_t pages = 0;             ///< all that differ from the template
    Revision revision;                 ///< the same, open
  };
  /// Writes what `captured` made of `parent` as a new revision file, at `place` if there is one.
  /// `kFull` also syncs the files it needs.
  Result<Written> write(const Revision& parent, const Captured& captured, AtomicFile::Sync sync,
                        std::optional<Place> place = std::nullopt) const;

  /// Reads all of one file and checks its hashes.
  Status verify(std::string_view id) const;
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
  std::filesystem::path template_path(std::string_view sha256) const {
    return directory_ / template_name_of(sha256);
  }

  std::filesystem::path directory_;
};

}  // namespace skerry::image
