// SPDX-License-Identifier: Apache-2.0
// Stored states from anyone. Whatever decode lets through must be usable and must encode to what
// decodes again.
#include <cstdlib>
#include <memory>
#include <string>

#include "skerry/base/bytes.h"
#include "skerry/wasi/host_files.h"
#include "skerry/wasi/host_state_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  using namespace skerry::wasi;
  static const auto kText = std::make_shared<const std::string>(100'000, 'b');
  const BlobResolver blobs = [](std::string_view id) -> Result<Blob> {
    return Blob{as_bytes(*kText), std::string(id), kText};
  };
  const Quotas quotas = {
      .file_bytes = mib(4), .file_size = mib(4), .inodes = 1000, .entries = 2000};
  const auto state = decode(std::as_bytes(std::span(data, size)), blobs, quotas);
  if (!state.ok()) return 0;
  HostState copy = *state;
  const auto listed = list(copy.files(), "/", 2000);
  if (!listed.ok()) std::abort();
  for (const ListedFile& file : *listed) {
    if (!remove(copy.files(), "/" + file.name).ok()) std::abort();
  }
  const auto again = encode(*state);
  if (!again.ok() || !decode(as_bytes(*again), blobs, quotas).ok()) std::abort();
  return 0;
}
