// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/preamble.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace skerry::wasm {
namespace {

constexpr std::array kMagic = {std::byte{0x00}, std::byte{0x61}, std::byte{0x73}, std::byte{0x6D}};
constexpr std::uint32_t kCoreVersion = 1;

std::string hex_bytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte each : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", std::to_integer<unsigned>(each));
    text += digits;
  }
  return text.empty() ? " nothing" : text;
}

}  // namespace

Status check_size(std::span<const std::byte> bytes, const ModuleLimits& limits) {
  if (bytes.size() <= limits.module_size.value) return ok_status();
  return absl::ResourceExhaustedError("WASM module too large: " + std::to_string(bytes.size()) +
                                      " bytes, limit " + std::to_string(limits.module_size.value) +
                                      " bytes");
}

Status check_preamble(std::span<const std::byte> bytes) {
  const auto seen = bytes.first(std::min(bytes.size(), kMagic.size()));
  if (!std::equal(seen.begin(), seen.end(), kMagic.begin(), kMagic.end())) {
    return absl::InvalidArgumentError("Invalid WASM module format: expected 00 61 73 6d, found" +
                                      hex_bytes(seen));
  }
  if (bytes.size() < 2 * kMagic.size()) {
    return absl::InvalidArgumentError("malformed WASM module: no version after the magic number");
  }
  std::uint32_t version = 0;
  for (unsigned i = 0; i < 4; ++i)
    version |= std::to_integer<std::uint32_t>(bytes[4 + i]) << (8 * i);
  if (version == kCoreVersion) return ok_status();
  if (version >> 16 == 1) {
    return absl::UnimplementedError(
        "WASM components are not supported: expected a core module, version 1, found a component");
  }
  return absl::InvalidArgumentError("malformed WASM module: version " + std::to_string(version) +
                                    ", expected 1");
}

}  // namespace skerry::wasm
