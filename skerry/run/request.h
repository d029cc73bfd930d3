// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "skerry/access/principal.h"
#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/files/file_path.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/run/input_feed.h"
#include "skerry/store/session_name.h"
#include "skerry/store/session_store.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

namespace skerry::run {

/// Whether a run may have a worker that has served its tenant before.
enum class Isolation {
  kTenant,   ///< a worker of the tenant's, used again and again
  kProcess,  ///< a process of its own, gone afterwards
};

/// A file that a program finds when it begins: its content, or where there is none the id of an
/// upload of its principal's.
struct GivenFile {
  files::FilePath path;  ///< of the workspace
  std::shared_ptr<const std::string> content = nullptr;
  std::string id = {};
};

/// A program or a module to run, for whom, and in which session. A value; its observer is borrowed.
struct Request {
  access::Principal principal;
  std::optional<store::SessionName> session;  ///< none: a fresh run
  /// `template_name` may be empty: the session's own, or the default.
  worker::RunRequest request;
  store::Durability durability = store::Durability::kCommitted;
  Isolation isolation = Isolation::kTenant;
  /// How many events with output a client gets in a second: output that comes faster is joined into
  /// events of up to 256 KiB, which do not wait, nor does what is left at the end. None: as they
  /// come.
  std::optional<int> output_events_per_second = std::nullopt;
  /// A WASI command to run, in binary or text form, instead of a program: then `request`
  /// has its words as `command`, there is no session, and it has a process of its own.
  std::shared_ptr<const std::string> module = nullptr;
  /// Whoever runs puts them into the request when all have their content.
  std::vector<GivenFile> files = {};
  /// Standard input that comes while the program runs, after the request's own. Null: none.
  std::shared_ptr<InputFeed> input = nullptr;
  /// Sees the run while it happens; must live until the report.
  worker::RunObserver* observer = nullptr;
};

/// A run that starts at a session's revision and leaves nothing.
struct ReadOnlyRun {
  access::Principal principal;
  std::shared_ptr<const image::Revision> revision;
  worker::RunRequest request;
  worker::RunObserver* observer = nullptr;  ///< as in a request
};

/// An operation on the files of a session, of a user's memory, or of both.
struct FileWork {
  access::Principal principal;
  std::optional<store::SessionName> session = {};            ///< whose workspace it may touch
  std::optional<store::SessionName> memory = {};             ///< the user whose memory it may touch
  std::string operation = {};                                ///< an encoded operation::Request; or
  std::shared_ptr<const OwnedFd> large_operation = nullptr;  ///< a sealed file with it
  std::chrono::milliseconds time{30'000};  ///< after which it ends by itself, and soon is killed
  ByteSize workspace_quota = {};
  ByteSize memory_quota = {};
  /// Of one that may change files: how a list of revisions names it. Empty: it only reads.
  std::string title = {};
  worker::RunObserver* observer = nullptr;  ///< gets the answer as standard output
};

}  // namespace skerry::run
