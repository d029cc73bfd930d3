// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "skerry/base/embedded_text.h"

namespace skerry::bench {

/// The programs of bench/programs/.
std::span<const EmbeddedText> bench_programs();

}  // namespace skerry::bench
