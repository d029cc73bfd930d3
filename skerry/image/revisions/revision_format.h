// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/page_container.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/image/revisions/revision_layout.h"
#include "skerry/revision.pb.h"

namespace skerry::image {

// The bytes of revision files and of patches, which docs/formats/revision.md describes: untrusted,
// and checked here. Failures are kDataLoss or kUnimplemented, and name the file or the patch.

/// The manifest of an open revision file; `path` names it.
Result<Opened<proto::RevisionManifest>> read_checked(OwnedFd file,
                                                     const std::filesystem::path& path);

/// The hash of the template that an open revision file rests on, by the first bytes of its manifest
/// where they tell: for who does not read the rest, which is checked by whoever does.
Result<std::string> template_named_in(int file, const std::filesystem::path& path);

/// Puts a revision together from its own file, those of its sources in the manifest's order, and
/// its template.
Result<Revision> assemble(std::string_view id, const std::filesystem::path& path,
                          Opened<proto::RevisionManifest> opened, std::vector<Container> sources,
                          const std::shared_ptr<const Image>& base);

/// What was just written to `own`, open: what reading it again would give.
Result<Revision> revision_of(const Revision& parent, const Captured& captured, Layout layout,
                             std::string_view id, Container own);

/// A manifest as bytes, its host state as the last field and where it lies already: with files in
/// it, it may be large.
class ManifestBytes {
 public:
  /// Borrows the host state.
  ManifestBytes(const proto::RevisionManifest& manifest, std::string_view host_state);

  Pieces pieces() const { return {as_bytes(front_), as_bytes(host_state_)}; }
  std::size_t size() const { return front_.size() + host_state_.size(); }

 private:
  std::string front_;
  std::string_view host_state_;
};

/// A patch's content: the XXH3 of what follows in 32 hexadecimal digits, and the message.
std::string content_of_patch(const proto::RevisionPatch& message);
Result<proto::RevisionPatch> read_patch(std::string_view id, std::string_view content);

/// Puts what a patch has of a host state into the one of its files, `around`.
Status complete_host_state(std::string_view id, std::string_view around,
                           proto::RevisionPatch& message);

/// `files` under the patch.
Result<Revision> patched(std::string_view id, Revision files, proto::RevisionPatch message,
                         std::string_view content);

}  // namespace skerry::image
