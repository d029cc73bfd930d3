// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <sys/mman.h>
#include <time.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/child.h"

/// What a parser takes of memory and time. For tests only.
namespace skerry::testing {

/// A line of /proc/self/status, in bytes.
inline std::uint64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::uint64_t kilobytes = 0;
  while (status >> word) {
    if (word == name + ":" && status >> kilobytes) return kilobytes << 10;
  }
  std::abort();
}

/// How much more memory `work` has at its peak than before, in a process of its own. Not for
/// sanitizers, whose allocators keep what is freed.
inline ByteSize peak_memory_of(const std::function<void()>& work) {
  void* shared = ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  auto* peak = new (shared) std::atomic<std::uint64_t>(0);
  {
    auto child = Child::fork([&] {
      std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
      const std::uint64_t before = status_bytes("VmRSS");
      work();
      const std::uint64_t most = status_bytes("VmHWM");
      *peak = most > before ? most - before : 0;
      return 0;
    });
    if (!child.ok()) std::abort();
    const auto exit = child->wait();
    if (!exit.ok() || exit->code != 0 || exit->signal != 0) std::abort();
  }
  const ByteSize result{*peak};
  ::munmap(shared, sizeof *peak);
  return result;
}

inline double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// How many times as much processor time `work` takes for an input of `2 * size` as for one of
/// `size`: medians of several runs of each, in turns. `prepare` makes an input of a size.
template <typename Prepare, typename Work>
double doubling_ratio(std::size_t size, const Prepare& prepare, const Work& work) {
  constexpr int kRuns = 7;
  const auto small = prepare(size);
  const auto large = prepare(2 * size);
  std::vector<double> times[2];
  for (int i = 0; i < kRuns; ++i) {
    for (const bool is_large : {false, true}) {
      const double begun = cpu_seconds();
      work(is_large ? large : small);
      times[is_large ? 1 : 0].push_back(cpu_seconds() - begun);
    }
  }
  for (auto& each : times) std::nth_element(each.begin(), each.begin() + kRuns / 2, each.end());
  return times[1][kRuns / 2] / times[0][kRuns / 2];
}

/// Linear work takes twice as long for twice as much; a noisy machine adds something.
inline constexpr double kLinear = 3;

}  // namespace skerry::testing
