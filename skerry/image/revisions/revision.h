// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"

namespace skerry::image {

/// How a revision without a file of its own differs from the one it rests on.
struct Patch {
  CapturedState state;  ///< without pages, beside what the files and `Revision::edits` make
  std::string content;  ///< all of it, as it is kept
};

/// A revision, or a template as the one before a session's first: what its files make, and how it
/// differs from that. Immutable.
struct Revision {
  std::string id;                           ///< empty for a template
  std::shared_ptr<const Image> file_image;  ///< of the files' pages alone
  std::shared_ptr<const Edits> edits;       ///< over those pages, in its own file; null for none
  std::string file_id;                      ///< of the revision that the files make
  std::map<const PageFile*, std::string> file_ids;  ///< of all that its layers lie in
  std::shared_ptr<const Patch> patch;               ///< null for one that the files make
  /// What another process needs for `read_revision`, besides the patch: its own file, those of
  /// other revisions, its template's. Owned by the image, but for one without pages. Empty for a
  /// template.
  std::vector<int> descriptors;
  std::shared_ptr<const OwnedFd> pageless;
  bool is_synced = false;  ///< whether its files survive a power loss

  /// What runs that go on from here start from. Copies the pages that edits touch.
  std::shared_ptr<const Image> image() const;
  /// All that lies over the files' pages.
  Edits all_edits() const;
  /// The same for who starts elsewhere from its files: without the host state, which holds all
  /// files of a session and may take a quarter of a gigabyte.
  Revision without_host_state() const;
  /// Bytes of memory that its host states take here.
  std::size_t held_memory() const {
    return file_image->manifest.host_state.size() + (patch ? patch->state.host_state.size() : 0);
  }
  const Manifest& manifest() const { return file_image->manifest; }  ///< but for its state
  std::size_t memory_size() const {
    return patch ? patch->state.memory_size : file_image->pages->size();
  }
};

/// The files that hold a revision's host state, or a template's, open and not read: what
/// `read_stored_state` needs in another process. Immutable.
struct StoredFiles {
  std::string id = {};     ///< empty for a template
  OwnedFd own_file = {};   ///< not open for a template
  std::string patch = {};  ///< the content; empty for none
  OwnedFd template_file = {};
  std::string template_sha256 = {};  ///< of a template alone
};

/// Finds an image that is open already by its hash; null when it is not.
using KnownImage = std::function<std::shared_ptr<const Image>(std::string_view sha256)>;

/// The most descriptors that `read_revision` takes.
inline constexpr std::size_t kMaxRevisionFiles = 50;

/// Opens a revision whose files are open, in the order of `Revision::descriptors`; `patch` is its
/// patch's content, if it has one. kDataLoss or kUnimplemented when something is damaged or of
/// another version.
Result<Revision> read_revision(std::vector<OwnedFd> files, std::string_view patch,
                               const KnownImage& known);

/// A revision without its pages: what the host keeps for its guest, as `wasi::encode` made it, and
/// the template that it is stored against.
struct StoredState {
  std::string host_state;
  std::string template_sha256;
};

/// Reads it from the revision's own file, the first of `Revision::descriptors`; `patch` is as for
/// `read_revision`. Fails as that.
Result<StoredState> read_stored_state(OwnedFd own_file, std::string_view patch);

}  // namespace skerry::image
