// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/mapping.h"

#include <functional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/release.h"

namespace skerry {

AddressRange::AddressRange(AddressRange&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AddressRange& AddressRange::operator=(AddressRange&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

AddressRange::~AddressRange() {
  if (data_ != nullptr) release_mapping(data_, size_);
}

Result<AddressRange> AddressRange::reserve(std::size_t length) {
  SKERRY_ASSIGN(void* address, syscall_result("mmap", "reserve", [&] {
                  return ::mmap(nullptr, length, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                }));
  return AddressRange(static_cast<std::byte*>(address), length);
}

Result<ReadOnlyMapping> ReadOnlyMapping::of_file(int fd) {
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", {}, [&] { return ::fstat(fd, &info); }).status());
  ReadOnlyMapping mapping;
  if (info.st_size == 0) return mapping;
  const auto size = static_cast<std::size_t>(info.st_size);
  SKERRY_ASSIGN(void* address, syscall_result("mmap", {}, [&] {
                  return ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
                }));
  mapping.range_ = AddressRange(static_cast<std::byte*>(address), size);
  return mapping;
}

void ReadOnlyMapping::forget(std::span<const std::byte> bytes) const {
  const auto whole = this->bytes();
  const std::less_equal<> before;
  if (bytes.empty() || !before(whole.data(), bytes.data()) ||
      !before(bytes.data() + bytes.size(), whole.data() + whole.size())) {
    return;
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto from = static_cast<std::size_t>(bytes.data() - whole.data()) / page * page;
  const auto to = static_cast<std::size_t>(bytes.data() + bytes.size() - whole.data());
  // The mapping is shared and read-only: what is dropped is in the file.
  ::madvise(range_.data() + from, to - from, MADV_DONTNEED);
}

}  // namespace skerry
