// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <string>
#include <utility>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::jail {

/// Which system calls a process keeps.
enum class CallList {
  kOneThread,  ///< what running guests takes
  kThreads,    ///< and what starting threads takes
};

/// Confines the calling thread, for good, to the system calls that running guests takes:
///
/// - reading and writing what is open, passing descriptors over the socket, waiting with poll;
/// - mapping memory and files that are open, never executable; sealed files in memory;
/// - clocks, sleep, entropy, signal handlers, and signals to this process alone.
///
/// With `kThreads`, for work that nobody else's code takes part in, such as compiling, also to what
/// starting threads takes: clone with exactly the flags of a thread, and how many processors there
/// are. Other forms of clone fail or end the process: it makes no process and no namespace.
///
/// Whatever is not listed ends the process with SIGSYS: only a breach, or a fault of ours, can have
/// made the call, and either should be seen. What the C library asks of its own accord (a file of
/// translations, the kind of a terminal) fails with EPERM or ENOTTY instead.
///
/// Leaves open: arguments in memory, which a filter cannot read, among them the address of sendmsg.
/// A connected stream socket takes none. Takes no_new_privs. Confined to the process that
/// calls: signals to itself are told by its number.
Status filter_system_calls(CallList list);

/// The same filter as the kernel takes it, made ahead for processes that have the number `self` in
/// their PID namespace: to make one takes 0.3 ms, to load it a hundredth of that. A value; const
/// calls may run concurrently.
class CallFilter {
 public:
  static Result<CallFilter> make(CallList list, int self);

  /// Whether it is the one for the calling process.
  bool suits(CallList list) const;

  /// As `filter_system_calls`. Only where it `suits`.
  Status load() const;

 private:
  CallFilter(CallList list, int self, std::vector<sock_filter> program)
      : list_(list), self_(self), program_(std::move(program)) {}
  CallList list_;
  int self_;
  std::vector<sock_filter> program_;
};

/// The filter in libseccomp's readable form, as it would be for process number `self`: for reviews
/// and tests.
Result<std::string> describe_system_call_filter(CallList list, int self);

}  // namespace skerry::jail
