// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a tar archive in a zstd frame. The first byte chooses: the rest is the frame,
// or what is in it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>

#include "skerry/base/formats/tar_stream.h"
#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/fd.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto rest = std::as_bytes(std::span(data, size)).subspan(1);
  const auto take = [&](std::span<std::byte> to) -> Result<std::size_t> {
    const std::size_t taken = std::min(to.size(), rest.size());
    std::copy_n(rest.begin(), taken, to.begin());
    rest = rest.subspan(taken);
    return taken;
  };
  ZstdReader compressed(take);
  TarReader archive([&](std::span<std::byte> to) -> Status {
    if (data[0] % 2 == 0) return compressed.read(to);
    const auto taken = take(to);
    return *taken == to.size() ? ok_status() : absl::DataLossError("ends early");
  });
  for (;;) {
    const auto entry = archive.next();
    if (!entry.ok() || !*entry) return 0;
    const OwnedFd file(::memfd_create("entry", MFD_CLOEXEC));
    if (!archive.copy_to(file.get()).ok()) return 0;
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 ||
        (*entry)->size != static_cast<std::uint64_t>(info.st_size)) {
      std::abort();
    }
  }
}
