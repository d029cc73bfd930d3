// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/bytes.h"
#include "skerry/image/image_file.h"

namespace skerry::sandbox {

/// What the template that `image` is, or rests on, brings into linear memory. An imported session
/// rests on none: what it has counts as a template's, up to 384 MiB.
ByteSize template_memory(const image::Image& image);

/// The most linear memory that a guest has under a limit of memory: what its template brings is not
/// its own. At most 4 GiB less a page, which hollow modules keep free.
ByteSize largest_linear_memory(ByteSize limit, ByteSize template_memory);

}  // namespace skerry::sandbox
