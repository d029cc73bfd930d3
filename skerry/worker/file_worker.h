// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/operation/volume.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/wasi/host_state.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

namespace skerry::worker {

class ImageCatalog;

/// What a file operation that may change files leaves: in a `LeftState`, as bytes or as a sealed
/// file, which volume has changed and its host state.
struct LeftFiles {
  enum class Changed : char { kNothing = 'n', kFirst = '1', kSecond = '2' };
  Changed changed = Changed::kNothing;
  std::string host_state;  ///< as `wasi::encode` made it; untrusted

  /// The largest host state that is taken: what a revision's file can hold.
  static constexpr std::size_t kMaxState = std::size_t{255} << 20;

  Result<LeftState> left() const;
  /// The same for a file that the reader has given: to be sealed when its writer has ended.
  Status write_to(int file) const;
  /// Reads what `left` gave, untrusted. kPermissionDenied for a file that its writer can still
  /// write to; kDataLoss when it is none or too large. Takes as long as copying it does.
  static Result<LeftFiles> read(const LeftState& left);
};

/// The sandboxes that a worker keeps for sessions, by the number of the state they stand in.
class KeptSandboxes {
 public:
  virtual ~KeptSandboxes() = default;
  /// Null when none is kept under this number.
  virtual sandbox::Sandbox* find(std::uint64_t state) = 0;
  virtual void rename(std::uint64_t state, std::uint64_t becomes) = 0;
};

/// Does file operations in a worker: on the host states of sandboxes that it keeps, or on those in
/// revisions, without loading pages. What an order leaves it keeps for the next, without a sandbox
/// where there was none. Borrows its parameters. Confined to one thread.
class FileWorker {
 public:
  FileWorker(const ImageCatalog& catalog, KeptSandboxes& sandboxes)
      : catalog_(catalog), sandboxes_(sandboxes) {}

  /// Does one, and answers: `request` has an order for it, `files` came beside it. Not OK only when
  /// nobody listens any more.
  Status perform(const RunRequest& request, std::vector<OwnedFd> files, EventSender& sender);

  /// Does one in a process that is made for it and ends with it, as `supervise` has it: the jail
  /// shuts first. What a change leaves goes to the file `left`, -1 for a look; nothing is kept.
  Result<sandbox::Outcome> perform_alone(const RunRequest& request, std::vector<OwnedFd> files,
                                         int left, RunChannel& channel);

  void forget(const std::vector<std::uint64_t>& states);

 private:
  using Files = std::span<OwnedFd>;

  /// A session's files as they are stored: a state, and the template's that it is stored against.
  struct Stored {
    wasi::HostState state = wasi::HostState();
    std::shared_ptr<const wasi::HostState> base = nullptr;  ///< null: none
  };
  /// A session that an operation works on, as it was before.
  struct Session {
    FileOrder::Volume volume;
    SessionStart start;
    Stored stored;
  };
  struct Opened {
    operation::Request request;
    Session first;
    std::optional<Session> second = std::nullopt;
    std::unique_ptr<operation::Volumes> volumes = std::make_unique<operation::Volumes>();

    operation::Volume* volume_of(const Session& session) const;
  };

  /// An operation that is done, whether it went well or not.
  struct Done {
    Opened opened;
    operation::Applied applied;
    LeftFiles left;
  };

  Result<Done> work(const RunRequest& request, Files files) const;
  /// `files` are what came beside the order.
  Result<Opened> open(const RunRequest& request, Files files) const;
  /// `files` are the session's from here on.
  Result<Stored> stored(const SessionStart& start, Files files) const;
  Result<Stored> read(const SessionStart& start, Files files) const;
  Result<std::shared_ptr<const wasi::HostState>> base_of(std::string_view sha256,
                                                         OwnedFd& file) const;
  static Result<LeftFiles> left_of(const operation::Applied& applied, const Opened& opened);
  /// Keeps the session's state under the number that it has become.
  void keep(const Session& session, const wasi::HostState& state, bool has_changed);

  const ImageCatalog& catalog_;
  KeptSandboxes& sandboxes_;
  std::map<std::uint64_t, Stored> kept_;  // of sessions that have no sandbox here
};

}  // namespace skerry::worker
