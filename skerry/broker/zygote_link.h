// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "skerry/base/os/child.h"
#include "skerry/base/status.h"
#include "skerry/runtime/home.h"
#include "skerry/worker/zygote.h"

namespace skerry::broker {

/// A running zygote, seen from the broker. Kills it, and so its workers, when it goes. Confined to
/// the io_context's thread.
class ZygoteLink : public std::enable_shared_from_this<ZygoteLink> {
 public:
  static Result<std::shared_ptr<ZygoteLink>> start(boost::asio::io_context& io,
                                                   const std::filesystem::path& program,
                                                   const runtime::Home& home, bool require_walls);

  /// Waits until it can fork workers. Its own words when it cannot; kDeadlineExceeded after
  /// `at_most`.
  Status wait_until_ready(std::chrono::milliseconds at_most);

  /// Calls `event` for each event, and once with a failure when the zygote has gone. Not after
  /// `stop`.
  void listen(std::function<void(Result<worker::ReceivedEvent>)> event);
  void stop();

  /// kUnavailable when it has gone or does not keep up.
  Status request_worker(worker::WorkerKind kind, std::uint64_t id, OwnedFd socket, int group);
  int forks() const { return forks_; }
  pid_t pid() const { return child_.pid(); }

 private:
  ZygoteLink(boost::asio::io_context& io, OwnedFd control, Child child)
      : control_(io, control.release()), child_(std::move(child)) {}
  void wait();

  boost::asio::posix::stream_descriptor control_;
  Child child_;
  std::function<void(Result<worker::ReceivedEvent>)> event_;
  int forks_ = 0;
};

}  // namespace skerry::broker
