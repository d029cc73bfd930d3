// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/output_queue.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <unistd.h>

#include "skerry/base/os/file.h"

namespace skerry::app {
namespace {

using Clock = std::chrono::steady_clock;

// What a pipe takes without blocking once poll says that it can be written to.
constexpr std::size_t kStep = PIPE_BUF;

bool can_write(int fd, int timeout) {
  pollfd waiting{fd, POLLOUT, 0};
  const auto ready = syscall_result("poll", {}, [&] { return ::poll(&waiting, 1, timeout); });
  // An error is told by the write.
  return !ready.ok() || *ready > 0;
}

}  // namespace

void OutputQueue::add(int fd, std::string_view bytes) {
  if (bytes.empty()) return;
  queue_.push_back({.fd = fd, .bytes = std::string(bytes)});
  held_ += bytes.size();
  write_some();
}

void OutputQueue::write_some() {
  while (!queue_.empty() && can_write(queue_.front().fd, 0) && write_front()) continue;
}

void OutputQueue::write_all(std::optional<std::chrono::milliseconds> limit) {
  const auto end = Clock::now() + limit.value_or(std::chrono::milliseconds(0));
  while (!queue_.empty()) {
    int timeout = -1;
    if (limit) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      timeout = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    }
    if (!can_write(queue_.front().fd, timeout)) return;
    (void)write_front();
  }
}

bool OutputQueue::write_front() {
  Piece& piece = queue_.front();
  const std::size_t size = std::min(kStep, piece.bytes.size() - piece.written);
  const auto written = syscall_result("write", {}, [&] {
    const ssize_t put = ::write(piece.fd, piece.bytes.data() + piece.written, size);
    return put < 0 && errno == EAGAIN ? ssize_t{0} : put;
  });
  if (!written.ok()) {
    failures_[piece.fd] = written.status().code();
    if (written.status().code() != StatusCode::kUnavailable && failure_.ok()) {
      failure_ = annotate(written.status(),
                          piece.fd == STDERR_FILENO ? "standard error" : "standard output");
    }
    drop_front();
    return true;
  }
  piece.written += static_cast<std::size_t>(*written);
  held_ -= static_cast<std::size_t>(*written);
  if (piece.written == piece.bytes.size()) queue_.pop_front();
  return *written > 0;
}

StatusCode OutputQueue::failure_of(int fd) const {
  const auto found = failures_.find(fd);
  return found == failures_.end() ? StatusCode::kOk : found->second;
}

void OutputQueue::drop_front() {
  held_ -= queue_.front().bytes.size() - queue_.front().written;
  queue_.pop_front();
}

}  // namespace skerry::app
