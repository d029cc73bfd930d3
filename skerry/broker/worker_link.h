// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/broker/worker_bounds.h"
#include "skerry/loop/deadline.h"
#include "skerry/run/input_feed.h"
#include "skerry/worker/events/event_receiver.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

namespace skerry::broker {

/// One worker process, seen from the broker: what it says is checked, what it does not say in time
/// ends it. Confined to the io_context's thread.
class WorkerLink : public std::enable_shared_from_this<WorkerLink> {
 public:
  enum class State {
    kStarting,  ///< forked or about to be; warms up
    kFree,      ///< takes a run
    kRunning,
    kEnding,  ///< killed or dead; its exit is not known yet
    kGone,
  };
  using Outcome = sandbox::Outcome;
  /// Called when the state has become kFree or kGone.
  using Changed = std::function<void(WorkerLink&)>;
  using Done = std::function<void(Result<Outcome>)>;

  WorkerLink(boost::asio::io_context& io, std::uint64_t id, OwnedFd socket, WorkerBounds bounds,
             Changed changed);

  std::uint64_t id() const { return id_; }
  pid_t pid() const { return pid_; }  ///< 0 until it is forked, and once it was reaped
  State state() const { return state_; }

  /// Begins to listen. A worker that is not warm within 30 s is killed.
  void start();
  /// The zygote has forked it.
  void forked(pid_t pid, OwnedFd pidfd);
  /// Its process was reaped; or nobody can tell how it ended.
  void exited(const std::optional<ChildExit>& exit);

  /// What is sent: an order, and descriptors beside it, open for as long as `owner` lives.
  struct Message {
    std::shared_ptr<const worker::EncodedRun> order;
    std::string session = {};  ///< what is put behind it
    std::vector<int> fds;
    std::shared_ptr<const void> owner;
    ByteSize template_memory = bytes(0);  ///< that the run may write
    bool is_in_session = false;           ///< whether the run may leave a state
    // As in worker::SessionStart.
    std::uint64_t from = 0;
    std::uint64_t becomes = 0;
    worker::FileChanges changes = worker::FileChanges::kUnwanted;
    /// Called once when the program has begun, if it does: the order is not sent again.
    std::function<void()> started = {};
    std::shared_ptr<run::InputFeed> input = nullptr;  ///< null: all input is in the order
  };

  /// Sends a run to a free worker. `done` gets the outcome, also when the worker dies of it. While
  /// the observer is full, what the worker says is not read; its time runs on.
  void run(Message message, const sandbox::Limits& limits, worker::RunObserver& observer,
           Done done);

  /// What a run in a session left, for `done` to take.
  struct Left {
    worker::LeftState state;
    bool is_kept = false;  ///< whether the worker keeps that state
  };
  Left take_left();

  /// Tells the worker, after the run that it has, that these states will not be asked for again.
  /// Dropped where the worker takes no more orders.
  void forget(const std::vector<std::uint64_t>& states);
  /// Lets others go first from now on, if its run has lasted so long. For good: what it may not
  /// take back without privileges, it does not need to.
  void demote_after(std::chrono::milliseconds lasted);
  bool is_demoted() const { return is_demoted_; }
  /// Whether it has had its run for so long, whatever it says of it.
  bool has_lasted(std::chrono::milliseconds time) const;

  /// Ends the run as kCancelled.
  void cancel();
  /// Ends it; a run that it has ends as crashed.
  void kill();

  /// What bounded it, for the next worker, once it has gone.
  WorkerBounds release_bounds() { return std::move(bounds_); }

  /// Whether the worker has gone of itself before the guest's first instruction: the run may be
  /// tried again elsewhere.
  bool has_died_before_run() const { return why_ == Why::kDied && !events_->deadline(); }

  /// Whether a run was killed, and whether the worker died of something else.
  bool was_killed() const { return why_ == Why::kDeadline || why_ == Why::kCancelled; }
  bool has_died() const { return why_ == Why::kDied || why_ == Why::kBroken; }

 private:
  enum class Why { kUnknown, kRetired, kDeadline, kCancelled, kBroken, kDied };
  using Clock = std::chrono::steady_clock;
  void wait_readable();
  void read();
  enum class Reading { kGoesOn, kNothing, kStopped };
  Reading read_once();
  void read_rest();
  void resume();
  Status take(std::vector<OwnedFd> fds, std::string_view bytes);
  bool add_input();
  void feed();
  void wait_writable();
  void write();
  void hung_up();
  void set_deadline(Clock::time_point at);
  void deadline_passed();
  std::string start_failure();
  void end(Why why);
  void conclude();
  void signal();
  void finish(Result<Outcome> outcome);
  Outcome outcome_of() const;
  std::chrono::nanoseconds cpu_time() const;

  boost::asio::posix::stream_descriptor socket_;
  loop::Deadline timer_;
  std::uint64_t id_;
  WorkerBounds bounds_;
  WorkerMemory memory_;
  Changed changed_;
  State state_ = State::kStarting;
  Why why_ = Why::kUnknown;
  std::string broken_;  // the rule it broke
  bool has_hung_up_ = false;
  bool is_demoted_ = false;
  std::chrono::steady_clock::time_point sent_at_;  // the run that it has
  bool was_reaped_ = false;
  std::optional<ChildExit> exit_;  // of a process that was reaped; none where nobody can tell
  bool is_paused_ = false;         // the observer is full
  pid_t pid_ = 0;
  OwnedFd pidfd_;
  std::string greeting_;
  /// What the socket has not taken yet: one part after the other. A large order is not copied.
  struct Outgoing {
    std::string head;
    std::shared_ptr<const worker::EncodedRun> order;
    std::string tail;
    std::vector<int> fds;
    std::shared_ptr<const void> owner;
    std::size_t sent = 0;

    std::size_t size() const { return head.size() + (order ? order->size() : 0) + tail.size(); }
    std::size_t unsent() const { return size() - sent; }
    bool has_unsent_order() const { return order && sent < head.size() + order->size(); }
    /// What is to be sent next of one of the parts; empty when all was sent.
    std::string_view next() const;
  };
  Outgoing outgoing_;
  bool may_leave_ = false;
  worker::LeftState left_;
  sandbox::Limits limits_;
  worker::RunObserver* observer_ = nullptr;  // of the run that it has
  std::shared_ptr<run::InputFeed> input_;    // of the same
  bool is_fed_ = false;                      // the program has begun, and may have its input
  std::optional<worker::EventReceiver> events_;
  std::optional<Clock::time_point> deadline_;
  std::chrono::nanoseconds cpu_before_{0};
  std::chrono::nanoseconds cpu_at_check_{0};  // when its start was last looked at
  Done done_;
  std::function<void()> started_;
};

}  // namespace skerry::broker
