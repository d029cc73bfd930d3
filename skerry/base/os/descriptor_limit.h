// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"

namespace skerry {

/// Lets this process, and those that it makes, have as many descriptors as the system allows it.
Status allow_many_descriptors();

}  // namespace skerry
