// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/cursor.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/utf8.h"

namespace skerry::wasm {
namespace {

constexpr unsigned kPayloadBits = 7;
constexpr std::uint8_t kMore = 0x80;

}  // namespace

void Cursor::fail_at(std::size_t offset, std::string_view message) {
  std::string text(message);
  text += " at offset ";
  text += std::to_string(offset);
  fail_with(Status(StatusCode::kInvalidArgument, text));
}

void Cursor::fail_with(Status status) {
  if (status_.ok()) status_ = std::move(status);
  position_ = end_;
}

std::uint64_t Cursor::unsigned_leb(unsigned width) {
  const std::size_t start = offset();
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += kPayloadBits) {
    const std::uint8_t next = byte();
    if (!ok()) return 0;
    const std::uint64_t payload = next & (kMore - 1);
    const unsigned left = width - shift;
    if (left < kPayloadBits && (payload >> left) != 0) {
      return fail_at(start, "number too large"), 0;
    }
    value |= payload << shift;
    if ((next & kMore) == 0) return value;
    if (left <= kPayloadBits) return fail_at(start, "number too long"), 0;
  }
}

std::int64_t Cursor::signed_leb(unsigned width) {
  const std::size_t start = offset();
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += kPayloadBits) {
    const std::uint8_t next = byte();
    if (!ok()) return 0;
    const std::uint64_t payload = next & (kMore - 1);
    const unsigned left = width - shift;
    const bool is_negative = (payload & 0x40) != 0;
    if (left < kPayloadBits) {  // from the number's own sign bit on, all bits must be the sign
      const std::uint64_t signs = payload >> (left - 1);
      const std::uint64_t all_ones = (std::uint64_t{1} << (kPayloadBits - left + 1)) - 1;
      if (signs != 0 && signs != all_ones) return fail_at(start, "number too large"), 0;
    }
    value |= payload << shift;
    if ((next & kMore) == 0) {
      if (is_negative && shift + kPayloadBits < 64)
        value |= ~std::uint64_t{0} << (shift + kPayloadBits);
      return static_cast<std::int64_t>(value);
    }
    if (left <= kPayloadBits) return fail_at(start, "number too long"), 0;
  }
}

std::span<const std::byte> Cursor::take(std::size_t size) {
  if (size > remaining()) {
    fail("unexpected end: " + std::to_string(size) + " bytes announced, " +
         std::to_string(remaining()) + " left");
    return {};
  }
  const std::span taken(position_, size);
  position_ += size;
  return taken;
}

std::span<const std::byte> Cursor::sized_bytes() {
  const std::uint32_t size = u32();
  return take(size);
}

std::string_view Cursor::name() {
  const std::size_t start = offset();
  const std::uint32_t size = u32();
  if (size > kMaxNameSize) {
    fail_at(start, "name of " + std::to_string(size) + " bytes, limit " +
                       std::to_string(kMaxNameSize) + ",");
    return {};
  }
  const std::string_view text = as_text(take(size));
  if (!is_utf8(text)) {
    fail_at(start, "name is not UTF-8");
    return {};
  }
  return text;
}

std::uint32_t Cursor::count(std::size_t item_size) {
  const std::size_t start = offset();
  const std::uint32_t items = u32();
  if (items > remaining() / item_size) {
    fail_at(start, "count of " + std::to_string(items) + " with only " +
                       std::to_string(remaining()) + " bytes left");
    return 0;
  }
  return items;
}

std::string quoted_name(std::string_view text) {
  constexpr std::size_t kMaxShown = 200;
  std::string out = "\"";
  for (const char c : clip(text, kMaxShown)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  out += clip(text, kMaxShown).size() < text.size() ? "...\"" : "\"";
  return out;
}

}  // namespace skerry::wasm
