// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry::bench {

/// One program under the machine's own /usr/bin/python3, to compare with: started, then run on
/// demand. Its process ends with this. Confined to one thread.
class NativePython {
 public:
  /// kNotFound when there is no /usr/bin/python3.
  static Result<NativePython> start(const std::string& source);

  /// Compiles and executes the program once; the processor time that took, in milliseconds.
  Result<double> run();

 private:
  NativePython(Child child, OwnedFd requests, OwnedFd answers)
      : child_(std::move(child)), requests_(std::move(requests)), answers_(std::move(answers)) {}
  Child child_;
  OwnedFd requests_;
  OwnedFd answers_;
};

}  // namespace skerry::bench
