// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/jail/limited_process.h"

namespace skerry::engine {

/// What compiling one module, or reading one text, may use.
using CompileBudget = jail::ProcessBudget;
using jail::Limited;
using jail::run_limited;

}  // namespace skerry::engine
