// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/tar_stream.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/formats/tar_header.h"
#include "skerry/base/os/file.h"

namespace skerry {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::uint64_t kMaxSize = std::uint64_t{8} << 30;  // eleven octal digits hold less

template <std::size_t Size>
std::optional<std::uint64_t> octal_in(const std::array<char, Size>& field) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + Size - 1, value, 8);
  if (error != std::errc() || *end != '\0') return std::nullopt;
  return value;
}

std::size_t padding_of(std::uint64_t size) { return round_up(size, kTarBlock) - size; }

bool is_zeros(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

Status no_archive(std::string_view what) {
  return absl::DataLossError("not a whole archive: " + std::string(what));
}

}  // namespace

Status TarWriter::add(std::string_view name, int fd) {
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", name, [&] { return ::fstat(fd, &info); }).status());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  TarHeader header;
  if (name.size() >= header.name.size() || size >= kMaxSize) {
    return absl::InvalidArgumentError(std::string(name) + " does not fit into an archive");
  }
  std::copy(name.begin(), name.end(), header.name.begin());
  set_octal(header.mode, 0600);
  set_octal(header.owner, 0);
  set_octal(header.group, 0);
  set_octal(header.size, size);
  set_octal(header.modified, static_cast<std::uint64_t>(info.st_mtim.tv_sec));
  set_octal(header.checksum, checksum_of(header));
  SKERRY_TRY(sink_(std::as_bytes(std::span(&header, 1))));
  std::vector<std::byte> buffer(kChunk);
  for (std::uint64_t at = 0; at < size;) {
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", name, [&] {
                    return ::pread(fd, buffer.data(), std::min<std::uint64_t>(kChunk, size - at),
                                   static_cast<off_t>(at));
                  }));
    if (got == 0) return absl::DataLossError(std::string(name) + " became shorter");
    SKERRY_TRY(sink_(std::span(buffer).first(static_cast<std::size_t>(got))));
    at += static_cast<std::uint64_t>(got);
  }
  return sink_(std::vector<std::byte>(padding_of(size)));
}

Status TarWriter::finish() { return sink_(std::vector<std::byte>(2 * kTarBlock)); }

Result<std::optional<TarReader::Entry>> TarReader::next() {
  TarHeader header;
  const auto bytes = std::as_writable_bytes(std::span(&header, 1));
  SKERRY_TRY(source_(bytes));
  if (is_zeros(bytes)) {
    SKERRY_TRY(source_(bytes));
    if (!is_zeros(bytes)) return no_archive("it goes on behind its end");
    return std::optional<Entry>();
  }
  const auto size = octal_in(header.size);
  if (octal_in(header.checksum) != checksum_of(header) || !size || *size >= kMaxSize) {
    return no_archive("there is no header where one should be");
  }
  if (header.type != '0' || header.name.back() != '\0') {
    return no_archive("it holds something else than plain files");
  }
  size_ = *size;
  return Entry{header.name.data(), size_};
}

Status TarReader::copy_to(int fd) {
  std::vector<std::byte> buffer(kChunk);
  for (std::uint64_t at = 0; at < size_;) {
    const auto piece = std::span(buffer).first(std::min<std::uint64_t>(kChunk, size_ - at));
    SKERRY_TRY(source_(piece));
    for (std::size_t begin = 0; begin < piece.size(); begin += kPageSize) {
      const auto page = piece.subspan(begin, std::min(kPageSize, piece.size() - begin));
      if (is_zeros(page)) continue;
      SKERRY_TRY(syscall_result("lseek", {}, [&] {
                   return ::lseek(fd, static_cast<off_t>(at + begin), SEEK_SET);
                 }).status());
      SKERRY_TRY(write_all(fd, page));
    }
    at += piece.size();
  }
  SKERRY_TRY(syscall_result("ftruncate", {}, [&] {
               return ::ftruncate(fd, static_cast<off_t>(size_));
             }).status());
  std::array<std::byte, kTarBlock> padding{};
  return source_(std::span(padding).first(padding_of(size_)));
}

}  // namespace skerry
