// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry {

/// The whole of a file that nobody but its owner may read. kPermissionDenied, saying what to do,
/// when others may; kInvalidArgument when it is no regular file; else as `read_all`.
Result<std::string> read_secret_file(const std::filesystem::path& path, ByteSize limit);

/// The content of a regular file, whoever may read it. kInvalidArgument for anything else, such as
/// a pipe: nobody waits for its writer.
Result<std::string> read_regular_file(const std::filesystem::path& path, ByteSize limit);

}  // namespace skerry
