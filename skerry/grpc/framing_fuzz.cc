// SPDX-License-Identifier: Apache-2.0
// Bytes of a call's body as a client may write them: messages are bounded, and compressed ones,
// too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/grpc/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::grpc;  // NOLINT(google-build-using-namespace)
  constexpr std::size_t kMaxSize = 4096;
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  MessageReader reader(kMaxSize);
  while (!bytes.empty()) {
    reader.add(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto message = reader.next();
      if (!message.ok()) return 0;
      if (!*message) break;
      if ((*message)->bytes.size() > kMaxSize) std::abort();
      for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
        const auto whole = decompressed((*message)->bytes, coding, kMaxSize);
        if (whole.ok() && whole->size() > kMaxSize) std::abort();
      }
    }
  }
  return 0;
}
