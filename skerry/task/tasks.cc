// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/tasks.h"

#include <chrono>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "skerry/base/bytes.h"
#include "skerry/base/range.h"
#include "skerry/loop/completion.h"
#include "skerry/task/events.h"

namespace skerry::task {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using loop::kTuple;
using nlohmann::json;

// After a failure of the database, and while the broker takes no more runs.
constexpr std::chrono::milliseconds kPause{500};
// A task that was accepted waits for its run as long as this.
constexpr int kMaxTries = 7200;
constexpr std::chrono::minutes kUpkeep{10};
constexpr std::size_t kMaxResult = std::size_t{4} << 20;
constexpr std::size_t kMaxExecutions = std::size_t{8} << 20;

std::int64_t now_unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// What calls that were made come to.
Change outcome_of(const std::vector<agent::Execution>& executions) {
  Change outcome{.state = State::kCompleted};
  for (const agent::Execution& each : executions) {
    const tool::ToolResult& result = each.result;
    if (!result.succeeded()) {
      outcome.state = result.verdict == tool::Verdict::kTimeout ? State::kTimeout : State::kFailed;
      outcome.error = clip(result.error, kMaxResult);
    }
    outcome.result = clip(agent::text_of(result.output), kMaxResult);
  }
  return outcome;
}

/// The calls with what came of them, as they are stored. They may have many MiB: not for the event
/// loop.
std::string stored(const std::vector<agent::Execution>& executions) {
  json told = json::array();
  for (const agent::Execution& each : executions) told.push_back(json_of(each));
  std::string text = stored_json(told);
  return text.size() > kMaxExecutions ? stored_json(shown(told)) : text;
}

/// The model has the last word: what it was told of failures is in its answer.
void take_answer(const agent::Outcome& answer, Change& outcome) {
  outcome.model = stored_json(json_of(*answer.model));
  outcome.error.clear();
  outcome.state = State::kCompleted;
  if (answer.succeeded) {
    outcome.result = clip(answer.response, kMaxResult);
    return;
  }
  const bool is_late = answer.failure.code() == StatusCode::kDeadlineExceeded;
  outcome.state = is_late ? State::kTimeout : State::kFailed;
  outcome.error = answer.failure.ok() ? std::string("the model said nothing")
                                      : std::string(clip(message_of(answer.failure), kMaxResult));
}

}  // namespace

Status Options::check() const {
  SKERRY_TRY(in_bounds("the number of tasks at once", running, 1, 1024));
  SKERRY_TRY(in_bounds("the number of tasks that may wait", bounds.queue, 1, 1'000'000));
  SKERRY_TRY(in_bounds("the bytes of tasks that wait", bounds.queue_bytes, 1 << 20,
                       std::int64_t{1} << 40));
  SKERRY_TRY(in_bounds("the number of tasks kept", bounds.kept, 1, 10'000'000));
  return in_bounds("the bytes of tasks kept", bounds.kept_bytes, 1 << 20, std::int64_t{1} << 40);
}

/// A task whose run is under way, or paused between two of its calls.
struct Tasks::Active {
  explicit Active(Task begun, asio::io_context& io)
      : task(std::move(begun)), gate(io, asio::steady_timer::time_point::max()) {}

  Task task;
  std::size_t calls = 1;
  std::string tool;  // that is running
  std::vector<agent::Execution> executions;
  asio::cancellation_signal stop;
  asio::steady_timer gate;  // what a paused run waits for
  int tries = 0;
  bool runs = false;  // the agent is at work
  bool wants_pause = false;
  bool is_parked = false;
  bool is_cancelled = false;
  // What the store does not know yet.
  std::deque<Event> events;
  std::optional<Change> change;
  bool is_writing = false;
};

Tasks::Tasks(asio::io_context& io, const agent::Agent& agent, Options options)
    : io_(io),
      agent_(agent),
      options_(std::move(options)),
      store_({.directory = options_.directory,
              .now_unix_ns = now_unix_ns,
              .complain = options_.complain}),
      feed_(io, store_),
      again_(io),
      upkeep_(io) {
  asio::co_spawn(io_, keep_up(), asio::detached);
  pump();
}

Tasks::~Tasks() { *lives_ = false; }

// --------------------------------------------------------------------------------- from outside

awaitable<Result<Accepted>> Tasks::submit(Submission submission,
                                          std::optional<IdempotencyKey> key) {
  if (is_stopping_) co_return absl::UnavailableError("the service is stopping");
  if (const Status fits = check(submission); !fits.ok()) co_return fits;
  if (submission.session.empty()) submission.session = new_id("");
  if (const Status room = store_.check_room(); !room.ok()) co_return room;
  auto copying = store_.off_loop([&] { return request_of(submission); });  // it may have 40 MiB
  auto request = co_await std::move(copying);
  if (!request.ok()) co_return request.status();
  if (is_stopping_) co_return absl::UnavailableError("the service is stopping");
  const auto plan = agent_.plan(*std::move(request));
  if (!plan.ok()) co_return plan.status();
  for (const agent::ToolCall& call : plan->calls) {
    if (plan->caller.may_call(call.tool)) continue;
    co_return absl::PermissionDeniedError("tool \"" + call.tool +
                                          "\" is not among those of this key");
  }
  if (options_.gate != nullptr) {
    if (const Status allowed = options_.gate->check(plan->caller); !allowed.ok()) co_return allowed;
  }
  auto work = [&](TaskTables& tables) {
    return tables.add(submission, key, options_.bounds, now_unix_ns());
  };
  auto asked = store_.ask(std::move(work));
  auto accepted = co_await std::move(asked);
  if (accepted.ok()) pump();
  co_return accepted;
}

awaitable<Result<Task>> Tasks::find(std::string tenant, std::string id) {
  auto work = [&](TaskTables& tables) { return tables.find(tenant, id); };
  auto asked = store_.ask(std::move(work));
  auto task = co_await std::move(asked);
  if (!task.ok()) co_return task;
  if (const auto found = active_.find(task->row);
      found != active_.end() && !is_final(task->state)) {
    const Active& active = *found->second;
    task->progress = static_cast<double>(active.executions.size()) /
                     static_cast<double>(std::max(active.calls, active.executions.size() + 1));
  }
  co_return task;
}

awaitable<Result<Page>> Tasks::list(std::string tenant, Filter filter) {
  auto work = [&](TaskTables& tables) { return tables.list(tenant, filter); };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Result<std::vector<TaskSession>>> Tasks::sessions(std::string tenant,
                                                            std::optional<std::string> name) {
  auto work = [&](TaskTables& tables) { return tables.sessions(tenant, name); };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Result<Turns>> Tasks::turns(TurnsRequest request) {
  auto work = [&](TaskTables& tables) { return tables.turns(request); };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Status> Tasks::set_title(std::string tenant, std::string session, std::string title) {
  auto work = [&](TaskTables& tables) {
    return tables.set_title(tenant, session, title, options_.bounds, now_unix_ns());
  };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Status> Tasks::forget_session(std::string tenant, std::string session) {
  auto work = [&](TaskTables& tables) { return tables.forget_session(tenant, session); };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Result<std::vector<Event>>> Tasks::events(std::string tenant, std::string id,
                                                    std::int64_t offset, std::int64_t limit) {
  auto work = [&](TaskTables& tables) -> Result<std::vector<Event>> {
    SKERRY_ASSIGN(const std::int64_t row, tables.row_of(tenant, id));
    return tables.events(row, offset, limit);
  };
  auto asked = store_.ask(std::move(work));
  co_return co_await std::move(asked);
}

awaitable<Result<Task>> Tasks::control(std::string tenant, std::string id, Action action,
                                       ControlRequest wish) {
  wish.at_unix_ns = now_unix_ns();
  auto work = [&](TaskTables& tables) { return tables.control(tenant, id, action, wish); };
  auto asked = store_.ask(std::move(work));
  auto controlled = co_await std::move(asked);
  if (!controlled.ok()) co_return controlled.status();
  feed_.publish(controlled->task.row, std::move(controlled->events));
  tell_run(*controlled, action);
  co_return std::move(controlled->task);
}

void Tasks::tell_run(const Controlled& controlled, Action action) {
  const auto found = active_.find(controlled.task.row);
  if (found != active_.end()) {
    const ActivePointer active = found->second;
    if (action == Action::kCancel) {
      active->is_cancelled = true;
      // A paused run goes on from its gate, and ends at once.
      if (active->runs) active->stop.emit(asio::cancellation_type::terminal);
      active->gate.cancel();
    } else if (action == Action::kPause) {
      active->wants_pause = active->wants_pause || !controlled.is_done;
    } else if (!controlled.is_done) {
      active->wants_pause = false;
    }
  }
  pump();
}

awaitable<Result<EventFeed::Reader>> Tasks::follow(std::string tenant, std::string id,
                                                   std::int64_t after) {
  auto work = [&](TaskTables& tables) { return tables.row_of(tenant, id); };
  auto asked = store_.ask(std::move(work));
  const auto row = co_await std::move(asked);
  if (!row.ok()) co_return row.status();
  if (is_stopping_ && !active_.contains(*row)) {
    co_return absl::UnavailableError("the service is stopping");
  }
  co_return feed_.follow(*row, after);
}

void Tasks::stop() {
  is_stopping_ = true;
  std::set<std::int64_t> rows;
  for (auto each = active_.begin(); each != active_.end();) {
    // A paused run has no end that could be waited for: the next service reports it.
    if (each->second->is_parked) {
      each = active_.erase(each);
    } else {
      each->second->wants_pause = false;
      rows.insert((each++)->first);
    }
  }
  feed_.close_all_but(rows);
  again_.cancel();
  upkeep_.cancel();
}

// -------------------------------------------------------------------------------------- claiming

void Tasks::pump() {
  wants_claim_ = true;
  if (is_claiming_ || is_stopping_ || running_ >= options_.running) return;
  is_claiming_ = true;
  asio::co_spawn(io_, claim(), asio::detached);
}

awaitable<void> Tasks::claim() {
  const auto lives = lives_;
  bool has_failed = false;
  while (wants_claim_ && !is_stopping_ && running_ < options_.running) {
    wants_claim_ = false;
    auto work = [](TaskTables& tables) { return tables.claim(now_unix_ns()); };
    auto asked = store_.ask(std::move(work));
    auto claimed = co_await std::move(asked);
    if (!*lives) co_return;
    has_failed = !claimed.ok();
    if (has_failed || !*claimed) break;
    wants_claim_ = true;  // there may be more
    begin(**std::move(claimed));
  }
  is_claiming_ = false;
  if (has_failed) {
    soon(kPause);
  } else if (wants_claim_) {
    pump();
  }
}

void Tasks::soon(std::chrono::milliseconds when) {
  if (is_stopping_) return;
  again_.expires_after(when);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) pump();
  });
}

void Tasks::begin(TaskTables::Claim claim) {
  ++running_;
  const std::int64_t row = claim.task.row;
  feed_.publish(row, std::move(claim.events));
  if (const auto found = active_.find(row); found != active_.end()) {
    Active& active = *found->second;
    active.is_parked = false;
    active.wants_pause = false;
    active.gate.cancel();
    return;
  }
  auto active = std::make_shared<Active>(std::move(claim.task), io_);
  active_[row] = active;
  carry_out(active);
}

// --------------------------------------------------------------------------------------- running

void Tasks::carry_out(const ActivePointer& active) {
  asio::co_spawn(io_, prepare(active), asio::detached);
}

awaitable<void> Tasks::prepare(ActivePointer active) {
  const auto lives = lives_;
  auto copying = store_.off_loop([&] { return request_of(active->task.submission); });
  auto request = co_await std::move(copying);
  if (!*lives) co_return;
  if (active->is_cancelled) {
    ended(active, false, {});
  } else {
    execute(active, std::move(request));
  }
}

void Tasks::execute(const ActivePointer& active, Result<agent::Request> request) {
  auto plan =
      request.ok() ? agent_.plan(*std::move(request)) : Result<agent::Plan>(request.status());
  if (!plan.ok()) {
    // What was good when it was submitted, and is no longer: another version, or no model any more.
    const std::string why(message_of(plan.status()));
    note(active, failure(why));
    note(active, {.type = kWorkflowFailed, .message = "Task failed"});
    note(active, stream_end());
    change(active, {.state = State::kFailed, .error = why});
    return;
  }
  active->calls = std::max<std::size_t>(plan->calls.size(), 1);
  active->runs = true;
  auto work = agent_.carry_out(*std::move(plan), observer_of(active));
  asio::co_spawn(
      io_, std::move(work),
      asio::bind_cancellation_slot(active->stop.slot(),
                                   [this, lives = lives_, active](const std::exception_ptr& thrown,
                                                                  const agent::Outcome& answer) {
                                     active->runs = false;
                                     if (*lives) ended(active, thrown != nullptr, answer);
                                   }));
}

agent::Observer Tasks::observer_of(const ActivePointer& active) {
  agent::Observer observer;
  observer.begins = [this, active](const agent::ToolCall& call) {
    active->tool = call.tool;
    if (active->tries == 0) note(active, invoked(call));
  };
  observer.output = [this, active](wasi::Stream stream, std::string_view text) {
    for (Event& each : printed(active->tool, stream, text)) note(active, std::move(each));
  };
  observer.ended = [this, active](const agent::Execution& execution) {
    // What was too busy begins again later, and has not been.
    const bool is_first = active->executions.empty();
    if (!is_first || execution.result.verdict != tool::Verdict::kBusy) {
      note(active, observed(execution));
    }
    active->executions.push_back(execution);
  };
  observer.text = [this, active](std::string_view text) {
    for (Event& each : spoken(text)) note(active, std::move(each));
  };
  observer.between = [this, active] { return between_calls(active); };
  return observer;
}

awaitable<bool> Tasks::between_calls(ActivePointer active) {
  // The wish to cancel may have come when there was nothing under way that could hear it.
  if (active->is_cancelled) co_return false;
  if (!active->wants_pause || is_stopping_) co_return true;
  active->is_parked = true;
  --running_;
  note(active, {.type = kWorkflowPaused, .message = "Task paused"});
  change(active, {.state = State::kPaused});
  pump();
  // A wish that is taken back while this is written opens the gate, too: `write` sees to that.
  while (active->is_parked && !active->is_cancelled) {
    auto waiting = active->gate.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
  if (std::exchange(active->is_parked, false)) ++running_;
  co_return !active->is_cancelled;
}

bool Tasks::try_again_later(const ActivePointer& active) {
  const bool is_busy = active->executions.size() == 1 &&
                       active->executions[0].result.verdict == tool::Verdict::kBusy;
  if (!is_busy || active->is_cancelled || ++active->tries > kMaxTries) return false;
  active->executions.clear();
  active->gate.expires_after(kPause);
  active->gate.async_wait([this, lives = lives_, active](const boost::system::error_code&) {
    if (!*lives) return;
    active->gate.expires_at(asio::steady_timer::time_point::max());
    carry_out(active);
  });
  return true;
}

void Tasks::ended(const ActivePointer& active, bool is_broken, const agent::Outcome& answer) {
  if (!answer.model && try_again_later(active)) return;
  Change outcome = outcome_of(active->executions);
  bool is_whole = active->executions.size() >= active->calls;
  if (answer.model) {
    take_answer(answer, outcome);
    is_whole = answer.succeeded;
    if (answer.succeeded) note(active, said(answer.response, json_of(*answer.model)));
  }
  if (is_broken && !active->is_cancelled) {
    outcome.state = State::kFailed;
    outcome.error = "the run broke off within the service";
  }
  if (active->is_cancelled && (outcome.state != State::kCompleted || !is_whole)) {
    outcome.state = State::kCancelled;
    if (outcome.error.empty()) outcome.error = "cancelled";
  }
  if (outcome.state == State::kCompleted) {
    note(active, {.type = kWorkflowCompleted, .message = "All done"});
  } else if (outcome.state == State::kCancelled) {
    note(active, {.type = kWorkflowCancelled, .message = "Task cancelled"});
  } else {
    note(active, failure(outcome.error));
    note(active, {.type = kWorkflowFailed, .message = "Task failed"});
  }
  note(active, stream_end());
  change(active, std::move(outcome));
}

// --------------------------------------------------------------------------------------- writing

void Tasks::note(const ActivePointer& active, Event event) {
  event.at_unix_ns = now_unix_ns();
  append(active->events, std::move(event));
  if (std::exchange(active->is_writing, true)) return;
  asio::co_spawn(io_, write(active), asio::detached);
}

void Tasks::change(const ActivePointer& active, Change change) {
  active->change = std::move(change);
  if (std::exchange(active->is_writing, true)) return;
  asio::co_spawn(io_, write(active), asio::detached);
}

awaitable<void> Tasks::write(ActivePointer active) {
  const auto lives = lives_;
  const std::int64_t row = active->task.row;
  while (!active->events.empty() || active->change) {
    const std::vector<Event> events(active->events.begin(), active->events.end());
    auto change = std::exchange(active->change, std::nullopt);
    active->events.clear();
    for (;;) {
      auto work = [&](TaskTables& tables) {
        // Nobody changes them any more: the run has ended.
        if (change && is_final(change->state)) change->executions = stored(active->executions);
        return tables.append(row, events, change, now_unix_ns());
      };
      auto asked = store_.ask(std::move(work));
      auto stored = co_await std::move(asked);
      if (!*lives) co_return;
      if (stored.status().code() == StatusCode::kNotFound) break;
      if (stored.ok()) {
        feed_.publish(row, *std::move(stored));
        break;
      }
      // It is not forgotten: once there is room, or the lock is gone, it is written.
      asio::steady_timer pause(io_, kPause);
      auto waiting = pause.async_wait(kTuple);
      (void)co_await std::move(waiting);
      if (!*lives) co_return;
    }
    if (change && is_final(change->state)) {
      active->is_writing = false;
      written(active);
      co_return;
    }
    // Resumed while the pause was being written: the row says paused, and nobody would wake it.
    if (change && change->state == State::kPaused && !active->wants_pause) {
      active->change = Change{.state = State::kRunning};
      ++running_;
      active->is_parked = false;
      active->gate.cancel();
    }
  }
  active->is_writing = false;
}

void Tasks::written(const ActivePointer& active) {
  if (active_.erase(active->task.row) == 0) return;
  --running_;
  pump();
}

awaitable<void> Tasks::keep_up() {
  const auto lives = lives_;
  while (!is_stopping_) {
    auto work = [bounds = options_.bounds](TaskTables& tables) {
      return tables.tidy(bounds, now_unix_ns());
    };
    auto asked = store_.ask(std::move(work));
    (void)co_await std::move(asked);
    if (!*lives || is_stopping_) co_return;
    upkeep_.expires_after(kUpkeep);
    auto waiting = upkeep_.async_wait(kTuple);
    (void)co_await std::move(waiting);
    if (!*lives) co_return;
  }
}

}  // namespace skerry::task
