// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/runtime/home.h"
#include "skerry/runtime/installation.h"
#include "skerry/runtime/runtimes.h"

namespace skerry::runtime {

/// All runtimes that this program is built with. A further one is a folder beside `python/` and a
/// line in registry.cc.
Runtimes bundled_runtimes();

/// The same, in `home`, with the parts that came with the running program.
Installation bundled_in(Home home);

}  // namespace skerry::runtime
