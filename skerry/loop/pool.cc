// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/pool.h"

#include <algorithm>

namespace skerry::loop {

Pool::Pool(int threads) : most_of_one_(static_cast<std::size_t>(std::max(1, threads - 1))) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

Pool::~Pool() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& each : threads_) each.join();
}

void Pool::submit(const std::string& tenant, Task task) {
  {
    const MutexLock lock(mutex_);
    queues_[tenant].tasks.push_back(std::move(task));
  }
  changed_.notify_one();
}

/// The next tenant after the one that was served last that may have a thread.
std::map<std::string, Pool::Queue>::iterator Pool::next_queue() {
  const auto may_run = [this](const auto& each) {
    return !each.second.tasks.empty() && each.second.running < most_of_one_;
  };
  const auto middle = queues_.upper_bound(last_tenant_);
  const auto found = std::find_if(middle, queues_.end(), may_run);
  if (found != queues_.end()) return found;
  const auto wrapped = std::find_if(queues_.begin(), middle, may_run);
  return wrapped == middle ? queues_.end() : wrapped;
}

void Pool::serve() {
  MutexLock lock(mutex_);
  for (;;) {
    auto queue = next_queue();
    if (queue == queues_.end()) {
      if (is_ending_ && queues_.empty()) return;
      lock.wait(changed_);
      continue;
    }
    last_tenant_ = queue->first;
    Task task = std::move(queue->second.tasks.front());
    queue->second.tasks.pop_front();
    ++queue->second.running;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    --queue->second.running;
    if (queue->second.running == 0 && queue->second.tasks.empty()) queues_.erase(queue);
    // A tenant that had its share may go on, or all may be done.
    changed_.notify_all();
  }
}

}  // namespace skerry::loop
