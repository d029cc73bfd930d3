// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "skerry/base/status.h"

namespace skerry::jail {

/// Closes every descriptor of this process but those in `kept`. Standard input, output and error
/// that are not kept become a sealed empty file: reading ends at once, writing fails, and nothing
/// that is opened later takes their numbers.
Status keep_only(std::span<const int> kept);

}  // namespace skerry::jail
