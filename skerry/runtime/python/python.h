// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "skerry/runtime/runtime.h"

namespace skerry::runtime {

/// CPython with its scientific libraries, from the pinned wheel (guest/python/parts.sha256).
std::shared_ptr<const Runtime> python_runtime();

}  // namespace skerry::runtime
