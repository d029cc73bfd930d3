// SPDX-License-Identifier: Apache-2.0
// Opens any bytes as an export. The first byte chooses: the rest is the whole file, its hash made
// to fit, or it is the manifest in front of as many pages as the byte says.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "skerry/base/sha256.h"
#include "skerry/base/zstd_stream.h"
#include "skerry/image/image_export.h"
#include "skerry/image/page_container.h"
#include "skerry/image/test_pages.h"

namespace {

using namespace skerry;

constexpr std::size_t kHeader = 64;
constexpr std::size_t kHashAt = 32;

template <typename T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string file_around(const std::string& manifest, std::uint64_t pages_size) {
  std::string body;
  ZstdWriter writer([&](std::span<const std::byte> bytes) {
    body += as_text(bytes);
    return ok_status();
  });
  if (!writer.write(as_bytes(manifest + std::string(pages_size, 'x'))).ok()) std::abort();
  if (!writer.finish().ok()) std::abort();
  std::string file("SKRYEXP\0", 8);
  append<std::uint32_t>(file, 1);
  append(file, static_cast<std::uint32_t>(manifest.size()));
  append(file, pages_size);
  append<std::uint64_t>(file, body.size());
  file.resize(kHeader);
  return file + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 != 0) file = file_around(file, data[0] / 2 % 8 * kPageSize);
  if (file.size() >= kHeader) {
    const auto digest =
        image::digest_of(sha256_hex(as_bytes(file.substr(0, kHashAt) + file.substr(kHeader))));
    std::memcpy(file.data() + kHashAt, digest.data(), digest.size());
  }
  const OwnedFd fd = image::testing::memory_file(as_bytes(file));
  const auto read = image::read_export(fd.get(), image::testing::memory_file({}), [](double) {});
  if (!read.ok()) return 0;
  // What was taken can be used: all pages that it names are there, and within memory.
  std::size_t at = 0;
  for (const PageRun& run : read->captured.state.changed) {
    if ((run.first + run.count) * kPageSize > read->captured.state.memory_size) std::abort();
    at += run.count * kPageSize;
  }
  if (at != read->captured.pages().size()) std::abort();
  return 0;
}
