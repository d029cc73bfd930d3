// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/template_memory.h"

#include <algorithm>

#include "skerry/image/image_pages.h"
#include "skerry/image/page_container.h"

namespace skerry::sandbox {

ByteSize template_memory(const image::Image& image) {
  return bytes((image.template_image ? image.template_image->pages : image.pages)->size());
}

ByteSize largest_linear_memory(ByteSize limit, ByteSize template_memory) {
  return bytes(std::min<std::uint64_t>(limit.value + template_memory.value, image::kMaxPages));
}

}  // namespace skerry::sandbox
