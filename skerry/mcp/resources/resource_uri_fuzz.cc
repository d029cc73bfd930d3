// SPDX-License-Identifier: Apache-2.0
// URIs as clients may write them: what one leads to has a URI of its own that leads there, too, and
// lies below its session.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/mcp/resources/resource_uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::mcp;  // NOLINT(google-build-using-namespace)
  const std::string_view uri(reinterpret_cast<const char*>(data), size);
  const auto resource = resource_at(uri);
  if (!resource.ok()) return 0;
  const std::string own = uri_of(*resource);
  const auto again = resource_at(own);
  if (!again.ok() || uri_of(*again) != own) std::abort();
  if (const auto* file = std::get_if<FileResource>(&*resource)) {
    const std::string below = "/" + file->path.below() + "/";
    if (below.find("/../") != below.npos || below.starts_with("//")) std::abort();
  }
  return 0;
}
