// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_runs.h"

#include <algorithm>
#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/range.h"
#include "skerry/jail/memory_file.h"
#include "skerry/loop/cancellation.h"
#include "skerry/loop/wait_for.h"
#include "skerry/session/ask_again.h"
#include "skerry/session/file_start.h"
#include "skerry/session/store_threads.h"
#include "skerry/worker/file_worker.h"

namespace skerry::session {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using store::SessionStore;
using Clock = std::chrono::steady_clock;
using Order = SessionRuns::Order;
using Weight = StoreThreads::Weight;

// Of a program's text: where the first line that says something is looked for.
constexpr std::size_t kTitleText = std::size_t{64} << 10;

constexpr std::chrono::seconds kBetweenKeeping{15};

// A commit of more bytes is one that others should not wait for: it takes some milliseconds.
constexpr std::int64_t kLargeCommit = std::int64_t{4} << 20;

// What the service holds of revisions that are kept for the next run: two of the largest, with all
// that a run changed beside its files. A session beyond that is read again by its next run.
constexpr std::size_t kMaxHeld = std::size_t{1} << 30;

/// How much keeping what a run left may take.
Weight weight_of(const worker::LeftState& left) {
  struct stat info{};
  return left.file.is_open() && ::fstat(left.file.get(), &info) == 0 && info.st_size > kLargeCommit
             ? Weight::kLarge
             : Weight::kSmall;
}

/// What became of a run, once its state is safe.
struct End {
  run::SessionReport report;
  image::Revision committed;  ///< if there is a new one
};

End end_transaction(SessionStore& store, SessionTransaction& transaction, const Order& order,
                    const sandbox::Outcome& outcome, const worker::LeftState& left) {
  End end;
  // Who wrote the file has it still.
  const bool is_file = left.file.is_open();
  if (const Status sealed = is_file ? jail::check_sealed(left.file.get()) : ok_status();
      !sealed.ok()) {
    end.report = transaction.refuse(sealed);
    return end;
  }
  end.report = transaction.end(store, outcome, order.request.program.code,
                               {.file = is_file ? left.file.get() : -1,
                                .bytes = left.bytes,
                                .memory = order.request.limits.memory,
                                .files = order.request.limits.files,
                                .durability = order.durability,
                                .committed = &end.committed});
  return end;
}

run::Report cancelled_before_it_began(const Order& order) {
  run::SessionReport session;
  session.name = order.name.text();
  session.message = "cancelled before it began";
  return {.outcome = worker::cancelled_outcome(), .session = std::move(session)};
}

}  // namespace

Status SessionRuns::Options::check() const {
  SKERRY_TRY(in_bounds("the milliseconds after which a session hibernates", hibernate.count(), 1,
                       86'400'000));
  SKERRY_TRY(in_bounds("the number of sessions that a worker keeps", kept, 0, 16));
  return in_bounds("the length of a session's queue", queue, 0, 100'000);
}

/// The sessions that somebody runs in, or a worker keeps. Shared with the coroutines of runs.
class SessionRuns::SessionQueues : public std::enable_shared_from_this<SessionQueues> {
 public:
  SessionQueues(boost::asio::io_context& io, broker::Broker& broker,
                const runtime::Installation& installation,
                std::shared_ptr<const store::SessionStores> stores, const Options& options)
      : broker_(broker),
        options_(options),
        installation_(installation),
        threads_(std::move(stores)),
        sweep_(io) {}

  void start() { sweep(); }

  void stop() {
    is_stopped_ = true;
    sweep_.cancel();
    threads_.stop();
  }

  /// The life of one run: its entry in the session's queue, the session's lease and head, a worker,
  /// and the commit.
  awaitable<Result<run::Report>> run(Order order) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    const auto self = shared_from_this();
    const Key key(order.files ? order.files->store_of(order.tenant) : order.tenant,
                  order.name.text());
    if (const std::size_t count = queues_[key].entries.size();
        count > static_cast<std::size_t>(options_.queue)) {
      co_return absl::ResourceExhaustedError("busy: " + std::to_string(count - 1) +
                                             " runs of this session wait already; try again in a "
                                             "second");
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    QueueEntry entry(*this, key, executor);
    while (!entry.is_first() && !loop::is_cancelled(cancellation)) {
      auto waiting = entry.changed();
      co_await std::move(waiting);
    }
    if (is_stopped_) co_await loop::never();
    if (loop::is_cancelled(cancellation)) co_return cancelled_before_it_began(order);

    // Shared with the broker, which may hold the run when all else is gone.
    const auto running = std::make_shared<Running>(Running{.key = key, .order = std::move(order)});
    auto beginning = begin(running);
    const Status begun = co_await std::move(beginning);
    if (begun.code() == StatusCode::kUnavailable && loop::is_cancelled(cancellation)) {
      co_return cancelled_before_it_began(running->order);
    }
    if (!begun.ok()) co_return begun;
    Result<sandbox::Outcome> outcome = worker::cancelled_outcome();
    if (!loop::is_cancelled(cancellation)) {
      auto handed_over = hand_over(running);
      outcome = co_await std::move(handed_over);
    }
    if (!outcome.ok()) co_return outcome.status();
    auto ending = running->order.files ? end_files(running, *std::move(outcome))
                                       : end(running, *std::move(outcome));
    co_return co_await std::move(ending);
  }

  std::optional<KeptState> kept_state(const std::string& store,
                                      const store::SessionName& name) const {
    const auto queue = queues_.find(Key(store, name.text()));
    if (queue == queues_.end() || !queue->second.kept) return std::nullopt;
    const Kept& kept = *queue->second.kept;
    return KeptState{.worker = kept.worker, .state = kept.state, .revision = kept.id};
  }

  int kept() const {
    return static_cast<int>(std::count_if(queues_.begin(), queues_.end(), [](const auto& each) {
      return each.second.kept.has_value();
    }));
  }

 private:
  using Key = std::pair<std::string, std::string>;  // tenant of the store, and name

  /// A run that is first in its session's queue.
  struct Running {
    Key key;
    Order order;
    std::optional<SessionTransaction> transaction = std::nullopt;
    std::optional<SessionTransaction> second_transaction =
        std::nullopt;                            // of an operation on two sessions
    std::optional<sandbox::Limits> keeper = {};  // of a sandbox that an operation began with
    std::uint64_t worker = 0;                    // the one that runs it
    std::uint64_t state = 0;                     // what the worker calls the state that it leaves
    worker::LeftState left = {};
    bool is_kept = false;
  };
  using SharedRun = std::shared_ptr<Running>;

  /// A session's state in a worker.
  struct Kept {
    std::uint64_t worker = 0;
    std::uint64_t state = 0;
    std::string id;  // of the revision whose state it is
    /// That revision, which the next run would have to read; null where those kept hold too much.
    std::shared_ptr<const image::Revision> revision;
    /// Of the sandbox that stands there; none where only the files are kept.
    std::optional<sandbox::Limits> sandbox;
  };

  class QueueEntry;
  struct SessionQueue {
    std::list<QueueEntry*> entries;  // the first one's run is under way
    std::optional<Kept> kept;
    Clock::time_point used;
  };

  /// A run's entry in its session's queue, as long as it lives.
  class QueueEntry {
   public:
    QueueEntry(SessionQueues& queues, const Key& key, const boost::asio::any_io_executor& executor)
        : queues_(queues), key_(key), timer_(executor) {
      std::list<QueueEntry*>& entries = queues_.queues_[key].entries;
      at_ = entries.insert(entries.end(), this);
    }
    QueueEntry(const QueueEntry&) = delete;
    QueueEntry& operator=(const QueueEntry&) = delete;
    // Cancelling a timer that is there throws nothing.
    ~QueueEntry() { queues_.leave(key_, at_); }  // NOLINT(bugprone-exception-escape)

    bool is_first() const { return queues_.queues_[key_].entries.front() == this; }
    /// Until `wake`, or the run is cancelled.
    awaitable<void> changed() {
      timer_.expires_at(Clock::time_point::max());
      auto waiting = timer_.async_wait(boost::asio::as_tuple(use_awaitable));
      (void)co_await std::move(waiting);
    }
    void wake() { timer_.cancel(); }

   private:
    SessionQueues& queues_;
    const Key key_;
    boost::asio::steady_timer timer_;
    std::list<QueueEntry*>::iterator at_;
  };

  void leave(const Key& key, std::list<QueueEntry*>::iterator at) {
    const auto queue = queues_.find(key);
    queue->second.entries.erase(at);
    queue->second.used = Clock::now();
    if (!queue->second.entries.empty()) {
      queue->second.entries.front()->wake();
    } else if (!queue->second.kept) {
      queues_.erase(queue);
    }
  }

  /// Takes the session's lease and opens its head; waits while another process has it.
  /// kUnavailable only when it was cancelled meanwhile.
  awaitable<Status> begin(SharedRun running) {
    return ask_again(Clock::time_point::max(),
                     [this, running = std::move(running)] { return begin_once(running); });
  }

  awaitable<Status> begin_once(SharedRun running) {
    if (is_stopped_) co_await loop::never();
    const Order& order = running->order;
    const auto kept = queues_[running->key].kept;
    const auto known = kept ? kept->revision : nullptr;
    auto work = [&](SessionStore& store) -> Status {
      SKERRY_ASSIGN(running->transaction,
                    SessionTransaction::try_begin(store, installation_, order.name,
                                                  order.request.template_name, known.get()));
      return ok_status();
    };
    auto working = threads_.with(running->key.first, Weight::kSmall, std::move(work));
    Status status = co_await std::move(working);
    if (!status.ok() || !order.files || !order.files->second) co_return status;

    // The second session of an operation. While another has that, the first is given back.
    auto work_on_second = [&](SessionStore& store) -> Status {
      auto transaction =
          SessionTransaction::try_begin(store, installation_, *order.files->second, {});
      if (!transaction.ok()) {
        running->transaction.reset();
        return transaction.status();
      }
      running->second_transaction = *std::move(transaction);
      return ok_status();
    };
    working = threads_.with(Files::second_store_of(order.tenant), Weight::kSmall,
                            std::move(work_on_second));
    co_return co_await std::move(working);
  }

  awaitable<Result<sandbox::Outcome>> hand_over(SharedRun running) {
    Order& order = running->order;
    const SessionTransaction& transaction = *running->transaction;
    broker::Run run;
    run.tenant = order.tenant;
    run.isolation = order.isolation;
    run.observer = order.observer;
    run.input = order.input;
    if (!transaction.notice().empty() && run.observer != nullptr && !order.files) {
      run.observer->warned(transaction.notice());
    }
    run.request = std::exchange(order.request, {});
    // What is told of the run when it has ended: its first line, not all of its text.
    order.request.limits = run.request.limits;
    order.request.program.code = run.request.program.code.substr(0, kTitleText);
    run.request.template_name = transaction.template_name();
    transaction.continue_with(run.request.program);
    SessionQueue& queue = queues_[running->key];
    if (queue.kept && (queue.kept->id != transaction.parent().id ||
                       !(order.files || has_sandbox_for(*queue.kept, run.request.limits)))) {
      forget(queue);
    }
    broker::InSession session;
    if (queue.kept) session.worker = queue.kept->worker;
    session.start = [self = shared_from_this(), running](std::uint64_t worker) {
      return self->start_in(*running, worker);
    };
    session.left = [running](worker::LeftState state, bool is_kept) {
      running->left = std::move(state);
      running->is_kept = is_kept;
    };
    run.session = std::move(session);
    auto outcome = broker_.run(std::move(run));
    // While the worker runs, the store has time for what the run before has left to do.
    threads_.clear_up(running->key.first);
    auto ended = co_await std::move(outcome);
    if (is_stopped_) co_await loop::never();
    co_return ended;
  }

  static bool has_sandbox_for(const Kept& kept, const sandbox::Limits& limits) {
    return kept.sandbox && kept.sandbox->suit_sandbox_of(limits);
  }

  broker::InSession::Start start_in(Running& running, std::uint64_t worker) {
    SessionQueue& queue = queues_[running.key];
    const image::Revision& parent = running.transaction->parent();
    running.worker = worker;
    running.state = ++last_state_;
    broker::InSession::Start start;
    if (running.order.files) return start_files_in(queue, running);
    start.start.becomes = running.state;
    if (queue.kept && queue.kept->worker == worker) {
      start.start.from = queue.kept->state;
      queue.kept.reset();
      return start;
    }
    forget(queue);
    if (running.transaction->is_new()) {
      start.start.template_sha256 = parent.file_image->sha256;
    } else {
      start.files = parent.descriptors;
      if (parent.patch) start.start.patch = parent.patch->content;
      start.owner = std::make_shared<const image::Revision>(parent);
    }
    return start;
  }

  broker::InSession::Start start_files_in(SessionQueue& queue, Running& running) {
    FileStart files(running.order.files->operation);
    worker::SessionStart start{.becomes = running.state};
    running.keeper.reset();
    if (queue.kept && queue.kept->worker == running.worker) {
      start.from = queue.kept->state;
      running.keeper = queue.kept->sandbox;
      queue.kept.reset();
    } else {
      forget(queue);
      files.add(std::make_shared<const image::Revision>(running.transaction->parent()), start);
    }
    if (!running.second_transaction) return std::move(files).finish(std::move(start));
    worker::SessionStart second;
    files.add(std::make_shared<const image::Revision>(running.second_transaction->parent()),
              second);
    return std::move(files).finish(std::move(start), std::move(second));
  }

  awaitable<Result<run::Report>> end(SharedRun running, sandbox::Outcome outcome) {
    auto work = [&](SessionStore& store) -> Result<End> {
      End end =
          end_transaction(store, *running->transaction, running->order, outcome, running->left);
      // Others may have the session before anybody is told.
      running->transaction.reset();
      running->left = {};
      return end;
    };
    auto working = threads_.with(running->key.first, weight_of(running->left), std::move(work));
    Result<End> end = co_await std::move(working);
    if (!end.ok()) co_return end.status();
    if (running->is_kept) {
      keep(*running, std::move(end->committed), running->order.request.limits);
    }
    co_return run::Report{.outcome = std::move(outcome), .session = std::move(end->report)};
  }

  /// Reads what an operation on files left, and commits it.
  awaitable<Result<run::Report>> end_files(SharedRun running, sandbox::Outcome outcome) {
    // The first session's, whose state the worker may keep; none when nobody can tell.
    image::Revision revision;
    Status status;
    if (outcome.kind == sandbox::OutcomeKind::kCompleted) {
      auto committing = commit_files(running, revision);
      status = co_await std::move(committing);
      if (!status.ok()) revision = {};
    }
    if (running->is_kept) keep(*running, std::move(revision), running->keeper);
    // Others may have the sessions before anybody is told.
    running->transaction.reset();
    running->second_transaction.reset();
    if (!status.ok()) co_return status;
    co_return run::Report{.outcome = std::move(outcome), .session = std::nullopt};
  }

  /// `revision` becomes the first session's, new or as it was.
  awaitable<Status> commit_files(SharedRun running, image::Revision& revision) {
    using Changed = worker::LeftFiles::Changed;
    const std::string& title = running->order.files->title;
    worker::LeftFiles left;
    auto work = [&](SessionStore& store) -> Status {
      revision = running->transaction->parent();
      SKERRY_ASSIGN(left, worker::LeftFiles::read(running->left));
      running->left = {};
      if (left.changed != Changed::kFirst) return ok_status();
      SKERRY_ASSIGN(revision,
                    running->transaction->commit_files(store, installation_.runtimes(),
                                                       std::move(left.host_state), title));
      return ok_status();
    };
    auto working = threads_.with(running->key.first, Weight::kLarge, std::move(work));
    Status status = co_await std::move(working);
    if (!status.ok() || left.changed != Changed::kSecond) co_return status;
    if (!running->second_transaction) {
      co_return absl::DataLossError("what the operation left is of no session");
    }
    auto work_on_second = [&](SessionStore& store) -> Status {
      return running->second_transaction
          ->commit_files(store, installation_.runtimes(), std::move(left.host_state), title)
          .status();
    };
    working = threads_.with(Files::second_store_of(running->order.tenant), Weight::kLarge,
                            std::move(work_on_second));
    co_return co_await std::move(working);
  }

  /// Notes that the worker keeps the state that it was left in, unless that serves nobody.
  void keep(const Running& running, image::Revision revision,
            const std::optional<sandbox::Limits>& sandbox) {
    if (revision.id.empty() || running.order.isolation != run::Isolation::kTenant ||
        options_.kept == 0) {
      broker_.forget(running.worker, {running.state});
      return;
    }
    make_room(running.worker);
    Kept kept{.worker = running.worker,
              .state = running.state,
              .id = revision.id,
              .revision = nullptr,
              .sandbox = sandbox};
    if (revision.held_memory() + held_memory() <= kMaxHeld) {
      kept.revision = std::make_shared<const image::Revision>(std::move(revision));
    }
    queues_[running.key].kept = std::move(kept);
  }

  /// What the revisions of kept states hold here.
  std::size_t held_memory() const {
    return std::accumulate(
        queues_.begin(), queues_.end(), std::size_t{0}, [](std::size_t sum, const auto& each) {
          const auto& kept = each.second.kept;
          return sum + (kept && kept->revision ? kept->revision->held_memory() : 0);
        });
  }

  void forget(SessionQueue& queue) {
    if (!queue.kept) return;
    broker_.forget(queue.kept->worker, {queue.kept->state});
    queue.kept.reset();
  }

  /// The worker is about to keep one more.
  void make_room(std::uint64_t worker) {
    int count = 0;
    SessionQueue* oldest = nullptr;
    for (auto& [key, queue] : queues_) {
      if (!queue.kept || queue.kept->worker != worker) continue;
      ++count;
      if (oldest == nullptr || queue.used < oldest->used) oldest = &queue;
    }
    if (count >= options_.kept && oldest != nullptr) forget(*oldest);
  }

  void sweep() {
    sweep_.expires_after(std::clamp(options_.hibernate / 4, std::chrono::milliseconds(1),
                                    std::chrono::milliseconds(10'000)));
    sweep_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto queues = weak.lock();
      if (!queues || error || queues->is_stopped_) return;
      queues->hibernate();
      // Stores of tenants that run here stay small, while runs go on.
      if (Clock::now() >= queues->next_keeping_) {
        queues->next_keeping_ = Clock::now() + kBetweenKeeping;
        queues->threads_.keep_small();
      }
      queues->sweep();
    });
  }

  void hibernate() {
    const auto oldest = Clock::now() - options_.hibernate;
    for (auto at = queues_.begin(); at != queues_.end();) {
      SessionQueue& queue = at->second;
      if (queue.entries.empty() && queue.used < oldest) forget(queue);
      at = queue.entries.empty() && !queue.kept ? queues_.erase(at) : std::next(at);
    }
  }

  broker::Broker& broker_;
  const Options options_;
  const runtime::Installation installation_;
  StoreThreads threads_;
  boost::asio::steady_timer sweep_;
  Clock::time_point next_keeping_ = Clock::now() + kBetweenKeeping;
  std::map<Key, SessionQueue> queues_;
  std::uint64_t last_state_ = 0;
  bool is_stopped_ = false;
};

Result<std::unique_ptr<SessionRuns>> SessionRuns::start(
    boost::asio::io_context& io, broker::Broker& broker, const runtime::Installation& installation,
    std::shared_ptr<const store::SessionStores> stores, const Options& options) {
  SKERRY_TRY(options.check());
  auto queues =
      std::make_shared<SessionQueues>(io, broker, installation, std::move(stores), options);
  queues->start();
  return std::unique_ptr<SessionRuns>(new SessionRuns(std::move(queues)));
}

// What cancelling a timer and joining a thread could throw does not happen to ones that are there.
SessionRuns::~SessionRuns() { queues_->stop(); }  // NOLINT(bugprone-exception-escape)

std::optional<SessionRuns::KeptState> SessionRuns::kept_state(
    const std::string& store, const store::SessionName& name) const {
  return queues_->kept_state(store, name);
}

awaitable<Result<run::Report>> SessionRuns::run(Order order) {
  return queues_->run(std::move(order));
}

int SessionRuns::kept() const { return queues_->kept(); }

}  // namespace skerry::session
