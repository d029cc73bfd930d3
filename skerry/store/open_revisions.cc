// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/open_revisions.h"

#include <utility>

namespace skerry::store {
namespace {

/// Takes what `pointer` owns out of the revision that it is of.
void lend(auto& pointer, auto& borrowed) {
  borrowed = {.value = pointer, .was_null = pointer == nullptr};
  pointer.reset();
}

/// The reverse. False when that is gone.
bool restore(const auto& borrowed, auto& pointer) {
  pointer = borrowed.value.lock();
  return pointer != nullptr || borrowed.was_null;
}

}  // namespace

std::optional<image::Revision> OpenRevisions::find(const std::string& id) const {
  const auto found = open_.find(id);
  if (found == open_.end()) return std::nullopt;
  const Open& open = found->second;
  image::Revision revision = open.rest;
  if (!restore(open.file_image, revision.file_image) || !restore(open.edits, revision.edits) ||
      !restore(open.patch, revision.patch) || !restore(open.pageless, revision.pageless)) {
    return std::nullopt;
  }
  return revision;
}

void OpenRevisions::note(const image::Revision& revision) {
  std::erase_if(open_, [](const auto& each) { return each.second.file_image.value.expired(); });
  Open open;
  open.rest = revision;
  lend(open.rest.file_image, open.file_image);
  lend(open.rest.edits, open.edits);
  lend(open.rest.patch, open.patch);
  lend(open.rest.pageless, open.pageless);
  open_.insert_or_assign(revision.id, std::move(open));
}

}  // namespace skerry::store
