// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/broker.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/broker/lease_policy.h"
#include "skerry/broker/worker_link.h"
#include "skerry/broker/worker_pool.h"
#include "skerry/loop/wait_for.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// Most runs are over long before. Until then they have a processor almost to themselves: more of
// them at once would be done no sooner, and whoever comes next would wait for all of them, not for
// one.
constexpr std::chrono::milliseconds kShortRun{5};

}  // namespace

/// The runs that wait and those under way: which begins next, and on which worker.
class Broker::Scheduler : public std::enable_shared_from_this<Scheduler> {
 public:
  Scheduler(boost::asio::io_context& io, Options options)
      : io_(io),
        options_(std::move(options)),
        workers_(std::make_shared<WorkerPool>(io, options_)),
        crowd_(io) {}

  Status start() {
    const auto tell = [weak = weak_from_this()](auto&& what) {
      const auto scheduler = weak.lock();
      if (scheduler) what(*scheduler);
    };
    WorkerPool::Events events;
    events.on_free = [tell](Worker& worker) {
      tell([&](Scheduler& self) { self.on_free(worker); });
    };
    events.on_gone = [tell](std::uint64_t id) { tell([&](Scheduler& self) { self.on_gone(id); }); };
    events.on_zygote = [tell] { tell([](Scheduler& self) { self.use_workers(); }); };
    return workers_->start(std::move(events));
  }

  void stop() {
    is_stopped_ = true;
    crowd_.cancel();
    workers_->stop();
    reserved_.clear();
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
    for (const auto& [worker_id, worker] : workers_->workers()) {
      if (worker.run != id) continue;
      if (auto next = reserved_.extract(worker_id)) {
        end_cancelled(std::move(next.mapped().done));
        worker.link->kill();
      } else {
        worker.link->cancel();
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
    if (states.empty()) return;
    if (Worker* found = workers_->find(worker)) found->link->forget(states);
  }

  std::vector<pid_t> processes() const { return workers_->processes(); }

  run::Counts counts() const {
    run::Counts counts = workers_->counts();
    counts.runs = runs_;
    counts.waits = waits_;
    counts.waiting = static_cast<int>(reserved_.size());
    for (const auto& [tenant, waiting] : waiting_) {
      counts.waiting += static_cast<int>(waiting.size());
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
  using Worker = WorkerPool::Worker;

  void end_cancelled(Done done) {
    boost::asio::post(io_, [done = std::move(done)] { done(worker::cancelled_outcome()); });
  }

  void refuse(Done done, Status why) {
    boost::asio::post(io_, [done = std::move(done), why = std::move(why)] { done(why); });
  }

  void on_free(Worker& worker) {
    if (auto next = reserved_.extract(worker.link->id())) {
      begin(worker, std::move(next.mapped()));
      return;
    }
    if ((worker.is_for_one_run && worker.run == 0) || worker.link->is_demoted() ||
        gives_way(*worker.link)) {
      worker.link->kill();
    } else {
      worker.idle_since = Clock::now();
    }
    use_workers();
  }

  void on_gone(std::uint64_t id) {
    if (auto next = reserved_.extract(id)) begin_elsewhere(std::move(next.mapped()));
    use_workers();
  }

  /// Runs before spares: a place that is free may be a module's.
  void use_workers() {
    schedule();
    workers_->keep_spares();
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
    workers.reserve(workers_->workers().size());
    for (const auto& [id, worker] : workers_->workers()) {
      workers.push_back({.id = id,
                         .state = worker.link->state(),
                         .tenant = worker.tenant,
                         .is_for_one_run = worker.is_for_one_run,
                         .has_just_begun = !worker.link->has_lasted(kShortRun),
                         .idle_since = worker.idle_since});
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
    return choice.worker || (choice.is_new && workers_->can_add());
  }

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
    if (const auto id = policy().to_retire(needs)) workers_->find(*id)->link->kill();
  }

  /// Looks again when the runs that have just begun have ended or last.
  void await_room() {
    if (is_awaiting_room_) return;
    is_awaiting_room_ = true;
    crowd_.expires_after(kShortRun);
    crowd_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!self || error || self->is_stopped_) return;
      self->is_awaiting_room_ = false;
      self->schedule();
    });
  }

  bool start_next(const std::string& tenant, const LeasePolicy& now, int owed) {
    const auto queue = waiting_.find(tenant);
    if (queue == waiting_.end()) return false;
    auto& waiting = queue->second;
    const Run& first = waiting.front().run;
    const auto choice = now.choose(need_of(first), owed);
    Worker* worker = nullptr;
    if (choice.worker) worker = workers_->find(*choice.worker);
    if (choice.is_new) worker = workers_->add_for(module_of(first));
    if (worker == nullptr) return false;
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    if (waiting.empty()) waiting_.erase(queue);
    if (!next.is_second_try) ++runs_;
    next.queued = Clock::now() - next.since;
    waits_.add(next.queued);
    const bool was_spare = !worker->tenant && !next.run.module;
    worker->tenant = tenant;
    worker->run = next.id;
    worker->is_for_one_run = next.run.module || next.run.isolation == run::Isolation::kProcess;
    if (next.run.module) {  // begins when its worker is ready
      reserved_.emplace(worker->link->id(), std::move(next));
    } else {
      begin(*worker, std::move(next));
    }
    if (was_spare) workers_->keep_spares();
    return true;
  }

  static WorkerPool::Module module_of(const Run& run) {
    return {
        .code = run.module->get(),
        .metering = run.request.limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone};
  }

  /// Gives a free worker the run that it has been chosen for.
  void begin(Worker& worker, Waiting next) {
    const auto link = worker.link;
    auto under_way = std::make_shared<Waiting>(std::move(next));
    WorkerLink::Message message = message_for(*under_way, link->id());
    if (!under_way->run.module) message.template_memory = options_.template_memory;
    message.started = [under_way] { under_way->order.reset(); };
    link->run(
        std::move(message), under_way->run.request.limits, *under_way->run.observer,
        [weak = weak_from_this(), from = link.get(), under_way](Result<sandbox::Outcome> outcome) {
          const auto self = weak.lock();
          if (!self || self->is_stopped_ || self->retry(*from, *under_way)) return;
          self->release(from->id(), under_way->run.session);
          if (outcome.ok()) outcome->usage.queue = under_way->queued;
          under_way->done(std::move(outcome));
        });
    workers_->watch_long_runs();
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
  bool retry(const WorkerLink& link, Waiting& waiting) {
    if (is_stopped_ || waiting.is_second_try || !link.has_died_before_run()) return false;
    if (Worker* worker = workers_->find(link.id())) worker->run = 0;
    waiting.is_second_try = true;
    waiting_[waiting.run.tenant].push_front(std::move(waiting));
    return true;
  }

  /// The worker's run has ended.
  void release(std::uint64_t id, const std::optional<InSession>& session) {
    Worker* worker = workers_->find(id);
    if (worker == nullptr) return;
    worker->run = 0;
    if (!session) return;
    auto left = worker->link->take_left();
    if (left.state.is_there()) session->left(std::move(left.state), left.is_kept);
  }

  boost::asio::io_context& io_;
  const Options options_;
  const std::shared_ptr<WorkerPool> workers_;
  boost::asio::steady_timer crowd_;
  bool is_awaiting_room_ = false;
  const int at_once_ = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  std::map<std::string, std::deque<Waiting>> waiting_;  // of each tenant, never empty
  std::map<std::uint64_t, Waiting> reserved_;           // by the workers that are made for them
  std::string last_served_;
  RunId last_run_ = 0;
  std::uint64_t runs_ = 0;  // that got a worker
  run::WaitTimes waits_;
  bool is_stopped_ = false;
};

Result<std::unique_ptr<Broker>> Broker::start(boost::asio::io_context& io, Options options) {
  SKERRY_TRY(options.check());
  auto scheduler = std::make_shared<Scheduler>(io, std::move(options));
  SKERRY_TRY(scheduler->start());
  return std::unique_ptr<Broker>(new Broker(std::move(scheduler)));
}

// What closing descriptors and timers could throw does not happen to open ones.
Broker::~Broker() { scheduler_->stop(); }  // NOLINT(bugprone-exception-escape)

Broker::RunId Broker::run(Run run, Done done) {
  return scheduler_->run(std::move(run), std::move(done));
}

boost::asio::awaitable<Result<sandbox::Outcome>> Broker::run(Run order) {
  auto waiting = loop::wait_for<Result<sandbox::Outcome>>([&](Done done) {
    return [scheduler = scheduler_, id = run(std::move(order), std::move(done))] {
      scheduler->cancel(id);
    };
  });
  co_return co_await std::move(waiting);
}

void Broker::cancel(RunId id) { scheduler_->cancel(id); }

void Broker::forget(std::uint64_t worker, const std::vector<std::uint64_t>& states) {
  scheduler_->forget(worker, states);
}

std::vector<pid_t> Broker::processes() const { return scheduler_->processes(); }

run::Counts Broker::counts() const { return scheduler_->counts(); }

}  // namespace skerry::broker
