// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace skerry {

/// "2026-11-22T10:46:00.123Z", for programs; empty for 0. From nanoseconds since 1970.
std::string utc_time(std::int64_t unix_ns);

/// "2026-11-22 11:46:00" where this process is, for people at a terminal.
std::string local_time(std::int64_t unix_ns);

}  // namespace skerry
