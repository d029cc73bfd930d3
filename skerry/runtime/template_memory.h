// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/runtime/installation.h"

namespace skerry::runtime {

/// What the largest template of an installation brings into linear memory. Fails as
/// `Installation::open` does.
Result<ByteSize> largest_template(const Installation& installation);

}  // namespace skerry::runtime
