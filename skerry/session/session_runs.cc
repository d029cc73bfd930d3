// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_runs.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/base/range.h"
#include "skerry/image/image_file.h"
#include "skerry/jail/memory_file.h"
#include "skerry/session/file_start.h"
#include "skerry/session/store_lanes.h"
#include "skerry/worker/file_worker.h"

namespace skerry::session {
namespace {

using Clock = std::chrono::steady_clock;
using store::SessionStore;

// How soon one asks again for a session that another process runs in.
constexpr std::chrono::milliseconds kFirstAsk{2};
constexpr std::chrono::milliseconds kLatestAsk{100};
// Of a program's text: where the first line that says something is looked for.
constexpr std::size_t kTitleText = std::size_t{64} << 10;

constexpr std::chrono::seconds kBetweenKeeping{15};

// A commit of more bytes is one that others should not wait for: it takes some milliseconds.
constexpr std::int64_t kLargeCommit = std::int64_t{4} << 20;

using Weight = StoreLanes::Weight;

/// How much keeping what a run left may take.
Weight weight_of(const worker::LeftState& left) {
  struct stat info{};
  return left.file.is_open() && ::fstat(left.file.get(), &info) == 0 && info.st_size > kLargeCommit
             ? Weight::kLarge
             : Weight::kSmall;
}

/// What the store's threads work with: each tenant's store in that tenant's lane alone.
struct StoreSide {
  const runtime::PythonInstallation installation;
  const store::Policy policy;
  const std::filesystem::path directory;
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<SessionStore>> stores;  // by tenant; guarded by the mutex

  StoreSide(const runtime::Home& home, const SessionRuns::Options& options)
      : installation(home),
        policy(options.policy),
        directory(options.store.empty() ? home.store() : options.store) {}

  Result<SessionStore*> store_of(const std::string& tenant) {
    std::unique_ptr<SessionStore>* store = nullptr;
    {
      const std::lock_guard lock(mutex);
      store = &stores[tenant];  // where it is it stays, and its lane alone looks into it
    }
    if (!*store) {
      SKERRY_ASSIGN(*store,
                    SessionStore::open(directory, tenant, store::policy_of(tenant, policy)));
    }
    return store->get();
  }

  std::vector<std::string> tenants() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> names;
    names.reserve(stores.size());
    for (const auto& [tenant, store] : stores) names.push_back(tenant);
    return names;
  }

  /// kUnavailable while another process runs in the session.
  Result<std::shared_ptr<SessionTurn>> begin(const std::string& tenant,
                                             const store::SessionName& name,
                                             const std::string& template_name,
                                             const image::Revision* known) {
    SKERRY_ASSIGN(SessionStore * store, store_of(tenant));
    SKERRY_ASSIGN(auto lease, store->try_lease(name));
    SKERRY_ASSIGN(auto turn, SessionTurn::begin(*store, std::move(lease), template_name, known));
    if (turn.is_new()) {
      const auto file = installation.template_path(turn.template_name());
      SKERRY_ASSIGN(auto image, image::open_image(file));
      turn.start_on(std::move(image), file);
    }
    return std::make_shared<SessionTurn>(std::move(turn));
  }

  /// What nobody has to wait for.
  void clear_up(const std::string& tenant) {
    const auto store = store_of(tenant);
    if (store.ok()) (*store)->after_commit();
  }

  struct End {
    run::SessionReport report;
    image::Revision committed;  ///< if there is a new one
  };
  Result<End> end(SessionTurn& turn, const SessionRuns::Order& order,
                  const sandbox::Outcome& outcome, const worker::LeftState& left) {
    SKERRY_ASSIGN(SessionStore * store, store_of(order.tenant));
    End end;
    // Who wrote the file has it still.
    const bool is_file = left.file.is_open();
    if (const Status sealed = is_file ? jail::check_sealed(left.file.get()) : ok_status();
        !sealed.ok()) {
      end.report = turn.refuse(sealed);
      return end;
    }
    end.report = turn.end(*store, outcome, order.request.program.code,
                          {.file = is_file ? left.file.get() : -1,
                           .bytes = left.bytes,
                           .memory = order.request.limits.memory,
                           .files = order.request.limits.files,
                           .durability = order.durability,
                           .committed = &end.committed});
    return end;
  }

  /// The new revision of what an operation has made of a session's files.
  Result<image::Revision> commit_files(const std::string& tenant, SessionTurn& turn,
                                       std::string host_state, const std::string& title) {
    SKERRY_ASSIGN(SessionStore * store, store_of(tenant));
    return turn.commit_files(*store, std::move(host_state), title);
  }
};

}  // namespace

Status SessionRuns::Options::check() const {
  SKERRY_TRY(in_bounds("the milliseconds after which a session hibernates", hibernate.count(), 1,
                       86'400'000));
  SKERRY_TRY(in_bounds("the number of sessions that a worker keeps", kept, 0, 16));
  return in_bounds("the length of a session's queue", queue, 0, 100'000);
}

class SessionRuns::SessionQueues : public std::enable_shared_from_this<SessionQueues> {
 public:
  SessionQueues(boost::asio::io_context& io, broker::Broker& broker, const runtime::Home& home,
                const Options& options)
      : io_(io),
        broker_(broker),
        options_(options),
        side_(std::make_shared<StoreSide>(home, options)),
        sweep_(io) {}

  void start() { sweep(); }

  void stop() {
    is_stopped_ = true;
    sweep_.cancel();
    lanes_.join();
    keeping_thread_.join();
  }

  RunId run(Order order, Done done) {
    const RunId id = ++last_run_;
    Key key(order.files ? order.files->store_of(order.tenant) : order.tenant, order.name.text());
    SessionQueue& line = lines_[key];
    if (line.waiting.size() > static_cast<std::size_t>(options_.queue)) {
      const Status busy =
          absl::ResourceExhaustedError("busy: " + std::to_string(line.waiting.size() - 1) +
                                       " runs of this session wait already; try again in a second");
      boost::asio::post(io_, [done = std::move(done), busy] { done(busy); });
      return id;
    }
    line.waiting.push_back(std::make_shared<Pending>(
        Pending{.id = id, .order = std::move(order), .done = std::move(done)}));
    if (line.waiting.size() == 1) begin(key);
    return id;
  }

  void cancel(RunId id) {
    for (auto& [key, line] : lines_) {
      const auto found = std::find_if(line.waiting.begin(), line.waiting.end(),
                                      [&](const auto& each) { return each->id == id; });
      if (found == line.waiting.end()) continue;
      Pending& pending = **found;
      if (pending.broker_run != 0) {
        broker_.cancel(pending.broker_run);
      } else if (found == line.waiting.begin()) {
        pending.is_cancelled = true;  // heard when the store has answered
      } else {
        Answer answer{.outcome = worker::cancelled_outcome(), .report = {}};
        answer.report.name = pending.order.name.text();
        answer.report.message = "cancelled before it began";
        boost::asio::post(io_, [done = std::move(pending.done), answer] { done(answer); });
        line.waiting.erase(found);
      }
      return;
    }
  }

  std::optional<KeptState> kept_state(const std::string& store,
                                      const store::SessionName& name) const {
    const auto line = lines_.find(Key(store, name.text()));
    if (line == lines_.end() || !line->second.kept) return std::nullopt;
    const Kept& kept = *line->second.kept;
    return KeptState{.worker = kept.worker, .state = kept.state, .revision = kept.revision};
  }

  int kept() const {
    return static_cast<int>(std::count_if(lines_.begin(), lines_.end(), [](const auto& each) {
      return each.second.kept.has_value();
    }));
  }

 private:
  using Key = std::pair<std::string, std::string>;  // tenant of the store, and name

  struct Pending {
    RunId id = 0;
    Order order;
    Done done;
    bool is_cancelled = false;
    broker::Broker::RunId broker_run = 0;
    std::shared_ptr<SessionTurn> turn = nullptr;
    std::shared_ptr<SessionTurn> second_turn = nullptr;  // of an operation on two sessions
    std::optional<sandbox::Limits> keeper = {};  // of a sandbox that an operation began with
    std::uint64_t worker = 0;                    // the one that runs it
    std::uint64_t state = 0;                     // what the worker calls the state that it leaves
    worker::LeftState left = {};
    bool is_kept = false;
    std::chrono::milliseconds next_ask = kFirstAsk;
  };
  using PendingRun = std::shared_ptr<Pending>;

  /// A session's state in a worker.
  struct Kept {
    std::uint64_t worker = 0;
    std::uint64_t state = 0;
    std::shared_ptr<const image::Revision> revision;  // whose state it is
    /// Of the sandbox that stands there; none where only the files are kept.
    std::optional<sandbox::Limits> sandbox;
  };

  struct SessionQueue {
    std::deque<PendingRun> waiting;  // the first is under way
    std::optional<Kept> kept;
    Clock::time_point used;
  };

  /// Does `work` in the tenant's lane, then `then` with its result on the loop.
  template <typename Work, typename Then>
  void in_store(const std::string& tenant, Weight weight, Work work, Then then) {
    lanes_.post(tenant, weight,
                [&io = io_, side = side_, weak = weak_from_this(), work = std::move(work),
                 then = std::move(then)]() mutable {
                  auto result = work(*side);
                  boost::asio::post(
                      io, [weak, result = std::move(result), then = std::move(then)]() mutable {
                        const auto lines = weak.lock();
                        if (lines && !lines->is_stopped_) then(*lines, std::move(result));
                      });
                });
  }

  void begin(const Key& key) {
    SessionQueue& line = lines_[key];
    const PendingRun pending = line.waiting.front();
    const auto known = line.kept ? line.kept->revision : nullptr;
    in_store(
        key.first, Weight::kSmall,
        [key, pending, known](StoreSide& side) {
          const Order& order = pending->order;
          return side.begin(key.first, order.name, order.request.template_name, known.get());
        },
        [key, pending](SessionQueues& lines, Result<std::shared_ptr<SessionTurn>> turn) {
          const Status status = turn.status();
          if (turn.ok()) pending->turn = *std::move(turn);
          if (status.ok() && pending->order.files && pending->order.files->second) {
            lines.begin_second(key, pending);
          } else {
            lines.begun(key, pending, status);
          }
        });
  }

  /// The second session of an operation. While another has that, the first is given back.
  void begin_second(const Key& key, const PendingRun& pending) {
    const std::string store = Files::second_store_of(pending->order.tenant);
    in_store(
        store, Weight::kSmall,
        [store, pending](StoreSide& side) {
          auto turn = side.begin(store, *pending->order.files->second, {}, nullptr);
          if (!turn.ok()) pending->turn.reset();
          return turn;
        },
        [key, pending](SessionQueues& lines, Result<std::shared_ptr<SessionTurn>> turn) {
          const Status status = turn.status();
          if (turn.ok()) pending->second_turn = *std::move(turn);
          lines.begun(key, pending, status);
        });
  }

  void begun(const Key& key, const PendingRun& pending, const Status& status) {
    if (status.ok()) {
      if (pending->is_cancelled) {
        ended(key, pending, worker::cancelled_outcome());
      } else {
        hand_over(key, pending);
      }
    } else if (status.code() == StatusCode::kUnavailable && !pending->is_cancelled) {
      ask_again(key, pending);
    } else {
      finish(key, pending, status);
    }
  }

  /// Another process runs in the session.
  void ask_again(const Key& key, const PendingRun& pending) {
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, pending->next_ask);
    pending->next_ask = std::min(pending->next_ask * 2, kLatestAsk);
    timer->async_wait(
        [weak = weak_from_this(), timer, key](const boost::system::error_code& error) {
          const auto lines = weak.lock();
          if (lines && !error && !lines->is_stopped_) lines->begin(key);
        });
  }

  void hand_over(const Key& key, const PendingRun& pending) {
    SessionQueue& line = lines_[key];
    const SessionTurn& turn = *pending->turn;
    broker::Run run;
    run.tenant = pending->order.tenant;
    run.isolation = pending->order.isolation;
    run.observer = pending->order.observer;
    if (!turn.notice().empty() && run.observer != nullptr && !pending->order.files) {
      run.observer->warned(turn.notice());
    }
    run.request = std::exchange(pending->order.request, {});
    // What is told of the run when it has ended: its first line, not all of its text.
    pending->order.request.limits = run.request.limits;
    pending->order.request.program.code = run.request.program.code.substr(0, kTitleText);
    run.request.template_name = turn.template_name();
    turn.continue_with(run.request.program);
    if (line.kept && (line.kept->revision->id != turn.parent().id ||
                      !(pending->order.files || has_sandbox_for(*line.kept, run.request.limits)))) {
      forget(line);
    }
    broker::InSession session;
    if (line.kept) session.worker = line.kept->worker;
    // The broker may still hold the run when the rest of this is gone.
    session.start = [self = shared_from_this(), key, pending](std::uint64_t worker) {
      return self->start_in(key, *pending, worker);
    };
    session.left = [pending](worker::LeftState state, bool is_kept) {
      pending->left = std::move(state);
      pending->is_kept = is_kept;
    };
    run.session = std::move(session);
    pending->broker_run = broker_.run(
        std::move(run), [weak = weak_from_this(), key, pending](Result<sandbox::Outcome> outcome) {
          const auto lines = weak.lock();
          if (!lines || lines->is_stopped_) return;
          if (outcome.ok()) {
            lines->ended(key, pending, *std::move(outcome));
          } else {
            lines->finish(key, pending, outcome.status());
          }
        });
    // While the worker runs, the store has time for what the run before has left to do.
    clear_up(key.first);
  }

  void clear_up(const std::string& tenant) {
    lanes_.post(tenant, Weight::kSmall, [side = side_, tenant] { side->clear_up(tenant); });
  }

  static bool has_sandbox_for(const Kept& kept, const sandbox::Limits& limits) {
    return kept.sandbox && kept.sandbox->suit_sandbox_of(limits);
  }

  broker::InSession::Start start_in(const Key& key, Pending& pending, std::uint64_t worker) {
    SessionQueue& line = lines_[key];
    const image::Revision& parent = pending.turn->parent();
    pending.worker = worker;
    pending.state = ++last_state_;
    broker::InSession::Start start;
    if (pending.order.files) return start_files_in(line, pending);
    start.start.becomes = pending.state;
    if (line.kept && line.kept->worker == worker) {
      start.start.from = line.kept->state;
      line.kept.reset();
      return start;
    }
    forget(line);
    if (pending.turn->is_new()) {
      start.start.template_sha256 = parent.file_image->sha256;
    } else {
      start.files = parent.descriptors;
      if (parent.patch) start.start.patch = parent.patch->content;
      start.owner = std::make_shared<const image::Revision>(parent);
    }
    return start;
  }

  broker::InSession::Start start_files_in(SessionQueue& line, Pending& pending) {
    FileStart files(pending.order.files->operation);
    worker::SessionStart start{.becomes = pending.state};
    pending.keeper.reset();
    if (line.kept && line.kept->worker == pending.worker) {
      start.from = line.kept->state;
      pending.keeper = line.kept->sandbox;
      line.kept.reset();
    } else {
      forget(line);
      files.add(std::make_shared<const image::Revision>(pending.turn->parent()), start);
    }
    if (!pending.second_turn) return std::move(files).finish(std::move(start));
    worker::SessionStart second;
    files.add(std::make_shared<const image::Revision>(pending.second_turn->parent()), second);
    return std::move(files).finish(std::move(start), std::move(second));
  }

  void ended(const Key& key, const PendingRun& pending, sandbox::Outcome outcome) {
    if (pending->order.files) {
      files_ended(key, pending, std::move(outcome));
      return;
    }
    using End = Result<StoreSide::End>;
    in_store(
        key.first, weight_of(pending->left),
        [pending, outcome](StoreSide& side) {
          End end = side.end(*pending->turn, pending->order, outcome, pending->left);
          // Others may have the session before anybody is told.
          pending->turn.reset();
          pending->left = {};
          return end;
        },
        [key, pending, outcome](SessionQueues& lines, End end) mutable {
          if (!end.ok()) {
            lines.finish(key, pending, end.status());
          } else {
            lines.saved(key, *pending, std::move(end->committed));
            lines.finish(key, pending,
                         Answer{.outcome = std::move(outcome), .report = std::move(end->report)});
          }
        });
  }

  /// Reads what an operation left, and commits it.
  void files_ended(const Key& key, const PendingRun& pending, sandbox::Outcome outcome) {
    Answer answer{.outcome = std::move(outcome), .report = {}};
    if (answer.outcome.kind != sandbox::OutcomeKind::kCompleted) {
      conclude_files(key, pending, std::move(answer), image::Revision());
      return;
    }
    using Changed = worker::LeftFiles::Changed;
    struct End {
      worker::LeftFiles left;
      image::Revision revision;  ///< the first session's, new or as it was
    };
    in_store(
        key.first, Weight::kLarge,
        [key, pending](StoreSide& side) -> Result<End> {
          End end;
          end.revision = pending->turn->parent();
          SKERRY_ASSIGN(end.left, worker::LeftFiles::read(pending->left));
          pending->left = {};
          if (end.left.changed != Changed::kFirst) return end;
          SKERRY_ASSIGN(end.revision,
                        side.commit_files(key.first, *pending->turn, std::move(end.left.host_state),
                                          pending->order.files->title));
          return end;
        },
        [key, pending, answer](SessionQueues& lines, Result<End> end) mutable {
          if (!end.ok()) {
            lines.conclude_files(key, pending, end.status(), image::Revision());
          } else if (end->left.changed == Changed::kSecond) {
            lines.commit_second(key, pending, std::move(end->left.host_state), std::move(answer));
          } else {
            lines.conclude_files(key, pending, std::move(answer), std::move(end->revision));
          }
        });
  }

  /// Commits what an operation has made of its second session. The first is as it was.
  void commit_second(const Key& key, const PendingRun& pending, std::string host_state,
                     Answer answer) {
    const std::string store = Files::second_store_of(pending->order.tenant);
    in_store(
        store, Weight::kLarge,
        [store, pending, host_state = std::move(host_state)](StoreSide& side) mutable -> Status {
          if (!pending->second_turn) {
            return absl::DataLossError("what the operation left is of no session");
          }
          return side
              .commit_files(store, *pending->second_turn, std::move(host_state),
                            pending->order.files->title)
              .status();
        },
        [key, pending, answer](SessionQueues& lines, const Status& status) mutable {
          lines.conclude_files(key, pending,
                               status.ok() ? Result<Answer>(std::move(answer)) : status,
                               pending->turn->parent());
        });
  }

  /// `revision` is the first session's, whose state the worker may keep.
  void conclude_files(const Key& key, const PendingRun& pending, Result<Answer> answer,
                      image::Revision revision) {
    if (pending->is_kept) {
      if (!answer.ok()) revision = {};
      keep(key, *pending, std::move(revision), pending->keeper);
    }
    // Others may have the sessions before anybody is told.
    pending->turn.reset();
    pending->second_turn.reset();
    finish(key, pending, std::move(answer));
  }

  void saved(const Key& key, const Pending& pending, image::Revision revision) {
    if (pending.is_kept) keep(key, pending, std::move(revision), pending.order.request.limits);
  }

  /// Notes that the worker keeps the state that it was left in, unless that serves nobody.
  void keep(const Key& key, const Pending& pending, image::Revision revision,
            const std::optional<sandbox::Limits>& sandbox) {
    if (revision.id.empty() || pending.order.isolation != run::Isolation::kTenant ||
        options_.kept == 0) {
      broker_.forget(pending.worker, {pending.state});
      return;
    }
    make_room(pending.worker);
    SessionQueue& line = lines_[key];
    line.kept = Kept{.worker = pending.worker,
                     .state = pending.state,
                     .revision = std::make_shared<const image::Revision>(std::move(revision)),
                     .sandbox = sandbox};
  }

  void finish(const Key& key, const PendingRun& pending, Result<Answer> answer) {
    SessionQueue& line = lines_[key];
    line.waiting.pop_front();
    line.used = Clock::now();
    if (!line.waiting.empty()) {
      begin(key);
    } else if (!line.kept) {
      lines_.erase(key);
    }
    // It may ask for the next run, and so must come last.
    pending->done(std::move(answer));
  }

  void forget(SessionQueue& line) {
    if (!line.kept) return;
    broker_.forget(line.kept->worker, {line.kept->state});
    line.kept.reset();
  }

  /// The worker is about to keep one more.
  void make_room(std::uint64_t worker) {
    int count = 0;
    SessionQueue* oldest = nullptr;
    for (auto& [key, line] : lines_) {
      if (!line.kept || line.kept->worker != worker) continue;
      ++count;
      if (oldest == nullptr || line.used < oldest->used) oldest = &line;
    }
    if (count >= options_.kept && oldest != nullptr) forget(*oldest);
  }

  void sweep() {
    sweep_.expires_after(std::clamp(options_.hibernate / 4, std::chrono::milliseconds(1),
                                    std::chrono::milliseconds(10'000)));
    sweep_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto lines = weak.lock();
      if (!lines || error || lines->is_stopped_) return;
      const auto oldest = Clock::now() - lines->options_.hibernate;
      for (auto at = lines->lines_.begin(); at != lines->lines_.end();) {
        SessionQueue& line = at->second;
        if (line.waiting.empty() && line.used < oldest) lines->forget(line);
        at = line.waiting.empty() && !line.kept ? lines->lines_.erase(at) : std::next(at);
      }
      lines->keep_small();
      lines->sweep();
    });
  }

  /// Lets the stores of tenants that run here stay small, while runs go on.
  void keep_small() {
    if (Clock::now() < next_keeping_) return;
    next_keeping_ = Clock::now() + kBetweenKeeping;
    const std::vector<std::string> tenants = side_->tenants();
    for (const std::string& tenant : tenants) clear_up(tenant);
    boost::asio::post(keeping_thread_, [side = side_, tenants] {
      for (const std::string& tenant : tenants) {
        // What fails is tried again; `skerry store gc` tells why.
        const auto store = SessionStore::open(side->directory, tenant, side->policy);
        if (store.ok()) (void)(*store)->keep_small();
      }
    });
  }

  boost::asio::io_context& io_;
  broker::Broker& broker_;
  Options options_;
  std::shared_ptr<StoreSide> side_;
  StoreLanes lanes_;
  boost::asio::thread_pool keeping_thread_{1};
  boost::asio::steady_timer sweep_;
  Clock::time_point next_keeping_ = Clock::now() + kBetweenKeeping;
  std::map<Key, SessionQueue> lines_;
  RunId last_run_ = 0;
  std::uint64_t last_state_ = 0;
  bool is_stopped_ = false;
};

Result<std::unique_ptr<SessionRuns>> SessionRuns::start(boost::asio::io_context& io,
                                                        broker::Broker& broker,
                                                        const runtime::Home& home,
                                                        const Options& options) {
  SKERRY_TRY(options.check());
  auto lines = std::make_shared<SessionQueues>(io, broker, home, options);
  lines->start();
  return std::unique_ptr<SessionRuns>(new SessionRuns(std::move(lines)));
}

// What cancelling a timer and joining a thread could throw does not happen to ones that are there.
SessionRuns::~SessionRuns() { lines_->stop(); }  // NOLINT(bugprone-exception-escape)

std::optional<SessionRuns::KeptState> SessionRuns::kept_state(
    const std::string& store, const store::SessionName& name) const {
  return lines_->kept_state(store, name);
}

SessionRuns::RunId SessionRuns::run(Order order, Done done) {
  return lines_->run(std::move(order), std::move(done));
}

void SessionRuns::cancel(RunId id) { lines_->cancel(id); }

int SessionRuns::kept() const { return lines_->kept(); }

}  // namespace skerry::session
