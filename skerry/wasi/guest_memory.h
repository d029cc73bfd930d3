// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "skerry/wasi/files/errno.h"

namespace skerry::wasi {

/// An address in a guest's memory. Untrusted.
using GuestPointer = std::uint32_t;

/// A checked view of a guest's linear memory, for the time of one call: `fault` for whatever does
/// not lie in it. Addresses need no alignment. Borrows the bytes, which must not move (grow)
/// meanwhile. Confined to one thread.
class GuestMemory {
 public:
  explicit GuestMemory(std::span<std::byte> bytes) : bytes_(bytes) {}

  /// `length` bytes from `pointer`. 64-bit sums: nothing wraps.
  OrErrno<std::span<std::byte>> range(GuestPointer pointer, std::uint64_t length) const {
    if (length > bytes_.size() || pointer > bytes_.size() - length) return Errno::kFault;
    return bytes_.subspan(pointer, static_cast<std::size_t>(length));
  }

  OrErrno<std::string_view> text(GuestPointer pointer, std::uint32_t length) const {
    const auto found = range(pointer, length);
    if (!found.ok()) return found.status();
    return std::string_view(reinterpret_cast<const char*>(found->data()), found->size());
  }

  /// Little-endian, as WebAssembly and x86-64 are.
  template <std::unsigned_integral T>
  OrErrno<T> read(GuestPointer pointer) const {
    const auto found = range(pointer, sizeof(T));
    if (!found.ok()) return found.status();
    T value;
    std::memcpy(&value, found->data(), sizeof value);
    return value;
  }

  template <std::unsigned_integral T>
  Errno write(GuestPointer pointer, T value) const {
    const auto found = range(pointer, sizeof(T));
    if (!found.ok()) return found.status();
    std::memcpy(found->data(), &value, sizeof value);
    return Errno::kSuccess;
  }

 private:
  std::span<std::byte> bytes_;
};

/// Puts a value into a structure being laid out, at `offset`; the structure must be large enough.
template <std::unsigned_integral T>
void put(std::span<std::byte> structure, std::size_t offset, T value) {
  std::memcpy(structure.subspan(offset, sizeof value).data(), &value, sizeof value);
}

/// A list of buffers in guest memory (iovec or ciovec), checked as a whole before it is used.
///
/// The list itself lies where the guest, or a read into one of its buffers, can change it: so each
/// buffer is looked up and checked again when it is asked for. Borrows the memory. Confined to one
/// thread.
class BufferList {
 public:
  /// As many as Linux takes (IOV_MAX).
  static constexpr std::uint32_t kMaxBuffers = 1024;

  /// `inval` for too many buffers or 2^32 bytes and more; `fault` when the list or one of its
  /// buffers is not in memory.
  static OrErrno<BufferList> checked(GuestMemory memory, GuestPointer list, std::uint32_t count);

  std::uint32_t count() const { return count_; }
  OrErrno<std::span<std::byte>> buffer(std::uint32_t index) const;

 private:
  BufferList(GuestMemory memory, GuestPointer list, std::uint32_t count)
      : memory_(memory), list_(list), count_(count) {}
  GuestMemory memory_;
  GuestPointer list_;
  std::uint32_t count_;
};

}  // namespace skerry::wasi
