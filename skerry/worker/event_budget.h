// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::worker {

/// The most frames of an exception's trace: a runtime leaves the middle of longer ones out.
inline constexpr std::size_t kMaxFrames = 128;

/// Events of so few bytes pass uncounted, as most are: parsed they take 300 KiB at most.
inline constexpr std::size_t kUncounted = 4096;

/// Counts what is in an event of a run's process (proto::RunEvent) before it is parsed
/// (base/wire_budget.h): memory for it stays within four times `kMaxEvent`. kDataLoss when it holds
/// more than an event may.
Status check_event(std::string_view bytes);

}  // namespace skerry::worker
