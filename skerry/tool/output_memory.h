// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>

#include "skerry/base/bytes.h"

namespace skerry::tool {

/// The memory that the output of all runs together may take until it has been sent. When it is
/// used up, runs wait in their next write until others' output is gone; the oldest alone goes on,
/// so that some run always can. Confined to one thread; must outlive its shares.
class OutputMemory {
 public:
  explicit OutputMemory(ByteSize most) : most_(most.value) {}
  OutputMemory(const OutputMemory&) = delete;
  OutputMemory& operator=(const OutputMemory&) = delete;

  /// What one run's output takes. What it took is free again when it is destroyed.
  class Share {
   public:
    explicit Share(OutputMemory& memory)
        : memory_(memory), place_(memory.shares_.insert(memory.shares_.end(), this)) {}
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void add(std::size_t bytes);
    /// Whether its run has to wait. `resume`, when it no longer has to, is called later.
    bool must_wait() const {
      return memory_.used_ > memory_.most_ && memory_.shares_.front() != this;
    }
    void set_resume(std::function<void()> resume) { resume_ = std::move(resume); }

   private:
    friend class OutputMemory;
    OutputMemory& memory_;
    std::list<Share*>::iterator place_;
    std::size_t used_ = 0;
    std::function<void()> resume_;
  };

  std::size_t used() const { return used_; }

 private:
  const std::size_t most_;
  std::size_t used_ = 0;
  std::list<Share*> shares_;  // the oldest first
};

}  // namespace skerry::tool
