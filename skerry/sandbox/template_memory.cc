// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/template_memory.h"

#include <algorithm>

#include "skerry/image/image_pages.h"
#include "skerry/image/page_container.h"

namespace skerry::sandbox {

namespace {

// What an imported session may bring, which rests on no template here: as much as the largest
// template has.
constexpr ByteSize kMaxImported = mib(384);

}  // namespace

ByteSize template_memory(const image::Image& image) {
  if (!image.template_image) return bytes(image.pages->size());
  const std::size_t size = image.template_image->pages->size();
  // The base of what is imported is one page.
  if (size > kWasmPageSize) return bytes(size);
  return bytes(std::min<std::uint64_t>(image.pages->size(), kMaxImported.value));
}

ByteSize largest_linear_memory(ByteSize limit, ByteSize template_memory) {
  return bytes(std::min<std::uint64_t>(limit.value + template_memory.value, image::kMaxPages));
}

}  // namespace skerry::sandbox
