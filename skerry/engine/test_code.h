// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"

/// Just enough of the binary format to see what `tune` made of a module of ours. For tests only.
namespace skerry::engine::testing {

constexpr std::uint32_t kIf = 0x04, kBrIf = 0x0D, kCall = 0x10, kCallIndirect = 0x11;

/// Reads valid bytes; throws where they end.
class Pieces {
 public:
  explicit Pieces(std::span<const std::byte> bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  std::span<const std::byte> take(std::size_t size) {
    if (size > left_.size()) throw std::out_of_range("a module that ends too early");
    const auto taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  std::uint8_t byte() { return std::to_integer<std::uint8_t>(take(1).front()); }
  /// A number without sign, or past one with.
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t next = byte();
      if (shift < 32) value |= static_cast<std::uint32_t>(next & 0x7F) << shift;
      if (next < 0x80) return value;
    }
  }
  std::span<const std::byte> sized() { return take(number()); }
  std::span<const std::byte> rest() const { return left_; }

  /// Reads past an instruction, of those that the tests have, and returns its opcode.
  std::uint32_t instruction() {
    const std::uint32_t opcode = byte();
    switch (opcode) {
      case 0x0E:  // br_table
        for (std::uint32_t left = number() + 1; left > 0; --left) number();
        break;
      case 0x1F:  // try_table
        number();
        for (std::uint32_t left = number(); left > 0; --left) {
          if (byte() < 2) number();
          number();
        }
        break;
      case kCallIndirect:
        number();
        number();
        break;
      case 0x44:  // f64.const
        take(8);
        break;
      case 0xFD:  // v128.const
        take(17);
        break;
      case 0x43:  // f32.const
        take(4);
        break;
      default: {
        constexpr std::string_view kWithIndex =
            "\x02\x03\x04\x08\x0C\x0D\x10\x12\x20\x21\x22\x23\x24\x41\x42\xD0\xFC";
        if (kWithIndex.find(static_cast<char>(opcode)) != kWithIndex.npos) number();
      }
    }
    return opcode;
  }

 private:
  std::span<const std::byte> left_;
};

/// What lies in the section of that number, of a custom one after its name.
inline std::span<const std::byte> section(std::span<const std::byte> module, std::uint8_t wanted,
                                          std::string_view name = {}) {
  Pieces in(module.subspan(8));
  while (!in.at_end()) {
    const std::uint8_t id = in.byte();
    Pieces contents(in.sized());
    if (id != wanted || (id == 0 && as_text(contents.sized()) != name)) continue;
    return contents.rest();
  }
  return {};
}

inline std::span<const std::byte> code_section(std::span<const std::byte> module) {
  return section(module, 10);
}

/// The functions that the module defines: their locals and code.
inline std::vector<std::span<const std::byte>> bodies(std::span<const std::byte> module) {
  Pieces in(code_section(module));
  std::vector<std::span<const std::byte>> found;
  for (std::uint32_t left = in.number(); left > 0; --left) found.push_back(in.sized());
  return found;
}

/// How often each opcode stands in the body of the `index`-th function that the module defines.
inline std::map<std::uint32_t, int> opcodes(std::span<const std::byte> module, std::size_t index) {
  std::map<std::uint32_t, int> counts;
  Pieces in(bodies(module).at(index));
  for (std::uint32_t left = in.number(); left > 0; --left) {
    in.number();
    in.byte();
  }
  while (!in.at_end()) ++counts[in.instruction()];
  return counts;
}

}  // namespace skerry::engine::testing
