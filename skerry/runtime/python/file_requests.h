// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasi/host_state.h"

namespace skerry::runtime::python {

/// Answers what guest/python/skerry_posix.py and skerry_descriptors.py ask beside WASI, which knows
/// neither modes, room, duplicates, locks nor pipes; nothing for a frame of another kind. Frames
/// are untrusted. Numbers in them are little-endian, numbers in answers digits:
///
///     "m" inode: u64, permissions: u32, now: u64   ->  WASI's errno, 0 when it is done
///     "u" umask: u32                               ->  the umask before
///     "v"                                          ->  bytes that files may hold, bytes in use,
///                                                      inodes, inodes in use
///     "D" fd: u32, to: u32                         ->  the duplicate; `to` of 2^32 - 1: the lowest
///     "L" fd: u32, 0, 1 shared or 2 alone: u32     ->  0 when it is locked
///     "F" fd: u32                                  ->  its flags, can it read, can it write: 0, 1
///     "P" flags: u32                               ->  the ends to read from, to write to
///
/// An errno of the last four has a minus before it. kInvalidArgument for a frame of the wrong
/// length.
std::optional<Result<std::string>> answer_file_request(std::string_view frame,
                                                       wasi::HostState& state);

}  // namespace skerry::runtime::python
