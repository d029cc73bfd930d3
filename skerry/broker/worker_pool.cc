// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/worker_pool.h"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

#include "skerry/base/os/socket.h"
#include "skerry/worker/module_worker.h"

namespace skerry::broker {
namespace {

constexpr std::chrono::seconds kZygoteStart{30};
// A zygote that keeps dying is started ever more slowly.
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kMaxPause{5'000};
// A run that has lasted so long is no longer one that somebody waits for from key to key.
constexpr std::chrono::milliseconds kLongRun{100};
// A zygote that has forked so many is replaced: its address layout, which all its workers share,
// must not serve for ever.
constexpr int kForksOfOneZygote = 4096;

}  // namespace

WorkerPool::WorkerPool(boost::asio::io_context& io, Options options)
    : io_(io),
      options_(std::move(options)),
      groups_(options_.groups),
      zygote_pause_(io),
      sweep_(io),
      demotion_(io),
      pause_(kFirstPause) {}

Status WorkerPool::start(Events events) {
  events_ = std::move(events);
  SKERRY_ASSIGN(auto zygote, new_zygote());
  SKERRY_TRY(zygote->wait_until_ready(kZygoteStart));
  set_zygote(std::move(zygote));
  keep_spares();
  sweep();
  return ok_status();
}

void WorkerPool::stop() {
  is_stopped_ = true;
  zygote_pause_.cancel();
  sweep_.cancel();
  demotion_.cancel();
  if (zygote_) zygote_->stop();
  for (auto& [id, each] : workers_) {
    if (each.zygote != zygote_) each.zygote->stop();
    each.link->kill();
  }
  workers_.clear();
}

WorkerPool::Worker* WorkerPool::find(std::uint64_t id) {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second;
}

std::vector<pid_t> WorkerPool::processes() const {
  std::vector<pid_t> processes;
  if (zygote_) processes.push_back(zygote_->pid());
  for (const auto& [id, each] : workers_) {
    if (each.link->pid() != 0) processes.push_back(each.link->pid());
  }
  return processes;
}

run::Counts WorkerPool::counts() const {
  run::Counts counts = counts_;
  for (const auto& [id, each] : workers_) {
    switch (each.link->state()) {
      case State::kStarting:
        ++counts.starting;
        break;
      case State::kFree:
        ++(each.tenant ? counts.idle : counts.spare);
        break;
      case State::kRunning:
        ++counts.running;
        break;
      default:
        break;
    }
  }
  return counts;
}

Result<std::shared_ptr<ZygoteLink>> WorkerPool::new_zygote() {
  return ZygoteLink::start(io_, options_.zygote, options_.home, options_.require_walls);
}

void WorkerPool::set_zygote(std::shared_ptr<ZygoteLink> zygote) {
  zygote_ = std::move(zygote);
  ++counts_.zygotes;
  zygote_->listen([weak = weak_from_this(), from = std::weak_ptr(zygote_)](auto event) {
    const auto pool = weak.lock();
    const auto sender = from.lock();
    if (pool && sender && !pool->is_stopped_) pool->on_event(sender, std::move(event));
  });
}

void WorkerPool::on_event(const std::shared_ptr<ZygoteLink>& zygote,
                          Result<worker::ReceivedEvent> received) {
  if (!received.ok()) {
    on_zygote_lost(zygote);
    return;
  }
  using Kind = worker::ZygoteEvent::Kind;
  const worker::ZygoteEvent& event = received->event;
  if (event.kind == Kind::kReady) {
    pause_ = kFirstPause;
    return;
  }
  const auto found = workers_.find(event.id);
  if (found == workers_.end()) return;
  const auto link = found->second.link;
  if (event.kind == Kind::kForked) {
    link->forked(event.pid, std::move(received->pidfd));
  } else {
    link->exited(event.kind == Kind::kExited ? std::optional(event.exit()) : std::nullopt);
  }
}

/// The zygote has gone, and with it its workers.
void WorkerPool::on_zygote_lost(const std::shared_ptr<ZygoteLink>& zygote) {
  zygote->stop();
  std::vector<std::shared_ptr<WorkerLink>> orphans;
  for (const auto& [id, each] : workers_) {
    if (each.zygote == zygote) orphans.push_back(each.link);
  }
  if (zygote == zygote_) zygote_.reset();
  for (const auto& link : orphans) link->exited(std::nullopt);
  if (!zygote_) restart_zygote();
}

void WorkerPool::restart_zygote() {
  zygote_pause_.expires_after(pause_);
  pause_ = std::min(pause_ * 2, kMaxPause);
  zygote_pause_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto pool = weak.lock();
    if (!pool || error || pool->is_stopped_ || pool->zygote_) return;
    auto zygote = pool->new_zygote();
    if (!zygote.ok()) {
      pool->restart_zygote();
      return;
    }
    pool->set_zygote(*std::move(zygote));
    pool->events_.on_zygote();
  });
}

void WorkerPool::keep_spares() {
  if (!zygote_ || is_stopped_) return;
  if (zygote_->forks() >= kForksOfOneZygote) renew_zygote();
  int coming = 0;
  for (const auto& [id, each] : workers_) {
    const State state = each.link->state();
    if (!each.tenant && (state == State::kStarting || state == State::kFree)) ++coming;
  }
  while (zygote_ && coming < options_.spares && !is_full()) {
    if (add(nullptr) == nullptr) return;
    ++coming;
  }
}

/// A spare, or the module's. Null when none can be made now.
WorkerPool::Worker* WorkerPool::add(const Module* module) {
  if (!zygote_) return nullptr;
  auto ends = socket_pair(SOCK_STREAM);
  // The worker's side blocks: only ours has an event loop.
  if (!ends.ok() || !set_nonblocking(ends->first.get()).ok()) return nullptr;
  if (module != nullptr) {
    const Status sent = worker::send_module(ends->first.get(), module->code, module->metering);
    if (!sent.ok()) return nullptr;
  }
  auto bounds = groups_.next();
  if (!bounds.ok()) return nullptr;
  const auto kind = module == nullptr ? worker::WorkerKind::kRuntime : worker::WorkerKind::kModule;
  const std::uint64_t id = ++last_worker_;
  const int group = bounds->group();
  if (!zygote_->request_worker(kind, id, std::move(ends->second), group).ok()) {
    groups_.give_back(*std::move(bounds));
    return nullptr;
  }
  auto link =
      std::make_shared<WorkerLink>(io_, id, std::move(ends->first), *std::move(bounds),
                                   [weak = weak_from_this()](WorkerLink& changed) {
                                     if (const auto pool = weak.lock(); pool && !pool->is_stopped_)
                                       pool->changed(changed);
                                   });
  Worker& added = workers_[id];
  added.link = link;
  added.zygote = zygote_;
  link->start();
  return &added;
}

/// The old one goes with the last of its workers.
void WorkerPool::renew_zygote() {
  auto fresh = new_zygote();
  if (fresh.ok()) set_zygote(*std::move(fresh));
}

void WorkerPool::changed(WorkerLink& link) {
  const auto found = workers_.find(link.id());
  if (found == workers_.end()) return;
  if (link.state() == State::kFree) {
    events_.on_free(found->second);
    return;
  }
  if (link.was_killed()) ++counts_.killed;
  if (link.has_died()) ++counts_.died;
  const auto zygote = found->second.zygote;
  groups_.give_back(link.release_bounds());
  workers_.erase(found);
  const bool is_last = std::none_of(workers_.begin(), workers_.end(),
                                    [&](const auto& each) { return each.second.zygote == zygote; });
  if (zygote != zygote_ && is_last) zygote->stop();
  events_.on_gone(link.id());
}

void WorkerPool::watch_long_runs() {
  if (is_watching_) return;
  is_watching_ = true;
  demotion_.expires_after(kLongRun);
  demotion_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto pool = weak.lock();
    if (!pool || error || pool->is_stopped_) return;
    pool->is_watching_ = false;
    bool has_runs = false;
    for (auto& [id, each] : pool->workers_) {
      each.link->demote_after(kLongRun);
      has_runs = has_runs || each.link->state() == State::kRunning;
    }
    if (has_runs) pool->watch_long_runs();
  });
}

/// Lets workers go that their tenants have left idle.
void WorkerPool::sweep() {
  sweep_.expires_after(std::clamp(options_.idle / 4, std::chrono::milliseconds(10),
                                  std::chrono::milliseconds(10'000)));
  sweep_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto pool = weak.lock();
    if (!pool || error || pool->is_stopped_) return;
    const auto oldest = Clock::now() - pool->options_.idle;
    for (auto& [id, each] : pool->workers_) {
      if (each.tenant && each.link->state() == State::kFree && each.idle_since < oldest) {
        each.link->kill();
      }
    }
    pool->keep_spares();  // one that could not be made is tried again
    pool->sweep();
  });
}

}  // namespace skerry::broker
