// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/access/gate.h"
#include "skerry/agent/agent.h"
#include "skerry/base/status.h"
#include "skerry/task/event_feed.h"
#include "skerry/task/task.h"
#include "skerry/task/task_store.h"

namespace skerry::task {

/// Where tasks are kept, how many run and how much is kept. `check` has the bounds.
struct Options {
  std::filesystem::path directory;
  int running = 8;  ///< tasks at once; 1 to 1,024. Fewer than workers: other calls get some, too
  Bounds bounds = {};
  /// Hears what went wrong with the database, in words for who runs the service; on any thread.
  std::function<void(const std::string&)> complain = {};
  /// Asked whether the principal of a submission may run anything now. Must outlive the tasks;
  /// null: nobody is asked.
  const access::Gate* gate = nullptr;

  /// kInvalidArgument naming what is out of its bounds.
  Status check() const;
};

/// kInvalidArgument naming what in it is too long or has no such form.
Status check(const Submission& submission);

/// What an agent is to do for a submission; the same before and after a restart.
Result<agent::Request> request_of(const Submission& submission);

/// Durable tasks: what is accepted is carried out by the agent in its time, or reported.
///
/// Texts of statuses are for clients. Confined to the event loop's thread.
class Tasks {
 public:
  /// Begins with what an earlier process left. `io` and the agent must outlive it.
  Tasks(boost::asio::io_context& io, const agent::Agent& agent, Options options);
  ~Tasks();

  /// Takes a task; once this is OK it is on the disk. One without a session gets a new id. Fails as
  /// `Agent::plan` does for what cannot be done, and as `TaskTables::add`.
  boost::asio::awaitable<Result<Accepted>> submit(Submission submission,
                                                  std::optional<IdempotencyKey> key);
  /// kNotFound when the tenant has no such task; so do the others that take an id.
  boost::asio::awaitable<Result<Task>> find(std::string tenant, std::string id);
  boost::asio::awaitable<Result<Page>> list(std::string tenant, Filter filter);
  /// A task's events that are kept, oldest first.
  boost::asio::awaitable<Result<std::vector<Event>>> events(std::string tenant, std::string id,
                                                            std::int64_t offset,
                                                            std::int64_t limit);
  /// Cancels, pauses or resumes, or begins to: the task's state says. kFailedPrecondition when it
  /// is not in a state for that.
  boost::asio::awaitable<Result<Task>> control(std::string tenant, std::string id, Action action,
                                               ControlRequest wish);
  /// A task's events behind number `after`, to the end.
  boost::asio::awaitable<Result<EventFeed::Reader>> follow(std::string tenant, std::string id,
                                                           std::int64_t after);

  /// As `TaskTables`: sessions that have tasks or titles, or the one of this name.
  boost::asio::awaitable<Result<std::vector<TaskSession>>> sessions(
      std::string tenant, std::optional<std::string> name);
  boost::asio::awaitable<Result<Turns>> turns(TurnsRequest request);
  boost::asio::awaitable<Status> set_title(std::string tenant, std::string session,
                                           std::string title);
  boost::asio::awaitable<Status> forget_session(std::string tenant, std::string session);

  /// Begins no more tasks, and ends followers of those that do not run.
  void stop();
  /// Whether nothing runs and everything is written.
  bool is_idle() const { return active_.empty() && !is_claiming_; }

 private:
  struct Active;
  using ActivePointer = std::shared_ptr<Active>;

  void pump();
  boost::asio::awaitable<void> claim();
  void begin(TaskTables::Claim claim);
  void carry_out(const ActivePointer& active);
  boost::asio::awaitable<void> prepare(ActivePointer active);
  void execute(const ActivePointer& active, Result<agent::Request> request);
  agent::Observer observer_of(const ActivePointer& active);
  boost::asio::awaitable<bool> between_calls(ActivePointer active);
  void ended(const ActivePointer& active, bool is_broken, const agent::Outcome& answer);
  bool try_again_later(const ActivePointer& active);
  void note(const ActivePointer& active, Event event);
  void change(const ActivePointer& active, Change change);
  boost::asio::awaitable<void> write(ActivePointer active);
  void written(const ActivePointer& active);
  void tell_run(const Controlled& controlled, Action action);
  boost::asio::awaitable<void> keep_up();
  void soon(std::chrono::milliseconds when);

  boost::asio::io_context& io_;
  const agent::Agent& agent_;
  Options options_;
  TaskStore store_;
  EventFeed feed_;
  std::map<std::int64_t, ActivePointer> active_;  // by row: that have begun, paused ones too
  int running_ = 0;                               // of them, those that hold a place
  bool is_claiming_ = false;
  bool wants_claim_ = false;
  bool is_stopping_ = false;
  boost::asio::steady_timer again_;
  boost::asio::steady_timer upkeep_;
  // What outlives this object in the loop's queue asks first.
  std::shared_ptr<bool> lives_ = std::make_shared<bool>(true);
};

}  // namespace skerry::task
