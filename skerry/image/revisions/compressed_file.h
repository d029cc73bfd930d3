// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "skerry/base/status.h"

namespace skerry::image {

/// Writes one zstd frame of all that `from` holds to `to`, from where each stands.
Status compress_file(int from, int to);

/// The reverse: makes `to`, an empty file, hold what the frame in `from` does. Pages of zeros
/// become holes. kDataLoss when the frame is damaged or would fill more than `most` bytes.
Status expand_file(int from, int to, std::uint64_t most);

}  // namespace skerry::image
