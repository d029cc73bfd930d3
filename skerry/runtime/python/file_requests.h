// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasi/files/file_system.h"

namespace skerry::runtime::python {

/// Answers what guest/python/skerry_posix.py asks beside WASI, which knows neither modes nor room;
/// nothing for a frame of another kind. Frames are untrusted. Numbers in them are little-endian:
///
///     "m" inode: u64, permissions: u32, now: u64   ->  WASI's errno in digits, "0" when it is done
///     "u" umask: u32                               ->  the umask before, in digits
///     "v"                                          ->  four numbers in digits: bytes that files
///     may
///                                                      hold, bytes in use, inodes, inodes in use
///
/// kInvalidArgument for a frame of the wrong length.
std::optional<Result<std::string>> answer_file_request(std::string_view frame,
                                                       wasi::FileSystem& files);

}  // namespace skerry::runtime::python
