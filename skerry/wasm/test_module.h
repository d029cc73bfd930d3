// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"

/// Assembles modules byte by byte. For tests only.
namespace skerry::wasm::testing {

using Bytes = std::vector<std::uint8_t>;

inline std::span<const std::byte> view(const Bytes& bytes) {
  return std::as_bytes(std::span(bytes));
}

inline Bytes join(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes leb(std::uint64_t value) {
  Bytes out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

inline Bytes signed_leb(std::int64_t value) {
  Bytes out;
  for (;;) {
    const auto low = static_cast<std::uint8_t>(value & 0x7F);
    value >>= 7;
    if ((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0)) {
      out.push_back(low);
      return out;
    }
    out.push_back(low | 0x80);
  }
}

inline Bytes i32_const(std::int64_t value) { return join({{0x41}, signed_leb(value), {0x0B}}); }

inline Bytes sized(const Bytes& bytes) { return join({leb(bytes.size()), bytes}); }

inline Bytes name(std::string_view text) { return sized(Bytes(text.begin(), text.end())); }

/// A vector: how many items, then the items.
inline Bytes vec(const std::vector<Bytes>& items) { return join({leb(items.size()), join(items)}); }

inline Bytes repeat(std::size_t times, const Bytes& item) {
  Bytes all = leb(times);
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), item.begin(), item.end());
  return all;
}

inline Bytes section(std::uint8_t id, const Bytes& payload) { return join({{id}, sized(payload)}); }
inline Bytes custom(std::string_view title, const Bytes& payload) {
  return section(0, join({name(title), payload}));
}

inline Bytes preamble() { return {0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00}; }
inline Bytes module(std::initializer_list<Bytes> sections) {
  return join({preamble(), join(sections)});
}

inline Bytes exported(std::string_view title, std::uint8_t kind, std::uint32_t index) {
  return join({name(title), {kind}, leb(index)});
}

/// A body without locals; the `end` is added.
inline Bytes body(const Bytes& code) { return sized(join({{0x00}, code, {0x0B}})); }

/// One function of type () -> () with that code.
inline Bytes module_with_code(const Bytes& code) {
  return module({section(1, {1, 0x60, 0, 0}), section(3, {1, 0}), section(10, vec({body(code)}))});
}

/// The contract's smallest command: 36 bytes.
inline Bytes empty_command() {
  return module({section(1, {1, 0x60, 0, 0}), section(3, {1, 0}),
                 section(7, vec({exported("_start", 0, 0)})), section(10, vec({body({})}))});
}

/// Two instructions that use segments up.
inline const Bytes kUsesSegments = {0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 8, 1, 0, 0xFC, 9, 1};

/// A module with something in every section, whose last function has that code.
inline Bytes full_module(const Bytes& last = kUsesSegments) {
  const Bytes types =
      vec({{0x60, 0, 0},
           {0x60, 2, 0x7F, 0x7E, 1, 0x7F},
           {0x4E, 2, 0x50, 0, 0x5F, 1, 0x78, 1, 0x4F, 1, 2, 0x5F, 2, 0x78, 1, 0x63, 2, 0},
           {0x5E, 0x77, 1}});
  const Bytes imports = vec({join({name("host"), name("call"), {0, 1}}),
                             join({name("host"), name("limit"), {3, 0x7F, 0}})});
  const Bytes tables = vec({{0x70, 1, 2, 4}, {0x40, 0, 0x70, 0, 1, 0xD0, 0x70, 0x0B}});
  const Bytes globals = vec({join({{0x7F, 0}, i32_const(1024)}),
                             join({{0x7F, 1}, i32_const(7)}),
                             {0x7E, 1, 0x42, 0x7F, 0x0B},
                             {0x6F, 0, 0xD0, 0x6F, 0x0B}});
  const Bytes elements = vec({join({{0}, i32_const(0), vec({{0}, {1}})}),
                              {0x05, 0x70, 1, 0xD2, 1, 0x0B},
                              {0x03, 0, 1, 1}});
  const Bytes data = vec({join({{0}, i32_const(8), name("hello")}), join({{1}, name("kept")}),
                          join({{2, 0, 0x23, 1, 0x0B}, name("later")})});
  const Bytes code =
      vec({sized({1, 2, 0x7F, 0x02, 0x40, 0x20, 0, 0x0D, 0, 0x0B, 0x0B}), body(last)});
  return module({section(1, types), section(2, imports), section(3, {2, 0, 0}), section(4, tables),
                 section(5, {1, 1, 1, 16}), section(13, {1, 0, 0}), section(6, globals),
                 section(7, vec({exported("run", 0, 1), exported("state", 3, 2)})), section(8, {1}),
                 section(9, elements), section(12, {3}), section(10, code), section(11, data),
                 custom("name", {0, 2, 1, 'm'}), custom("producers", {0})});
}

}  // namespace skerry::wasm::testing
