// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/compressed_file.h"

#include <algorithm>
#include <span>
#include <unistd.h>
#include <vector>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/image/image_pages.h"

namespace skerry::image {
namespace {

constexpr std::size_t kStretch = std::size_t{256} << 10;

Result<std::size_t> read_some(int fd, std::span<std::byte> to) {
  SKERRY_ASSIGN(const ssize_t got,
                syscall_result("read", {}, [&] { return ::read(fd, to.data(), to.size()); }));
  return static_cast<std::size_t>(got);
}

/// Writes `bytes`, which begin at a page, to `offset`, and leaves holes for pages of zeros.
Status write_sparse(int fd, std::uint64_t offset, std::span<const std::byte> bytes) {
  const auto zero_at = [&](std::size_t at) {
    return is_zero(bytes.subspan(at, std::min(kPageSize, bytes.size() - at)));
  };
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = at;
    while (end < bytes.size() && !zero_at(end)) end = std::min(end + kPageSize, bytes.size());
    if (end > at) {
      SKERRY_TRY(syscall_result("lseek", {}, [&] {
                   return ::lseek(fd, static_cast<off_t>(offset + at), SEEK_SET);
                 }).status());
      SKERRY_TRY(write_all(fd, bytes.subspan(at, end - at)));
    }
    at = end + kPageSize;
  }
  return ok_status();
}

}  // namespace

Status compress_file(int from, int to) {
  ZstdWriter writer([&](std::span<const std::byte> bytes) { return write_all(to, bytes); });
  std::vector<std::byte> stretch(kStretch);
  for (;;) {
    SKERRY_ASSIGN(const std::size_t got, read_some(from, stretch));
    if (got == 0) return writer.finish();
    SKERRY_TRY(writer.write(std::span(stretch).first(got)));
  }
}

Status expand_file(int from, int to, std::uint64_t most) {
  ZstdReader reader([&](std::span<std::byte> bytes) { return read_some(from, bytes); });
  std::vector<std::byte> stretch(kStretch);
  std::uint64_t size = 0;
  for (;;) {
    SKERRY_ASSIGN(const std::size_t got, reader.read_some(stretch));
    if (got > most - size) return absl::DataLossError("the compressed part holds too much");
    SKERRY_TRY(write_sparse(to, size, std::span(stretch).first(got)));
    size += got;
    if (got < stretch.size()) break;
  }
  SKERRY_TRY(reader.finish());
  return syscall_result("ftruncate", {}, [&] { return ::ftruncate(to, static_cast<off_t>(size)); })
      .status();
}

}  // namespace skerry::image
