// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "skerry/base/status.h"

namespace skerry {

/// How long a failure asks its caller to wait before the next attempt, if it does.
std::optional<std::chrono::milliseconds> retry_after(const Status& status);

/// The same failure with a time to wait.
Status with_retry_after(Status status, std::chrono::milliseconds wait);

/// The time as the header `Retry-After` has it: whole seconds, at least 1.
std::chrono::seconds retry_seconds(std::chrono::milliseconds wait);

}  // namespace skerry
