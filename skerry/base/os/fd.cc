// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/fd.h"

#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/release.h"

namespace skerry {
namespace {

StatusCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return StatusCode::kNotFound;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:  // a symbolic link where none may be followed
      return StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return StatusCode::kResourceExhausted;
    case ENOSYS:
    case EOPNOTSUPP:
    case ENOTTY:
      return StatusCode::kUnimplemented;
    case EINVAL:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return StatusCode::kInvalidArgument;
    case EAGAIN:
    case EPIPE:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

OwnedFd::~OwnedFd() { close(); }

int OwnedFd::release() { return std::exchange(fd_, -1); }

void OwnedFd::close() {
  if (fd_ >= 0) release_file(std::exchange(fd_, -1));
}

Status errno_status(int error, std::string_view call, std::string_view argument) {
  char buffer[128];
  std::string text(call);
  if (!argument.empty()) {
    text += '(';
    text += argument;
    text += ')';
  }
  text += ": ";
  text += ::strerror_r(error, buffer, sizeof buffer);
  if (error == ENOSPC) text += " (make room on that disk, then try again)";
  return Status(code_of(error), text);
}

}  // namespace skerry
