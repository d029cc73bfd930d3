// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::wasm {

/// Reads the primitives of the binary format out of untrusted bytes and never past their end.
///
/// Failure is sticky: the first one is kept, the cursor jumps to its end, and every later read
/// gives zero or nothing. So a caller reads a whole item and then asks `ok` once; a loop over a
/// count asks before each turn. Allocates only to describe a failure.
///
/// Borrows the bytes; views it returns live as long as they do. Confined to one thread.
/// Its own failures are kInvalidArgument, "... at offset N", N counted from the start of the
/// module.
class Cursor {
 public:
  /// `offset` is where `bytes` begin in the module; it only serves messages.
  explicit Cursor(std::span<const std::byte> bytes, std::size_t offset = 0)
      : position_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        begin_(bytes.data()),
        offset_(offset) {}

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  bool at_end() const { return position_ == end_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - position_); }

  /// Where the next byte lies in the module.
  std::size_t offset() const { return offset_ + static_cast<std::size_t>(position_ - begin_); }

  /// Keeps "message at offset N" unless there was a failure already.
  void fail(std::string_view message) { fail_at(offset(), message); }
  void fail_at(std::size_t offset, std::string_view message);

  /// Keeps `status`, for what is wrong with more than the form of the bytes, unless there was a
  /// failure already.
  void fail_with(Status status);

  std::uint8_t byte() {
    if (position_ == end_) return fail("unexpected end"), std::uint8_t{0};
    return std::to_integer<std::uint8_t>(*position_++);
  }

  /// The next byte without moving; fails at the end.
  std::uint8_t peek() {
    if (position_ == end_) return fail("unexpected end"), std::uint8_t{0};
    return std::to_integer<std::uint8_t>(*position_);
  }

  /// LEB128 numbers, of at most as many bytes as the width needs, with the unused bits of the last
  /// byte as they must be.
  std::uint32_t u32() {
    if (position_ != end_ && std::to_integer<std::uint8_t>(*position_) < 0x80) {
      return std::to_integer<std::uint32_t>(*position_++);
    }
    return static_cast<std::uint32_t>(unsigned_leb(32));
  }
  std::uint64_t u64() { return unsigned_leb(64); }
  std::int32_t s32() { return static_cast<std::int32_t>(signed_leb(32)); }
  std::int64_t s33() { return signed_leb(33); }
  std::int64_t s64() { return signed_leb(64); }

  /// Exactly `size` bytes, or a failure and none.
  std::span<const std::byte> take(std::size_t size);

  /// The length-prefixed bytes of a section, a function body or a data segment.
  std::span<const std::byte> sized_bytes();

  /// A length-prefixed name of well-formed UTF-8, at most `kMaxNameSize` bytes.
  std::string_view name();

  /// The length of a vector whose items take at least `item_size` bytes each: never more than the
  /// bytes left can hold, so it may be reserved for.
  std::uint32_t count(std::size_t item_size = 1);

  /// The engine refuses longer names.
  static constexpr std::size_t kMaxNameSize = 100'000;

 private:
  std::uint64_t unsigned_leb(unsigned width);
  std::int64_t signed_leb(unsigned width);

  const std::byte* position_;
  const std::byte* end_;
  const std::byte* begin_;
  std::size_t offset_;
  Status status_;
};

/// `text` in double quotes, control characters escaped and cut after 200 bytes: fit for a message
/// or a log.
std::string quoted_name(std::string_view text);

}  // namespace skerry::wasm
