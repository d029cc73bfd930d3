// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::app {

/// Becomes another of our programs, beside this one, with these words. Returns only when it cannot.
Status become_program(const std::string& name, std::vector<std::string> arguments);

}  // namespace skerry::app
