// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/store_lanes.h"

#include <utility>

namespace skerry::session {

StoreLanes::StoreLanes(Size size) : size_(size) {
  for (int i = 0; i < size_.threads; ++i) {
    Idle& place = places_.emplace_back();
    threads_.emplace_back([this, &place] { work(place); });
  }
}

void StoreLanes::post(const std::string& tenant, Weight weight, absl::AnyInvocable<void()> task) {
  Idle* called = nullptr;
  {
    const loop::MutexLock lock(mutex_);
    if (is_joined_) return;
    const auto lane = lanes_.try_emplace(tenant).first;
    lane->second.tasks.push_back({weight, std::move(task)});
    if (lane->second.tasks.size() > 1) return;
    queue(lane);
    called = call();
  }
  if (called != nullptr) called->called.notify_one();
}

void StoreLanes::queue(Lanes::iterator lane) {
  const bool is_large = lane->second.tasks.front().weight == Weight::kLarge;
  (is_large ? large_ : small_).push_back(lane);
}

StoreLanes::Idle* StoreLanes::call() {
  if (idle_.empty()) return nullptr;  // who is busy looks for more
  Idle* const thread = idle_.back();
  idle_.pop_back();
  thread->is_called = true;
  return thread;
}

void StoreLanes::work(Idle& self) {
  loop::MutexLock lock(mutex_);
  for (;;) {
    while (!has_work()) {
      if (is_ending_ && lanes_.empty()) return;
      idle_.push_back(&self);
      self.is_called = false;
      while (!self.is_called) lock.wait(self.called);
    }
    const bool is_large = small_.empty();
    auto& ready = is_large ? large_ : small_;
    const Lanes::iterator lane = ready.front();
    ready.pop_front();
    if (is_large) ++large_running_;
    Idle* const another = has_work() ? call() : nullptr;
    auto run = std::move(lane->second.tasks.front().run);
    lock.unlock();
    if (another != nullptr) another->called.notify_one();
    run();
    run = nullptr;  // what it holds may take time to end, too
    lock.lock();
    if (is_large) --large_running_;
    lane->second.tasks.pop_front();
    if (lane->second.tasks.empty()) {
      lanes_.erase(lane);
    } else {
      queue(lane);
    }
    if (is_ending_ && lanes_.empty()) call_all();
  }
}

void StoreLanes::call_all() {
  while (Idle* const thread = call()) thread->called.notify_one();
}

void StoreLanes::join() {
  {
    const loop::MutexLock lock(mutex_);
    is_ending_ = true;
    call_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  const loop::MutexLock lock(mutex_);
  is_joined_ = true;
}

}  // namespace skerry::session
