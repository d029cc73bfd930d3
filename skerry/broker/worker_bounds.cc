// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/worker_bounds.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/worker/run_memory.h"

namespace skerry::broker {
namespace {

// Until a worker is warm: no run's bytes are in it yet. The template's pages that the warm-up
// touches are the largest part.
constexpr ByteSize kWarmUpMemory = mib(512);
// That of nice 5, which workers have among themselves: the service and its clients are awaited, and
// run for some microseconds at a time. A group's processes are weighed by its weight alone.
constexpr std::uint32_t kWorkerWeight = 33;
// One, and one that is not reaped yet. A worker can start none: the filter of system calls ends it.
constexpr std::uint32_t kWorkerProcesses = 2;
// Where neither the group nor /proc says what a warm worker holds.
constexpr ByteSize kUnknownBase = mib(256);

constexpr jail::GroupLimits kWorkerLimits{
    .memory = kWarmUpMemory, .cpu_weight = kWorkerWeight, .processes = kWorkerProcesses};

/// Private writable addresses, as RLIMIT_DATA counts them: the sixth number of "size resident
/// shared code unused data unused", in pages. On the event loop, so without a stream.
std::uint64_t data_of(pid_t pid) {
  const auto file = open_file("/proc/" + std::to_string(pid) + "/statm", O_RDONLY);
  if (!file.ok()) return kUnknownBase.value;
  char text[128];
  const ssize_t size = ::read(file->get(), text, sizeof text);
  const char* at = text;
  const char* const end = text + std::max<ssize_t>(size, 0);
  std::uint64_t number = 0;
  for (int field = 0; field < 6; ++field) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end) return kUnknownBase.value;
    at = next + 1;
  }
  return number * static_cast<std::uint64_t>(kPageSize);
}

}  // namespace

void WorkerMemory::begin(ByteSize need, std::uint64_t from, std::uint64_t becomes) {
  becomes_ = becomes;
  if (becomes == 0) {
    fresh_ = std::max(fresh_, need.value);
  } else {
    kept_.erase(from);
    kept_[becomes] = need.value;
  }
  std::uint64_t sum = fresh_ + spare_;
  for (const auto& [state, held] : kept_) sum += held;
  most_ = std::max(most_, sum);
}

void WorkerMemory::end(bool is_kept) {
  if (!is_kept) kept_.erase(becomes_);
  becomes_ = 0;
}

void WorkerMemory::forget(const std::vector<std::uint64_t>& states) {
  for (const std::uint64_t state : states) {
    if (const auto kept = kept_.extract(state); !kept.empty()) spare_ = kept.mapped();
  }
}

WorkerBounds::WorkerBounds(jail::ControlGroup group) : group_(std::move(group)) {
  if (const auto events = group_->memory_events(); events.ok()) kills_before_ = events->kills;
}

void WorkerBounds::warmed(pid_t pid) {
  pid_ = pid;
  base_ = group_ ? group_->memory_held().value_or(kUnknownBase).value : data_of(pid);
  limit_ = 0;  // the first run's is all it needs
}

void WorkerBounds::found(pid_t pid) {
  pid_ = pid;
  base_ = kUnknownBase.value;
  limit_ = 0;
}

void WorkerBounds::allow(const WorkerMemory& memory) {
  if (base_ == 0) return;  // not yet known
  const std::uint64_t limit = base_ + worker::kWorkerRoom.value + memory.most().value;
  if (limit <= limit_) return;
  limit_ = limit;
  set(limit);
}

void WorkerBounds::set(std::uint64_t limit) {
  // Should this fail, what held before holds on: the run may have less than it was allowed.
  if (group_) {
    (void)group_->raise_memory(bytes(limit));
  } else if (!kHasShadowMemory) {
    rlimit limits{};
    if (::prlimit(pid_, RLIMIT_DATA, nullptr, &limits) != 0) return;
    // The hard limit stays, as raising it again for a later run would take privileges. The worker
    // cannot change either: its filter of system calls ends it.
    limits.rlim_cur = std::min<rlim_t>(limit, limits.rlim_max);
    (void)::prlimit(pid_, RLIMIT_DATA, &limits, nullptr);
  }
}

void WorkerBounds::yield_processor() {
  if (group_) (void)group_->yield_processor();
}

worker::KilledBy WorkerBounds::killed_by() const {
  if (!group_) return worker::KilledBy::kUnknown;
  const auto events = group_->memory_events();
  if (!events.ok()) return worker::KilledBy::kUnknown;
  return events->kills > kills_before_ ? worker::KilledBy::kMemory : worker::KilledBy::kOther;
}

Result<WorkerBounds> WorkerGroups::next() {
  if (!groups_) return WorkerBounds();
  if (free_.empty()) {
    const std::string name = std::string(jail::ControlGroups::kPrefix) + "worker-" +
                             std::to_string(::getpid()) + "-" + std::to_string(++made_);
    SKERRY_ASSIGN(auto made, groups_->create(name, kWorkerLimits));
    return WorkerBounds(std::move(made));
  }
  jail::ControlGroup group = std::move(free_.back());
  free_.pop_back();
  SKERRY_TRY(group.set_limits(kWorkerLimits));
  return WorkerBounds(std::move(group));
}

void WorkerGroups::give_back(WorkerBounds bounds) {
  if (auto group = bounds.release()) free_.push_back(*std::move(group));
}

}  // namespace skerry::broker
