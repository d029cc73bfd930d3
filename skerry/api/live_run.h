// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/status.h"
#include "skerry/run/input_feed.h"
#include "skerry/tool/run_report.h"
#include "skerry/worker/run_request.h"

namespace skerry::api {

/// A run whose client sends its input while it lasts: passes the input on, in the order in which it
/// comes, and not faster than the program takes it. Confined to the event loop's thread.
class LiveRun {
 public:
  /// How long a client may send nothing: how long a person may take is the run's to limit.
  static constexpr std::chrono::hours kPatience{24 * 365};  // longer than any run lasts

  /// How input comes from the client, and whether it takes what it gets in turn. All of it must
  /// outlive the run.
  struct Client {
    /// The next piece; none when the client sends no more. A failure ends the run, and is what it
    /// comes to.
    std::function<boost::asio::awaitable<Result<std::optional<worker::InputPiece>>>()> next;
    std::function<std::size_t()> unsent;                    ///< bytes that wait for the client
    std::function<boost::asio::awaitable<void>()> drained;  ///< until nothing waits
  };

  /// `feed` is that of the run.
  LiveRun(const boost::asio::any_io_executor& executor, std::shared_ptr<run::InputFeed> feed,
          Client client);
  ~LiveRun() { feed_->set_room(nullptr); }
  LiveRun(const LiveRun&) = delete;
  LiveRun& operator=(const LiveRun&) = delete;

  /// To be told by the run.
  void waiting(bool is_waiting);

  /// What `run` comes to, while its input is passed on. An interrupt ends the program's wait; where
  /// the program does not wait, or was interrupted in this wait already, it cancels the run.
  boost::asio::awaitable<Result<tool::RunReport>> during(
      boost::asio::awaitable<Result<tool::RunReport>> run);

 private:
  /// Not OK, when what the client sends is wrong; OK when the run is to be cancelled.
  boost::asio::awaitable<Status> read();
  enum class Next { kGoesOn, kCancels };
  Result<Next> take(const worker::InputPiece& piece);
  /// Until the program and the client have taken enough of what is on its way to them.
  boost::asio::awaitable<void> room();

  std::shared_ptr<run::InputFeed> feed_;
  Client client_;
  boost::asio::steady_timer room_;
  bool is_waiting_ = false;
  bool is_interrupted_ = false;  // in this wait
};

}  // namespace skerry::api
