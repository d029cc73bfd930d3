// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include <absl/base/thread_annotations.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/loop/mutex.h"
#include "skerry/mcp/tool.h"

namespace skerry::mcp {

/// Writes lines to a descriptor on a thread of its own, so that a reader who takes none holds
/// nobody up. Confined to the event loop's thread.
class LineWriter final : public Exchange {
 public:
  /// Calls `broken` on the loop, once, when nobody reads any more. The descriptor is borrowed.
  LineWriter(boost::asio::io_context& io, int descriptor, std::function<void()> broken);
  /// Writes what is left, if anyone reads it.
  ~LineWriter() override;

  /// One line, without its end.
  void add(std::string line);

  void send(const nlohmann::ordered_json& message) override;
  std::size_t unsent() const override { return unsent_; }
  boost::asio::awaitable<void> drained() override;

 private:
  void work();
  void written(std::size_t bytes);

  boost::asio::io_context& io_;
  const int descriptor_;
  const std::function<void()> broken_;
  std::size_t unsent_ = 0;
  boost::asio::steady_timer drained_;
  loop::Mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace skerry::mcp
