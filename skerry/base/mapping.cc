// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace skerry {

AddressRange::AddressRange(AddressRange&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AddressRange& AddressRange::operator=(AddressRange&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

AddressRange::~AddressRange() {
  if (data_ != nullptr) ::munmap(data_, size_);
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

}  // namespace skerry
