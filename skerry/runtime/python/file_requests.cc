// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/file_requests.h"

#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace skerry::runtime::python {
namespace {

constexpr std::string_view::size_type kModeFrame = 1 + 8 + 4 + 8;
constexpr std::string_view::size_type kUmaskFrame = 1 + 4;

template <typename T>
T number_at(std::string_view frame, std::size_t offset) {
  T number{};
  std::memcpy(&number, frame.data() + offset, sizeof number);
  return number;
}

std::string set_permissions(std::string_view frame, wasi::FileSystem& files) {
  const wasi::InodeNumber inode{number_at<std::uint64_t>(frame, 1)};
  const auto permissions = static_cast<wasi::Mode>(number_at<std::uint32_t>(frame, 9));
  const wasi::Nanoseconds now{number_at<std::uint64_t>(frame, 13)};
  const wasi::Errno error = files.find(inode) == nullptr
                                ? wasi::Errno::kNoEnt
                                : files.set_permissions(inode, permissions, now);
  return std::to_string(static_cast<int>(error));
}

std::string exchange_umask(std::string_view frame, wasi::FileSystem& files) {
  const wasi::Mode before = files.umask();
  files.set_umask(static_cast<wasi::Mode>(number_at<std::uint32_t>(frame, 1) & 0777));
  return std::to_string(before);
}

}  // namespace

std::optional<Result<std::string>> answer_file_request(std::string_view frame,
                                                       wasi::FileSystem& files) {
  if (frame == "v") {
    return fmt::format("{} {} {} {}", files.quotas().file_bytes.value, files.used_bytes(),
                       files.quotas().inodes, files.used_inodes());
  }
  if (frame.starts_with('m') || frame.starts_with('u')) {
    const bool is_mode = frame.front() == 'm';
    if (frame.size() != (is_mode ? kModeFrame : kUmaskFrame))
      return absl::InvalidArgumentError("a request about files of the wrong length");
    return is_mode ? set_permissions(frame, files) : exchange_umask(frame, files);
  }
  return std::nullopt;
}

}  // namespace skerry::runtime::python
