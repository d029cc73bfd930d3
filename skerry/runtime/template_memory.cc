// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/template_memory.h"

#include <algorithm>
#include <string>

#include "skerry/image/image_file.h"
#include "skerry/sandbox/template_memory.h"

namespace skerry::runtime {

Result<ByteSize> largest_template(const Installation& installation) {
  ByteSize largest = bytes(0);
  for (const std::string& name : installation.template_names()) {
    SKERRY_ASSIGN(const auto image, image::open_image(installation.template_path(name)));
    largest = std::max(largest, sandbox::template_memory(*image));
  }
  return largest;
}

}  // namespace skerry::runtime
