// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/page_container.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/revision.pb.h"

namespace skerry::image {

/// Where the pages of a new revision go.
struct Layout {
  std::shared_ptr<const ImagePages> below;               ///< that some of `pieces` lie in
  proto::RevisionManifest manifest;                      ///< but for its host state
  Pieces pieces;                                         ///< of its own file
  std::vector<std::shared_ptr<const PageFile>> sources;  ///< in the manifest's order
  std::vector<Extent> extents;                           ///< as they lie in files; null: its own
  std::size_t own = 0;                                   ///< pages in its own file
  Edits edits;                                           ///< over all of them
};

/// Lays out what `captured` made of `parent`, which both must outlive: the pages that the run
/// changed much go into the new file, and so do pages of sources of which little is still in use;
/// where little has changed, by this run or those before it, edits do.
Result<Layout> lay_out(const Revision& parent, const Captured& captured);

/// How many pages of a revision differ from the template.
std::size_t pages_of(const Revision& revision);

}  // namespace skerry::image
