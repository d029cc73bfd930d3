// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "skerry/base/os/fd.h"
#include "skerry/image/revisions/revision.h"

namespace skerry::store {

/// Revisions that somebody has open: who opens one of them again, such as a fork of a session,
/// shares what the others have read, and that may be a quarter of a gigabyte. Keeps nothing alive.
/// Confined to one thread.
class OpenRevisions {
 public:
  /// None when nobody has it any more.
  std::optional<image::Revision> find(const std::string& id) const;
  void note(const image::Revision& revision);

 private:
  /// A pointer that keeps nothing alive, and knows whether it was null.
  template <typename Value>
  struct Borrowed {
    std::weak_ptr<const Value> value;
    bool was_null = true;
  };
  /// A revision without what takes memory or keeps a file.
  struct Open {
    image::Revision rest;
    Borrowed<image::Image> file_image;
    Borrowed<image::Edits> edits;
    Borrowed<image::Patch> patch;
    Borrowed<OwnedFd> pageless;
  };
  std::map<std::string, Open> open_;  // by id
};

}  // namespace skerry::store
