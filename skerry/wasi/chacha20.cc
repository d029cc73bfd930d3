// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/chacha20.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace skerry::wasi {
namespace {

using Words = std::array<std::uint32_t, 16>;

void quarter_round(Words& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

std::array<std::byte, 64> block(std::span<const std::byte, 32> key, std::uint64_t counter) {
  Words start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
  std::memcpy(&start[4], key.data(), key.size());
  start[12] = static_cast<std::uint32_t>(counter);
  start[13] = static_cast<std::uint32_t>(counter >> 32);
  Words x = start;
  for (int i = 0; i < 10; ++i) {
    quarter_round(x, 0, 4, 8, 12);
    quarter_round(x, 1, 5, 9, 13);
    quarter_round(x, 2, 6, 10, 14);
    quarter_round(x, 3, 7, 11, 15);
    quarter_round(x, 0, 5, 10, 15);
    quarter_round(x, 1, 6, 11, 12);
    quarter_round(x, 2, 7, 8, 13);
    quarter_round(x, 3, 4, 9, 14);
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += start[i];
  return std::bit_cast<std::array<std::byte, 64>>(x);  // little-endian, as x86-64 is
}

}  // namespace

void chacha20_stream(std::span<const std::byte, 32> key, std::uint64_t position,
                     std::span<std::byte> out) {
  while (!out.empty()) {
    const std::array<std::byte, 64> bytes = block(key, position / 64);
    const std::size_t within = position % 64;
    const std::size_t piece = std::min(out.size(), bytes.size() - within);
    std::memcpy(out.data(), bytes.data() + within, piece);
    out = out.subspan(piece);
    position += piece;
  }
}

}  // namespace skerry::wasi
