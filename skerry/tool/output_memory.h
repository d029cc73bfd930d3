// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "skerry/base/bytes.h"

namespace skerry::tool {

/// The memory that the output of all runs together may take until it has been sent. When it is
/// used up, runs wait in their next write until others' output is gone; the oldest alone goes on,
/// so that some run always can. Shared with its shares, which may outlive whoever made it. Confined
/// to one thread.
class OutputMemory {
 public:
  explicit OutputMemory(ByteSize most) : most_(most.value) {}
  OutputMemory(const OutputMemory&) = delete;
  OutputMemory& operator=(const OutputMemory&) = delete;

  /// What one run's output takes. What it took is free again when it is destroyed.
  class Share {
   public:
    explicit Share(std::shared_ptr<OutputMemory> memory)
        : memory_(std::move(memory)),
          place_(memory_->shares_.insert(memory_->shares_.end(), this)) {}
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void add(std::size_t bytes);
    /// Whether its run has to wait. `resume`, when it no longer has to, is called later.
    bool must_wait() const {
      return memory_->used_ > memory_->most_ && memory_->shares_.front() != this;
    }
    void set_resume(std::function<void()> resume) { resume_ = std::move(resume); }

   private:
    friend class OutputMemory;
    std::shared_ptr<OutputMemory> memory_;
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
