// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/wasi/environment.h"
#include "skerry/worker/events/event_receiver.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {

/// The guest's side: prepares a sandbox, runs it, and returns the outcome.
using RunBody = std::function<Result<sandbox::Outcome>(RunChannel&)>;

/// Runs `body` in a process of its own, in the jail as far as this host raises its walls, and
/// supervises it: relays its events to `observer`, kills it
/// at its deadline or when this process is asked to end (SIGINT, SIGTERM: kCancelled), and tells a
/// crash from an outcome. Returns only when the process is gone. A Status is our own failure, on
/// either side. The run is on a template with so much memory; a plain command has none. Unless
/// `changes` are wanted, `body` must send none; unless a person may be awaited,
/// it must not wait for one. While the observer is full no wait is seen: the run's clock goes on.
Result<sandbox::Outcome> supervise(const RunBody& body, const sandbox::Limits& limits,
                                   ByteSize template_memory, RunObserver& observer,
                                   FileChanges changes = FileChanges::kUnwanted,
                                   EventReceiver::Person person = EventReceiver::Person::kNone);

/// kFailedPrecondition unless every wall that `supervise` can raise stands on this host; names the
/// others. Takes about 30 ms, in a process with one thread.
Status require_walls();

/// Standard input from a descriptor, which must outlive it. Blocks where the descriptor does.
class DescriptorInput final : public wasi::InputSource {
 public:
  explicit DescriptorInput(int fd) : fd_(fd) {}
  /// For a person's input: `channel` is told while a read waits, and may interrupt it. Then the
  /// read fails as kCancelled.
  DescriptorInput(int fd, RunChannel& channel) : fd_(fd), channel_(&channel) {}
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<bool> wait(wasi::Nanoseconds at_most) override;

 private:
  Status drop_interruptions();
  Status await_person();

  int fd_;
  RunChannel* channel_ = nullptr;
};

}  // namespace skerry::worker
