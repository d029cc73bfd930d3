// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::app {

/// Becomes the service's program, `skerry-service` beside this one, with these words. Returns only
/// when it cannot.
Status become_service(std::vector<std::string> arguments);

}  // namespace skerry::app
