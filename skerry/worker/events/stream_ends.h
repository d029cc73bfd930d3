// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <sys/mman.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/wasi/environment.h"

namespace skerry::worker {

/// Which of a run's output streams take nothing any more, in memory that a process shares with
/// those that it forks: the supervisor says it, the run's process hands it on to its guest.
/// Thread-safe.
class StreamEnds {
 public:
  enum class State : unsigned char {
    kOpen,
    kGone,    ///< its reader has gone
    kFailed,  ///< it cannot be written to
  };
  struct Unmap {
    void operator()(StreamEnds* ends) const { ::munmap(ends, sizeof *ends); }
  };

  static Result<std::unique_ptr<StreamEnds, Unmap>> create() {
    void* page = nullptr;
    SKERRY_TRY(syscall_result("mmap", "stream ends", [&] {
                 page = ::mmap(nullptr, sizeof(StreamEnds), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                 return page == MAP_FAILED ? -1 : 0;
               }).status());
    return std::unique_ptr<StreamEnds, Unmap>(new (page) StreamEnds);
  }

  State of(wasi::Stream stream) const { return states_[index(stream)].load(); }
  void set(wasi::Stream stream, State state) { states_[index(stream)].store(state); }

 private:
  StreamEnds() = default;
  static std::size_t index(wasi::Stream stream) { return stream == wasi::Stream::kStderr ? 1 : 0; }
  std::atomic<State> states_[2] = {State::kOpen, State::kOpen};
};

}  // namespace skerry::worker
