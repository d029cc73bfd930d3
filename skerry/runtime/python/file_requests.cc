// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/file_requests.h"

#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace skerry::runtime::python {
namespace {

constexpr std::string_view::size_type kModeFrame = 1 + 8 + 4 + 8;
constexpr std::string_view::size_type kUmaskFrame = 1 + 4;
constexpr std::string_view::size_type kDuplicateFrame = 1 + 4 + 4;
constexpr std::string_view::size_type kLockFrame = 1 + 4 + 4;
constexpr std::string_view::size_type kFlagsFrame = 1 + 4;
constexpr std::string_view::size_type kPipeFrame = 1 + 4;
constexpr std::uint32_t kLowest = 0xffffffff;

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

std::string failed(wasi::Errno error) { return fmt::format("-{}", static_cast<int>(error)); }

std::string duplicate(std::string_view frame, wasi::HostState& state) {
  const wasi::Fd from{number_at<std::uint32_t>(frame, 1)};
  const auto to = number_at<std::uint32_t>(frame, 5);
  if (to == kLowest) {
    const auto made = state.duplicate(from);
    return made.ok() ? std::to_string(static_cast<std::uint32_t>(*made)) : failed(made.status());
  }
  const wasi::Errno error = state.duplicate_at(from, wasi::Fd{to});
  return error == wasi::Errno::kSuccess ? std::to_string(to) : failed(error);
}

std::string lock(std::string_view frame, wasi::HostState& state) {
  const auto how = number_at<std::uint32_t>(frame, 5);
  if (how > static_cast<std::uint32_t>(wasi::FileLock::kExclusive))
    return failed(wasi::Errno::kInval);
  const wasi::Errno error =
      state.lock(wasi::Fd{number_at<std::uint32_t>(frame, 1)}, static_cast<wasi::FileLock>(how));
  return error == wasi::Errno::kSuccess ? "0" : failed(error);
}

std::string tell_flags(std::string_view frame, wasi::HostState& state) {
  const auto* open = state.descriptors().find(wasi::Fd{number_at<std::uint32_t>(frame, 1)});
  if (open == nullptr) return failed(wasi::Errno::kBadf);
  return fmt::format("{} {:d} {:d}", open->flags, (open->rights & wasi::kFdRead) != 0,
                     (open->rights & wasi::kFdWrite) != 0);
}

std::string open_pipe(std::string_view frame, wasi::HostState& state) {
  const auto flags = number_at<std::uint32_t>(frame, 1);
  if ((flags & ~std::uint32_t{wasi::kAllFdFlags}) != 0) return failed(wasi::Errno::kInval);
  const auto pipe = state.open_pipe(static_cast<wasi::FdFlags>(flags), wasi::Nanoseconds(0));
  if (!pipe.ok()) return failed(pipe.status());
  return fmt::format("{} {}", static_cast<std::uint32_t>(pipe->output),
                     static_cast<std::uint32_t>(pipe->input));
}

}  // namespace

std::optional<Result<std::string>> answer_file_request(std::string_view frame,
                                                       wasi::HostState& state) {
  wasi::FileSystem& files = state.files();
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
  const auto answer = [&](std::size_t size, auto answered) -> Result<std::string> {
    if (frame.size() != size)
      return absl::InvalidArgumentError("a request about descriptors of the wrong length");
    return answered(frame, state);
  };
  if (frame.starts_with('D')) return answer(kDuplicateFrame, duplicate);
  if (frame.starts_with('L')) return answer(kLockFrame, lock);
  if (frame.starts_with('F')) return answer(kFlagsFrame, tell_flags);
  if (frame.starts_with('P')) return answer(kPipeFrame, open_pipe);
  return std::nullopt;
}

}  // namespace skerry::runtime::python
