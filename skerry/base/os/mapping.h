// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry {

/// A range of addresses, given back when it ends. Confined to one thread; moving it does not move
/// the range.
class AddressRange {
 public:
  AddressRange() = default;
  AddressRange(AddressRange&& other) noexcept;
  AddressRange& operator=(AddressRange&& other) noexcept;
  ~AddressRange();

  /// Inaccessible addresses, backed by nothing: a place to map things at and a guard between them.
  static Result<AddressRange> reserve(std::size_t length);

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  friend class ReadOnlyMapping;
  AddressRange(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Called with bytes that will not be looked at soon again, so that they need not stay in memory.
using WasRead = std::function<void(std::span<const std::byte>)>;

/// A whole file, read-only and shared with every other mapping of it. Copies nothing. The file must
/// not shrink while it is mapped (SIGBUS): map only files of ours, or sealed ones. An empty file
/// gives an empty view. Const calls may run concurrently.
class ReadOnlyMapping {
 public:
  ReadOnlyMapping() = default;
  static Result<ReadOnlyMapping> of_file(int fd);
  std::span<const std::byte> bytes() const { return {range_.data(), range_.size()}; }

  /// Takes bytes of the file out of this process's resident memory, where they count as its own,
  /// until somebody looks at them again. Does nothing for bytes that are not of this mapping.
  void forget(std::span<const std::byte> bytes) const;

 private:
  AddressRange range_;
};

}  // namespace skerry
