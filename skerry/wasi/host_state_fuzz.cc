// SPDX-License-Identifier: Apache-2.0
// Stored states from anyone, alone and over a template's. Whatever decode lets through must be
// usable and must encode to what decodes again.
#include <cstdlib>
#include <memory>
#include <string>

#include "skerry/base/bytes.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/host_state_codec.h"

namespace {

using namespace skerry;
using namespace skerry::wasi;

void check(const HostState& state, const BlobResolver& blobs, const Quotas& quotas,
           const HostState* base) {
  HostState copy = state;
  const auto listed = list(copy.files(), "/", 2000);
  if (!listed.ok()) std::abort();
  for (const ListedFile& file : *listed) {
    if (!remove(copy.files(), "/" + file.name).ok()) std::abort();
  }
  const auto again = encode(state, base);
  if (!again.ok() || !decode(as_bytes(*again), blobs, quotas, base).ok()) std::abort();
}

HostState make_template() {
  FileSystem files;
  (void)add_file(files, "/d/a", as_bytes("text"));
  (void)add_symlink(files, "/d/l", "a");
  return HostState(std::move(files));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kText = std::make_shared<const std::string>(100'000, 'b');
  const BlobResolver blobs = [](std::string_view id) -> Result<Blob> {
    return Blob{as_bytes(*kText), std::string(id), kText};
  };
  const Quotas quotas = {
      .file_bytes = mib(4), .file_size = mib(4), .inodes = 1000, .entries = 2000};
  static const HostState kTemplate = make_template();
  for (const HostState* base : {static_cast<const HostState*>(nullptr), &kTemplate}) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto state = decode(bytes, blobs, quotas, base);
    if (state.ok()) check(*state, blobs, quotas, base);
    const auto stored = encode(kTemplate);
    if (stored.ok()) (void)with_files_of(bytes, as_bytes(*stored));
  }
  return 0;
}
