// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/broker.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/os/socket.h"
#include "skerry/base/range.h"
#include "skerry/broker/lease_policy.h"
#include "skerry/broker/worker_link.h"
#include "skerry/broker/zygote_link.h"
#include "skerry/loop/wait_for.h"
#include "skerry/worker/module_worker.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kZygoteStart{30};
// A zygote that keeps dying is started ever more slowly.
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kMaxPause{5'000};
// A run that has lasted so long is no longer one that somebody waits for from key to key.
constexpr std::chrono::milliseconds kLongRun{100};
// Most runs are over long before. Until then they have a processor almost to themselves: more of
// them at once would be done no sooner, and whoever comes next would wait for all of them, not for
// one.
constexpr std::chrono::milliseconds kShortRun{5};
// One that has forked so many is replaced: its address layout, which all its workers share, must
// not serve for ever.
constexpr int kForksOfOneZygote = 4096;

}  // namespace

Status Options::check() const {
  SKERRY_TRY(in_bounds("the number of workers", workers, 1, 1024));
  SKERRY_TRY(in_bounds("the number of spare workers", spares, 1, workers));
  SKERRY_TRY(in_bounds("a tenant's share of workers", share, 0, workers));
  SKERRY_TRY(in_bounds("the length of a tenant's queue", queue, 0, 100'000));
  return in_bounds("the milliseconds that a worker may idle", idle.count(), 1, 86'400'000);
}

class Broker::Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(boost::asio::io_context& io, Options options)
      : io_(io),
        options_(std::move(options)),
        groups_(options_.groups),
        zygote_pause_(io),
        sweep_(io),
        demotion_(io),
        crowd_(io) {}

  Status start() {
    SKERRY_ASSIGN(auto zygote, new_zygote());
    SKERRY_TRY(zygote->wait_until_ready(kZygoteStart));
    adopt(std::move(zygote));
    keep_spares();
    sweep();
    return ok_status();
  }

  void stop() {
    is_stopped_ = true;
    zygote_pause_.cancel();
    sweep_.cancel();
    demotion_.cancel();
    crowd_.cancel();
    if (zygote_) zygote_->stop();
    for (auto& [id, member] : members_) {
      if (member.zygote != zygote_) member.zygote->stop();
      member.link->kill();
    }
    members_.clear();
  }

  RunId run(Run run, Done done) {
    const RunId id = ++last_run_;
    const std::string tenant = run.tenant;
    run.request.has_live_input = run.input != nullptr;
    auto message = worker::encode(std::move(run.request));
    const auto queue = waiting_.find(tenant);
    const std::size_t ahead = queue == waiting_.end() ? 0 : queue->second.size();
    if (!message.ok()) {
      refuse(std::move(done), message.status());
    } else if (ahead >= static_cast<std::size_t>(options_.queue) && !can_start(run)) {
      refuse(std::move(done),
             absl::ResourceExhaustedError("busy: " + std::to_string(ahead) +
                                          " runs wait already; try again in a second"));
    } else {
      waiting_[tenant].push_back(
          {.id = id,
           .run = std::move(run),
           .order = std::make_shared<const worker::EncodedRun>(*std::move(message)),
           .done = std::move(done)});
      schedule();
    }
    return id;
  }

  void cancel(RunId id) {
    for (auto& [worker_id, member] : members_) {
      if (member.run != id) continue;
      if (member.next) {
        end_cancelled(std::move(member.next->done));
        member.next.reset();
        member.link->kill();
      } else {
        member.link->cancel();
      }
      return;
    }
    for (auto queue = waiting_.begin(); queue != waiting_.end(); ++queue) {
      auto& waiting = queue->second;
      const auto found = std::find_if(waiting.begin(), waiting.end(),
                                      [&](const Waiting& each) { return each.id == id; });
      if (found == waiting.end()) continue;
      Done done = std::move(found->done);
      waiting.erase(found);
      if (waiting.empty()) waiting_.erase(queue);
      end_cancelled(std::move(done));
      return;
    }
  }

  void forget(std::uint64_t worker, const std::vector<std::uint64_t>& states) {
    const auto found = members_.find(worker);
    if (found == members_.end() || states.empty()) return;
    found->second.link->forget(states);
  }

  std::vector<pid_t> processes() const {
    std::vector<pid_t> processes;
    if (zygote_) processes.push_back(zygote_->pid());
    for (const auto& [id, member] : members_) {
      if (member.link->pid() != 0) processes.push_back(member.link->pid());
    }
    return processes;
  }

  run::Counts counts() const {
    run::Counts counts = counts_;
    for (const auto& [tenant, waiting] : waiting_) {
      counts.waiting += static_cast<int>(waiting.size());
    }
    for (const auto& [id, member] : members_) {
      if (member.next) ++counts.waiting;
      switch (member.link->state()) {
        case WorkerLink::State::kStarting:
          ++counts.starting;
          break;
        case WorkerLink::State::kFree:
          ++(member.tenant ? counts.idle : counts.spare);
          break;
        case WorkerLink::State::kRunning:
          ++counts.running;
          break;
        default:
          break;
      }
    }
    return counts;
  }

 private:
  struct Waiting {
    RunId id = 0;
    Run run;  // without what is in the order
    std::shared_ptr<const worker::EncodedRun> order;
    Done done;
    bool is_second_try = false;
    Clock::time_point since = Clock::now();
    std::chrono::nanoseconds queued{0};  // until it got a worker
  };
  /// A worker, and whose it is.
  struct Member {
    std::shared_ptr<WorkerLink> link;
    std::shared_ptr<ZygoteLink> zygote;
    std::optional<std::string> tenant;  ///< none: a spare
    RunId run = 0;
    bool is_for_one_run = false;
    Clock::time_point idle_since;
    std::shared_ptr<Waiting> next = nullptr;  ///< the run of a module that it was made for
  };
  using State = WorkerLink::State;

  void end_cancelled(Done done) {
    boost::asio::post(io_, [done = std::move(done)] { done(worker::cancelled_outcome()); });
  }

  void refuse(Done done, Status why) {
    boost::asio::post(io_, [done = std::move(done), why = std::move(why)] { done(why); });
  }

  Result<std::shared_ptr<ZygoteLink>> new_zygote() {
    return ZygoteLink::start(io_, options_.zygote, options_.home, options_.require_walls);
  }

  void adopt(std::shared_ptr<ZygoteLink> zygote) {
    zygote_ = std::move(zygote);
    ++counts_.zygotes;
    zygote_->listen([weak = weak_from_this(), from = std::weak_ptr(zygote_)](auto event) {
      const auto pool = weak.lock();
      const auto sender = from.lock();
      if (pool && sender && !pool->is_stopped_) pool->hear(sender, std::move(event));
    });
  }

  void hear(const std::shared_ptr<ZygoteLink>& zygote, Result<worker::ReceivedEvent> received) {
    if (!received.ok()) {
      lose(zygote);
      return;
    }
    using Kind = worker::ZygoteEvent::Kind;
    const worker::ZygoteEvent& event = received->event;
    if (event.kind == Kind::kReady) {
      pause_ = kFirstPause;
      return;
    }
    const auto found = members_.find(event.id);
    if (found == members_.end()) return;
    const auto link = found->second.link;
    if (event.kind == Kind::kForked) {
      link->forked(event.pid, std::move(received->pidfd));
    } else {
      link->exited(event.kind == Kind::kExited ? std::optional(event.exit()) : std::nullopt);
    }
  }

  /// The zygote has gone, and with it its workers.
  void lose(const std::shared_ptr<ZygoteLink>& zygote) {
    zygote->stop();
    std::vector<std::shared_ptr<WorkerLink>> orphans;
    for (const auto& [id, member] : members_) {
      if (member.zygote == zygote) orphans.push_back(member.link);
    }
    if (zygote == zygote_) zygote_.reset();
    for (const auto& link : orphans) link->exited(std::nullopt);
    if (!zygote_) start_zygote();
  }

  void start_zygote() {
    zygote_pause_.expires_after(pause_);
    pause_ = std::min(pause_ * 2, kMaxPause);
    zygote_pause_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto pool = weak.lock();
      if (!pool || error || pool->is_stopped_ || pool->zygote_) return;
      auto zygote = pool->new_zygote();
      if (!zygote.ok()) {
        pool->start_zygote();
        return;
      }
      pool->adopt(*std::move(zygote));
      pool->schedule();
      pool->keep_spares();
    });
  }

  /// Asks for workers until enough are spare or on their way.
  void keep_spares() {
    if (!zygote_ || is_stopped_) return;
    if (zygote_->forks() >= kForksOfOneZygote) renew_zygote();
    int coming = 0;
    for (const auto& [id, member] : members_) {
      const State state = member.link->state();
      if (!member.tenant && (state == State::kStarting || state == State::kFree)) ++coming;
    }
    while (zygote_ && coming < options_.spares && !is_full()) {
      if (add_worker(worker::WorkerKind::kRuntime) == nullptr) return;
      ++coming;
    }
  }

  /// Null when that is not possible now. `module` is for a worker of that kind.
  Member* add_worker(worker::WorkerKind kind, const Run* module = nullptr) {
    auto ends = socket_pair(SOCK_STREAM);
    // The worker's side blocks: only ours has an event loop.
    if (!ends.ok() || !set_nonblocking(ends->first.get()).ok()) return nullptr;
    if (module != nullptr) {
      const auto metering = module->request.limits.fuel ? engine::Metering::kFuel  //
                                                        : engine::Metering::kNone;
      if (!worker::send_module(ends->first.get(), module->module->get(), metering).ok()) {
        return nullptr;
      }
    }
    auto bounds = groups_.next();
    if (!bounds.ok()) return nullptr;
    const std::uint64_t id = ++last_worker_;
    const int group = bounds->group();
    if (!zygote_->request_worker(kind, id, std::move(ends->second), group).ok()) {
      groups_.give_back(*std::move(bounds));
      return nullptr;
    }
    auto link = std::make_shared<WorkerLink>(io_, id, std::move(ends->first), *std::move(bounds),
                                             [weak = weak_from_this()](WorkerLink& changed) {
                                               if (const auto pool = weak.lock();
                                                   pool && !pool->is_stopped_)
                                                 pool->changed(changed);
                                             });
    Member& member = members_[id];
    member = {.link = link, .zygote = zygote_, .tenant = {}, .idle_since = Clock::now()};
    link->start();
    return &member;
  }

  /// The old one goes with the last of its workers.
  void renew_zygote() {
    auto fresh = new_zygote();
    if (fresh.ok()) adopt(*std::move(fresh));
  }

  void changed(WorkerLink& link) {
    const auto found = members_.find(link.id());
    if (found == members_.end()) return;
    Member& member = found->second;
    if (link.state() == State::kGone) {
      if (link.was_killed()) ++counts_.killed;
      if (link.has_died()) ++counts_.died;
      const auto zygote = member.zygote;
      const auto next = std::move(member.next);
      groups_.give_back(link.release_bounds());
      members_.erase(found);
      if (next) begin_elsewhere(std::move(*next));
      const bool is_last = std::none_of(members_.begin(), members_.end(), [&](const auto& each) {
        return each.second.zygote == zygote;
      });
      if (zygote != zygote_ && is_last) zygote->stop();
    } else if (member.next) {
      begin(member, *std::exchange(member.next, nullptr));
      return;
    } else if ((member.is_for_one_run && member.run == 0) || link.is_demoted() || gives_way(link)) {
      link.kill();
    } else {
      member.idle_since = Clock::now();
    }
    // Runs before spares: a place that is free may be a module's.
    schedule();
    keep_spares();
  }

  /// The worker that was made for the run has gone before the run began: once, another is made.
  void begin_elsewhere(Waiting run) {
    if (run.is_second_try) {
      refuse(std::move(run.done),
             absl::UnavailableError("no process could be made for the run; run it again"));
      return;
    }
    run.is_second_try = true;
    waiting_[run.run.tenant].push_front(std::move(run));
  }

  /// The workers as they are now.
  LeasePolicy policy() const {
    std::vector<LeasePolicy::Worker> workers;
    workers.reserve(members_.size());
    for (const auto& [id, member] : members_) {
      workers.push_back({.id = id,
                         .state = member.link->state(),
                         .tenant = member.tenant,
                         .is_for_one_run = member.is_for_one_run,
                         .has_just_begun = !member.link->has_lasted(kShortRun),
                         .idle_since = member.idle_since});
    }
    return {{.workers = options_.workers, .share = options_.share, .at_once = at_once_},
            std::move(workers)};
  }

  static LeasePolicy::Need need_of(const Run& run) {
    using Kind = LeasePolicy::Need::Kind;
    LeasePolicy::Need need{.tenant = run.tenant};
    if (run.session) need.state_in = run.session->worker;
    if (run.isolation == run::Isolation::kProcess) need.kind = Kind::kProcess;
    if (run.module) need.kind = Kind::kModule;
    return need;
  }

  bool can_start(const Run& run) const {
    const auto choice = policy().choose(need_of(run), 0);
    return choice.worker || (choice.is_new && zygote_);
  }

  bool is_full() const { return static_cast<int>(members_.size()) >= options_.workers; }

  /// Starts what can be started, one run of each tenant in turn.
  void schedule() {
    bool moved = true;
    while (moved && !waiting_.empty()) {
      moved = false;
      // From behind the tenant that was served last, around.
      std::vector<std::string> turn;
      const auto begin = waiting_.upper_bound(last_served_);
      for (auto at = begin; at != waiting_.end(); ++at) turn.push_back(at->first);
      for (auto at = waiting_.begin(); at != begin; ++at) turn.push_back(at->first);
      int owed = 0;  // places that those before in turn wait for
      LeasePolicy now = policy();
      for (const std::string& tenant : turn) {
        if (start_next(tenant, now, owed)) {
          last_served_ = tenant;
          moved = true;
          now = policy();
        } else if (now.may_lease(tenant)) {
          ++owed;
        }
      }
    }
    if (waiting_.empty()) return;
    if (policy().is_crowded()) {
      await_room();
    } else {
      make_room();
    }
  }

  bool gives_way(const WorkerLink& link) const {
    std::vector<std::string_view> tenants;
    tenants.reserve(waiting_.size());
    for (const auto& [tenant, waiting] : waiting_) tenants.push_back(tenant);
    return !tenants.empty() && policy().gives_way(link.id(), tenants);
  }

  /// Somebody waits, and may have more than there is room for.
  void make_room() {
    std::vector<LeasePolicy::Need> needs;
    needs.reserve(waiting_.size());
    for (const auto& [tenant, waiting] : waiting_) needs.push_back(need_of(waiting.front().run));
    if (const auto id = policy().to_retire(needs)) members_.at(*id).link->kill();
  }

  /// Looks again when the runs that have just begun have ended or last.
  void await_room() {
    if (is_awaiting_room_) return;
    is_awaiting_room_ = true;
    crowd_.expires_after(kShortRun);
    crowd_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto pool = weak.lock();
      if (!pool || error || pool->is_stopped_) return;
      pool->is_awaiting_room_ = false;
      pool->schedule();
    });
  }

  bool start_next(const std::string& tenant, const LeasePolicy& now, int owed) {
    const auto queue = waiting_.find(tenant);
    if (queue == waiting_.end()) return false;
    auto& waiting = queue->second;
    const Run& first = waiting.front().run;
    const auto choice = now.choose(need_of(first), owed);
    Member* member = nullptr;
    if (choice.worker) member = &members_.at(*choice.worker);
    if (choice.is_new && zygote_) member = add_worker(worker::WorkerKind::kModule, &first);
    if (member == nullptr) return false;
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    if (waiting.empty()) waiting_.erase(queue);
    if (!next.is_second_try) ++counts_.runs;
    next.queued = Clock::now() - next.since;
    counts_.waits.add(next.queued);
    const bool was_spare = !member->tenant && !next.run.module;
    member->tenant = tenant;
    member->run = next.id;
    member->is_for_one_run = next.run.module || next.run.isolation == run::Isolation::kProcess;
    if (next.run.module) {  // begins when its worker is ready
      member->next = std::make_shared<Waiting>(std::move(next));
    } else {
      begin(*member, std::move(next));
    }
    if (was_spare) keep_spares();
    return true;
  }

  /// Gives a free worker the run that it has been chosen for.
  void begin(Member& member, Waiting next) {
    const auto link = member.link;
    auto under_way = std::make_shared<Waiting>(std::move(next));
    WorkerLink::Message message = message_for(*under_way, link->id());
    if (!under_way->run.module) message.template_memory = options_.template_memory;
    message.started = [under_way] { under_way->order.reset(); };
    link->run(
        std::move(message), under_way->run.request.limits, *under_way->run.observer,
        [weak = weak_from_this(), from = link.get(), under_way](Result<sandbox::Outcome> outcome) {
          const auto pool = weak.lock();
          if (!pool || pool->is_stopped_ || pool->begins_again(*from, *under_way)) return;
          pool->let_go(from->id(), under_way->run.session);
          if (outcome.ok()) outcome->usage.queue = under_way->queued;
          under_way->done(std::move(outcome));
        });
    watch_long_runs();
  }

  static WorkerLink::Message message_for(const Waiting& waiting, std::uint64_t worker) {
    WorkerLink::Message message{.order = waiting.order,
                                .fds = {},
                                .owner = {},
                                .changes = waiting.run.request.changes,
                                .input = waiting.run.input};
    if (waiting.run.session) {
      auto start = waiting.run.session->start(worker);
      // A message's parts may be put one behind the other.
      message.session = worker::encode(start.start);
      if (start.second) message.session += worker::encode_second(*start.second);
      message.fds = std::move(start.files);
      message.owner = std::move(start.owner);
      message.is_in_session = true;
      message.from = start.start.from;
      message.becomes = start.start.becomes;
    }
    return message;
  }

  /// A worker may die while it is idle, and be seen dead only when it has got a run. The run did
  /// not begin, so it is put in front of the queue, once.
  bool begins_again(const WorkerLink& link, Waiting& waiting) {
    if (is_stopped_ || waiting.is_second_try || !link.has_died_before_run()) return false;
    if (const auto found = members_.find(link.id()); found != members_.end()) found->second.run = 0;
    waiting.is_second_try = true;
    waiting_[waiting.run.tenant].push_front(std::move(waiting));
    return true;
  }

  void let_go(std::uint64_t id, const std::optional<InSession>& session) {
    const auto found = members_.find(id);
    if (found == members_.end()) return;
    found->second.run = 0;
    if (!session) return;
    auto left = found->second.link->take_left();
    if (left.state.is_there()) session->left(std::move(left.state), left.is_kept);
  }

  /// Makes runs that last give way to short ones, as long as there are runs.
  void watch_long_runs() {
    if (is_watching_) return;
    is_watching_ = true;
    demotion_.expires_after(kLongRun);
    demotion_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto pool = weak.lock();
      if (!pool || error || pool->is_stopped_) return;
      pool->is_watching_ = false;
      bool has_runs = false;
      for (auto& [id, member] : pool->members_) {
        member.link->demote_after(kLongRun);
        has_runs = has_runs || member.link->state() == State::kRunning;
      }
      if (has_runs) pool->watch_long_runs();
    });
  }

  /// Lets workers go that their tenants have left idle.
  void sweep() {
    sweep_.expires_after(std::clamp(options_.idle / 4, std::chrono::milliseconds(10),
                                    std::chrono::milliseconds(10'000)));
    sweep_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto pool = weak.lock();
      if (!pool || error || pool->is_stopped_) return;
      const auto oldest = Clock::now() - pool->options_.idle;
      for (auto& [id, member] : pool->members_) {
        if (member.tenant && member.link->state() == State::kFree && member.idle_since < oldest) {
          member.link->kill();
        }
      }
      pool->keep_spares();  // one that could not be made is tried again
      pool->sweep();
    });
  }

  boost::asio::io_context& io_;
  Options options_;
  WorkerGroups groups_;                 // before the workers that are in them
  std::shared_ptr<ZygoteLink> zygote_;  // none while it is being replaced
  boost::asio::steady_timer zygote_pause_;
  boost::asio::steady_timer sweep_;
  boost::asio::steady_timer demotion_;
  bool is_watching_ = false;
  boost::asio::steady_timer crowd_;
  bool is_awaiting_room_ = false;
  const int at_once_ = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  std::chrono::milliseconds pause_ = kFirstPause;
  std::map<std::uint64_t, Member> members_;
  std::map<std::string, std::deque<Waiting>> waiting_;  // of each tenant, never empty
  std::string last_served_;
  RunId last_run_ = 0;
  std::uint64_t last_worker_ = 0;
  run::Counts counts_;
  bool is_stopped_ = false;
};

Result<std::unique_ptr<Broker>> Broker::start(boost::asio::io_context& io, Options options) {
  SKERRY_TRY(options.check());
  auto pool = std::make_shared<Pool>(io, std::move(options));
  SKERRY_TRY(pool->start());
  return std::unique_ptr<Broker>(new Broker(std::move(pool)));
}

// What closing descriptors and timers could throw does not happen to open ones.
Broker::~Broker() { pool_->stop(); }  // NOLINT(bugprone-exception-escape)

Broker::RunId Broker::run(Run run, Done done) {
  return pool_->run(std::move(run), std::move(done));
}

boost::asio::awaitable<Result<sandbox::Outcome>> Broker::run(Run order) {
  auto waiting = loop::wait_for<Result<sandbox::Outcome>>([&](Done done) {
    return [pool = pool_, id = run(std::move(order), std::move(done))] { pool->cancel(id); };
  });
  co_return co_await std::move(waiting);
}

void Broker::cancel(RunId id) { pool_->cancel(id); }

void Broker::forget(std::uint64_t worker, const std::vector<std::uint64_t>& states) {
  pool_->forget(worker, states);
}

std::vector<pid_t> Broker::processes() const { return pool_->processes(); }

run::Counts Broker::counts() const { return pool_->counts(); }

}  // namespace skerry::broker
