// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/base/status.h"

namespace skerry::jail {

/// Confines the calling thread, for good, to the system calls that running guests takes:
///
/// - reading and writing what is open, passing descriptors over the socket, waiting with poll;
/// - mapping memory and files that are open, never executable; sealed files in memory;
/// - clocks, sleep, entropy, signal handlers, and signals to this process alone.
///
/// Whatever is not listed ends the process with SIGSYS: only a breach, or a fault of ours, can have
/// made the call, and either should be seen. What the C library asks of its own accord (a file of
/// translations, the kind of a terminal) fails with EPERM or ENOTTY instead.
///
/// Leaves open: arguments in memory, which a filter cannot read, among them the address of sendmsg.
/// A connected stream socket takes none. Takes no_new_privs. Confined to the process that
/// calls: signals to itself are told by its number.
Status filter_system_calls();

/// The filter in libseccomp's readable form, as it would be for process number `self`: for reviews
/// and tests.
Result<std::string> describe_system_call_filter(int self);

}  // namespace skerry::jail
