// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skerry {

/// A count of bytes. Never a page count, never an address.
struct ByteSize {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const ByteSize&) const = default;
};

constexpr ByteSize bytes(std::uint64_t n) { return {n}; }
constexpr ByteSize kib(std::uint64_t n) { return {n << 10}; }
constexpr ByteSize mib(std::uint64_t n) { return {n << 20}; }

/// The host's page: what the kernel tracks and what images are made of. x86-64 Linux.
inline constexpr std::size_t kPageSize = 4096;

/// A WebAssembly page, the unit in which linear memory grows.
inline constexpr std::size_t kWasmPageSize = 65536;

/// `count` host pages from page `first` of a range.
struct PageRun {
  std::size_t first = 0;
  std::size_t count = 0;
  bool operator==(const PageRun&) const = default;
};

constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

/// At most `most` bytes of UTF-8 `text`, cut between characters: their further bytes begin with the
/// bits 10.
inline std::string_view clip(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace skerry
