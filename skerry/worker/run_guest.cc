// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_guest.h"

#include <array>
#include <atomic>
#include <csignal>

#include "skerry/base/os/safe_point.h"

namespace skerry::worker {
namespace {

/// While it lives, `kStopSignal` makes the run send the files that it made or changed and end, at
/// the guest's next step or while it waits. One in a process, on the thread that runs the guest.
class StopHandler {
 public:
  StopHandler(const GuestRun& guest, sandbox::Sandbox& sandbox, RunChannel& channel)
      : guest_(guest), sandbox_(sandbox), channel_(channel) {
    g_handler = this;
    // The guest's own stack may be nearly used up, and the engine's for signals is small.
    alignas(16) static std::array<std::byte, std::size_t{256} << 10> room;
    const stack_t stack{.ss_sp = room.data(), .ss_flags = 0, .ss_size = room.size()};
    ::sigaltstack(&stack, nullptr);
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigaddset(&action.sa_mask, SIGALRM);
    ::sigaction(kStopSignal, &action, nullptr);
  }
  StopHandler(const StopHandler&) = delete;
  StopHandler& operator=(const StopHandler&) = delete;
  ~StopHandler() { g_handler = nullptr; }

 private:
  static void on_signal(int) { SafePoint::act(stop); }
  static void stop() {
    StopHandler* const handler = g_handler.exchange(nullptr);
    if (handler == nullptr) return;
    const wasi::FileSystem& files = handler->sandbox_.state().files();
    // The caller's own files are not left half changed.
    ExportRules rules = *handler->guest_.exports;
    rules.leaves_directories = true;
    const Status sent = send_changes(handler->guest_.before, files, rules, handler->channel_);
    if (sent.ok()) handler->channel_.stopped();
  }

  static inline std::atomic<StopHandler*> g_handler = nullptr;
  const GuestRun& guest_;
  sandbox::Sandbox& sandbox_;
  RunChannel& channel_;
};

}  // namespace

Result<sandbox::Outcome> run_guest(const GuestRun& guest, RunChannel& channel) {
  SKERRY_TRY(channel.started(guest.kept));
  SKERRY_ASSIGN(sandbox::Sandbox* const sandbox, guest.sandbox());
  SKERRY_ASSIGN(sandbox::Outcome outcome, [&] {
    std::optional<StopHandler> handler;
    if (guest.exports) handler.emplace(guest, *sandbox, channel);
    return guest.run(*sandbox);
  }());
  sandbox->measure(outcome.usage);
  if (guest.exports) {
    SKERRY_TRY(send_changes(guest.before, sandbox->state().files(), *guest.exports, channel));
  } else if (guest.reports_changes) {
    SKERRY_TRY(report_changes(guest.before, sandbox->state().files(), channel));
  }
  return outcome;
}

}  // namespace skerry::worker
