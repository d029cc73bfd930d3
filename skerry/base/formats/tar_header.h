// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// What stands before each file of a tar archive.

namespace skerry {

inline constexpr std::size_t kTarBlock = 512;

/// A header of POSIX.1-2001, "ustar Interchange Format", whose fields older forms have at the same
/// places. Numbers are octal digits and a zero byte.
struct TarHeader {
  std::array<char, 100> name{};
  std::array<char, 8> mode{};
  std::array<char, 8> owner{};
  std::array<char, 8> group{};
  std::array<char, 12> size{};
  std::array<char, 12> modified{};
  std::array<char, 8> checksum{};
  char type = '0';
  std::array<char, 100> link{};
  std::array<char, 8> magic = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
  std::array<char, 80> names_and_devices{};
  std::array<char, 155> prefix{};
  std::array<char, 12> padding{};
};
static_assert(sizeof(TarHeader) == kTarBlock);

template <std::size_t Size>
void set_octal(std::array<char, Size>& field, std::uint64_t value) {
  for (std::size_t at = Size - 1; at-- > 0; value /= 8) {
    field[at] = static_cast<char>('0' + value % 8);
  }
}

/// The sum of the header's bytes, those of the checksum itself taken as spaces.
inline std::uint64_t checksum_of(TarHeader header) {
  header.checksum.fill(' ');
  std::uint64_t sum = 0;
  for (const std::byte byte : std::as_bytes(std::span(&header, 1))) {
    sum += std::to_integer<unsigned>(byte);
  }
  return sum;
}

}  // namespace skerry
