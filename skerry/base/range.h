// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry {

/// kInvalidArgument, naming `what`, unless `value` lies from `least` to `most`.
inline Status in_bounds(std::string_view what, std::int64_t value, std::int64_t least,
                        std::int64_t most) {
  if (value >= least && value <= most) return ok_status();
  return absl::InvalidArgumentError(std::string(what) + " is " + std::to_string(value) +
                                    ", expected " + std::to_string(least) + " to " +
                                    std::to_string(most));
}

}  // namespace skerry
