// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/tree.h"
#include "skerry/operation/request.h"
#include "skerry/wasi/host_state.h"

namespace skerry::operation {

/// The files of one session while an operation works on them: the host state that they are part of.
/// Owns the state, and borrows the template's. Confined to one thread.
class Volume {
 public:
  /// How many bytes clients may have in it, and what messages call it.
  struct Quota {
    ByteSize most;
    std::string_view noun;
  };

  /// `base` is the state of the template, against which `state` is stored; null: none. `now` is the
  /// time that changes get.
  Volume(wasi::HostState state, const wasi::HostState* base, const Quota& quota,
         wasi::Nanoseconds now);
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  files::Tree& tree() { return tree_; }
  const wasi::HostState& state() const { return state_; }
  bool has_changed() const { return !state_.files().has_same_inodes_as(before_); }

  /// kResourceExhausted when there is more than the quota allows, and more than there was before:
  /// what is over it already can be made smaller.
  Status check_quota() const;

  /// The state as it is stored. As `wasi::encode`.
  Result<std::string> encoded() const;

 private:
  wasi::HostState state_;
  const wasi::HostState* base_;
  Quota quota_;
  wasi::FileSystem before_;
  files::Tree tree_;
};

/// What an operation works on: a session's workspace, its user's memory, or both. Confined to one
/// thread.
class Volumes final : public files::Trees {
 public:
  std::optional<Volume> workspace;
  std::optional<Volume> memory;  ///< none also where no user was named

  /// kPermissionDenied for a memory that is not there.
  Result<files::Tree*> tree(files::FilePath::Root root) override;
};

/// How an operation ended.
struct Applied {
  Result<Response> response;
  Volume* changed = nullptr;  ///< whose new state is to be kept; null: nothing is
};

/// Performs `request` on the volumes, all or nothing: when it fails, goes over a quota, runs out of
/// time or changes both volumes, nothing is to be kept. The volumes are of no more use then.
Applied apply(const Request& request, Volumes& volumes, files::Deadline& deadline);

}  // namespace skerry::operation
