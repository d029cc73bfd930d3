// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/broker/broker.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/operation/codec.h"
#include "skerry/run/request.h"
#include "skerry/worker/run_request.h"

namespace skerry::session {

// From when an operation should have ended by itself until its process is killed. One that has run
// for long has the processor only when others leave it.
inline constexpr std::chrono::milliseconds kFileGrace{700};

/// What a worker is told of an operation, but for where it starts. Takes the operation's bytes.
inline worker::RunRequest file_request(run::FileWork& work) {
  using Root = files::FilePath::Root;
  const worker::FileOrder::Volume workspace{.root = Root::kWorkspace,
                                            .quota = work.workspace_quota};
  const worker::FileOrder::Volume memory{.root = Root::kMemory, .quota = work.memory_quota};
  worker::RunRequest request;
  request.files = worker::FileOrder{.operation = std::move(work.operation),
                                    .time = work.time,
                                    .first = work.session ? workspace : memory};
  if (work.session && work.memory) request.files->second = memory;
  request.limits.wall = work.time + kFileGrace;
  request.limits.output = bytes(operation::kMaxReply);
  return request;
}

/// Puts together where an operation on files starts, and the descriptors beside its order: the
/// operation's own file if there is one, then those of each session. Confined to one thread.
class FileStart {
 public:
  /// `operation` is a sealed file with the operation; null where the order has it.
  explicit FileStart(const std::shared_ptr<const OwnedFd>& operation) {
    if (operation) add_file(operation->get(), operation);
  }

  /// Makes `start` begin at `revision`, or at the template that it is: its own file, if it has one,
  /// and its template's are all that a worker needs of it.
  void add(const std::shared_ptr<const image::Revision>& revision, worker::SessionStart& start) {
    if (revision->id.empty()) {
      start.template_sha256 = revision->file_image->sha256;
      start.files = 1;
      add_file(revision->file_image->base->fd(), revision);
      return;
    }
    if (revision->patch) start.patch = revision->patch->content;
    start.files = 2;
    add_file(revision->descriptors.front(), revision);
    add_file(revision->descriptors.back(), revision);
  }

  /// The same for files that are not read here.
  void add(const std::shared_ptr<const image::StoredFiles>& files, worker::SessionStart& start) {
    start.files = 1;
    if (files->id.empty()) {
      start.template_sha256 = files->template_sha256;
    } else {
      start.patch = files->patch;
      start.files = 2;
      add_file(files->own_file.get(), files);
    }
    add_file(files->template_file.get(), files);
  }

  broker::InSession::Start finish(worker::SessionStart start,
                                  std::optional<worker::SessionStart> second = std::nullopt) && {
    return {.start = std::move(start),
            .second = std::move(second),
            .files = std::move(files_),
            .owner = std::make_shared<const Owners>(std::move(owners_))};
  }

 private:
  using Owners = std::vector<std::shared_ptr<const void>>;
  void add_file(int fd, std::shared_ptr<const void> owner) {
    files_.push_back(fd);
    owners_.push_back(std::move(owner));
  }

  std::vector<int> files_;
  Owners owners_;
};

}  // namespace skerry::session
