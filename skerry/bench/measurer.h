// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/bench/samples.h"

namespace skerry::bench {

/// A process that measures something, as a worker would be one, and hands its numbers back.
class Measurer {
 public:
  static Result<Measurer> start(const std::function<Result<Samples>()>& body);

  /// Waits for the numbers; its failure, if it had one. Call once.
  Result<Samples> finish();

 private:
  Measurer(Child child, OwnedFd reader) : child_(std::move(child)), reader_(std::move(reader)) {}
  Child child_;
  OwnedFd reader_;
};

/// `body` in a process of its own.
Result<Samples> in_process(const std::function<Result<Samples>()>& body);

}  // namespace skerry::bench
