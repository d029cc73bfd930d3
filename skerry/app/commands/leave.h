// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry::app {

/// Sees that all that was printed goes out. Returns the process's exit code: `exit_code`, or 125
/// when some of it could not be written though somebody would have read it; then says so.
int flushed(int exit_code);

/// Ends the process with `flushed(exit_code)`, and destroys nothing: the kernel takes memory and
/// mappings back sooner than destructors do. For a command whose answer is out and who holds
/// nothing that others wait for.
[[noreturn]] void leave(int exit_code);

}  // namespace skerry::app
