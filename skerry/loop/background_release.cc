// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/background_release.h"

#include <unistd.h>
#include <utility>

namespace skerry::loop {

BackgroundRelease::BackgroundRelease(Bounds bounds) : bounds_(bounds), process_(::getpid()) {
  {
    // Never more: nothing is allocated, and so nothing freed, while the mutex is held.
    const MutexLock lock(mutex_);
    waiting_.reserve(bounds.items);
  }
  taken_.reserve(bounds.items);
  thread_ = std::thread([this] { work(); });
  set_release_queue(this);
}

BackgroundRelease::~BackgroundRelease() {
  set_release_queue(nullptr);
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool BackgroundRelease::take(const LargeThing& thing) noexcept {
  if (::getpid() != process_) return false;  // a child has the queue, and no thread
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= bounds_.items || bytes_ >= bounds_.bytes) return false;
    waiting_.push_back(thing);
    bytes_ += thing.size;
  }
  changed_.notify_one();
  return true;
}

void BackgroundRelease::work() {
  MutexLock lock(mutex_);
  for (;;) {
    while (waiting_.empty() && !is_ending_) lock.wait(changed_);
    if (waiting_.empty()) return;
    std::swap(waiting_, taken_);
    lock.unlock();
    std::size_t given_back = 0;
    for (const LargeThing& thing : taken_) {
      give_back(thing);
      given_back += thing.size;
    }
    taken_.clear();
    lock.lock();
    bytes_ -= given_back;
  }
}

}  // namespace skerry::loop
