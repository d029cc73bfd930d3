// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/volume.h"

#include <utility>

#include "skerry/operation/perform.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::operation {

Volume::Volume(wasi::HostState state, const wasi::HostState* base, const Quota& quota,
               wasi::Nanoseconds now)
    : state_(std::move(state)),
      base_(base),
      quota_(quota),
      before_(state_.files()),
      tree_(state_.files(), now) {}

Status Volume::check_quota() const {
  const wasi::FileSystem* base = base_ == nullptr ? nullptr : &base_->files();
  const std::uint64_t used = tree_.size(base);
  if (used <= quota_.most.value) return ok_status();
  wasi::FileSystem before = before_;
  if (used <= files::Tree(before, {}).size(base)) return ok_status();
  return absl::ResourceExhaustedError(std::string(quota_.noun) +
                                      " quota exceeded: " + std::to_string(used) + " > " +
                                      std::to_string(quota_.most.value) + " bytes");
}

Result<std::string> Volume::encoded() const { return wasi::encode(state_, base_); }

Result<files::Tree*> Volumes::tree(files::FilePath::Root root) {
  if (root == files::FilePath::Root::kMemory) {
    if (memory) return &memory->tree();
    return absl::PermissionDeniedError("memory/ is a user's: no user_id was given");
  }
  if (workspace) return &workspace->tree();
  return absl::InternalError("the workspace was not opened for this operation");
}

Applied apply(const Request& request, Volumes& volumes, files::Deadline& deadline) {
  Applied applied{.response = perform(request, volumes, deadline)};
  if (!applied.response.ok()) return applied;
  const auto* output = std::get_if<CommandOutput>(&*applied.response);
  if (output != nullptr && output->is_timed_out) return applied;
  for (auto* volume : {&volumes.workspace, &volumes.memory}) {
    if (!*volume || !(*volume)->has_changed()) continue;
    if (applied.changed != nullptr) {
      // Two commits, of which one might be made and the other not.
      return {.response = absl::FailedPreconditionError(
                  "one call changes files of the workspace or of memory/, not of both")};
    }
    applied.changed = &**volume;
  }
  if (applied.changed == nullptr) return applied;
  if (const Status quota = applied.changed->check_quota(); !quota.ok()) return {.response = quota};
  return applied;
}

}  // namespace skerry::operation
