// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string_view>
#include <type_traits>

#include "skerry/base/status.h"

namespace skerry {

/// Owns one file descriptor and closes it. Confined to one thread. Never a truth value: ask
/// `is_open`.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int release();
  void close();

 private:
  int fd_ = -1;
};

/// The Status of a failed system call: "call(argument): reason", with the code a caller can act on.
/// `error` is errno.
Status errno_status(int error, std::string_view call, std::string_view argument = {});

/// Calls `call()` until it is not interrupted; -1 becomes a Status named after `name`. The only
/// place errno is read. Never for close(), which must not be repeated.
template <typename Call>
auto syscall_result(std::string_view name, std::string_view argument, Call&& call)
    -> Result<std::invoke_result_t<Call>> {
  for (;;) {
    auto value = call();
    using Value = decltype(value);
    if (value != Value(-1)) return value;  // mmap's MAP_FAILED is -1 too
    if (errno != EINTR) return errno_status(errno, name, argument);
  }
}

}  // namespace skerry
