// SPDX-License-Identifier: Apache-2.0
// Opens any bytes as an image. The first byte chooses: the rest is the whole file, or it is the
// manifest behind a header that fits it, followed by one WebAssembly page.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/image/image_file.h"

namespace {

using namespace skerry;

template <typename T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string file_around(std::string_view manifest) {
  const std::size_t offset = round_up(64 + manifest.size(), kPageSize);
  std::string file("SKRYIMG\0", 8);
  append<std::uint32_t>(file, 1);
  append(file, static_cast<std::uint32_t>(manifest.size()));
  append<std::uint64_t>(file, offset);
  append<std::uint64_t>(file, kWasmPageSize);
  const std::string digest = sha256_hex(as_bytes(manifest));
  for (std::size_t i = 0; i < digest.size(); i += 2) {
    file += static_cast<char>(std::stoi(digest.substr(i, 2), nullptr, 16));
  }
  file += manifest;
  file.resize(offset + kWasmPageSize);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string file = data[0] % 2 == 0 ? std::string(rest) : file_around(rest);
  const OwnedFd memory(::memfd_create("image", MFD_CLOEXEC));
  if (!write_all(memory.get(), as_bytes(file)).ok()) std::abort();
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  const auto image = image::open_image(path);
  if (!image.ok()) return 0;
  // What opened has all its pages: reading past the end of the file would be SIGBUS.
  if (image::verify_pages(path).code() == StatusCode::kNotFound) std::abort();
  return 0;
}
