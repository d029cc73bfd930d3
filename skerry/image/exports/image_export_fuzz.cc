// SPDX-License-Identifier: Apache-2.0
// Opens any bytes as an export. The first byte chooses: the rest is the whole file, its hash made
// to fit, or the manifest in front of as many pages as the byte says, in either version, or what
// the process that unpacks an export has left, with as many bytes of host state.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/sha256.h"
#include "skerry/image/exports/export_reader.h"
#include "skerry/image/page_container.h"
#include "skerry/image/test_export.h"

namespace {

using namespace skerry;

constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kHeader = 32;
constexpr std::size_t kHash = 32;

template <typename T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string file_around(const std::string& manifest, std::uint64_t pages_size,
                        std::uint32_t version) {
  std::string body;
  ZstdWriter writer([&](std::span<const std::byte> bytes) {
    body += as_text(bytes);
    return ok_status();
  });
  if (!writer.write(as_bytes(manifest + std::string(pages_size, 'x'))).ok()) std::abort();
  if (!writer.finish().ok()) std::abort();
  std::string file("SKRYEXP\0", kVersionAt);
  append(file, version);
  append(file, static_cast<std::uint32_t>(manifest.size()));
  append(file, pages_size);
  append<std::uint64_t>(file, version == 1 ? body.size() : 0);
  const std::string hash(kHash, '\0');
  return file + (version == 1 ? hash + body : body + hash);
}

void sign(std::string& file) {
  if (file.size() < kHeader + kHash) return;
  const std::size_t at = file[kVersionAt] == 1 ? kHeader : file.size() - kHash;
  std::string hashed = file;
  hashed.erase(at, kHash);
  const auto digest = image::digest_of(sha256_hex(as_bytes(hashed)));
  std::memcpy(file.data() + at, digest.data(), digest.size());
}

/// What was taken can be used: all pages that it names are there, and within memory.
void use(const Result<image::Export>& read) {
  if (!read.ok()) return;
  std::size_t at = 0;
  for (const PageRun& run : read->captured.state.changed) {
    if ((run.first + run.count) * kPageSize > read->captured.state.memory_size) std::abort();
    at += run.count * kPageSize;
  }
  if (at != read->captured.pages().size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::uint64_t pages = data[0] / 4 % 8 * kPageSize;
  if (data[0] % 4 == 3) {
    const std::uint64_t host_state = std::min<std::uint64_t>(data[0] / 4, file.size());
    const std::uint64_t manifest = file.size() - host_state;
    file.insert(0, pages, 'x');
    use(image::take_unpacked(image::testing::memory_file(as_bytes(file)),
                             {.pages = pages, .host_state = host_state, .manifest = manifest}, {}));
    return 0;
  }
  if (data[0] % 4 != 0) file = file_around(file, pages, data[0] % 4);
  sign(file);
  use(image::testing::read_export(file));
  return 0;
}
