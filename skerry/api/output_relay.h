// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/token_bucket.h"
#include "skerry/tool/tool.h"

namespace skerry::api {

/// Passes a run's output on to a client that may be slower than it comes. The first piece goes out
/// at once; while some 64 KiB wait for the client, pieces of a stream are joined, so that a program
/// which writes byte by byte does not cost an event for each. A client that takes nothing stops its
/// run: of what it does not take less than 1 MiB is held. A limit on events joins pieces, too, up
/// to 256 KiB, which do not wait for it; then what the two streams get at the same time may change
/// places. Confined to the event loop's thread.
class OutputRelay {
 public:
  /// How the client gets output. All of it must outlive the relay.
  struct Client {
    std::function<void(wasi::Stream stream, std::string_view text)> send;
    std::function<std::size_t()> unsent;                    ///< bytes that wait for the client
    std::function<boost::asio::awaitable<void>()> drained;  ///< until nothing waits
  };

  OutputRelay(const boost::asio::any_io_executor& executor, Client client,
              std::optional<int> events_per_second = std::nullopt)
      : client_(std::move(client)),
        added_(executor),
        next_event_(executor),
        pump_ended_(executor, boost::asio::steady_timer::time_point::max()) {
    if (events_per_second) rate_.emplace(*events_per_second, 1, TokenBucket::Clock::now());
  }
  OutputRelay(const OutputRelay&) = delete;
  OutputRelay& operator=(const OutputRelay&) = delete;

  /// To be given to a run: takes its output.
  tool::OutputCallback callback() {
    return {[this](wasi::Stream stream, std::string_view text) { add(stream, text); }, flow_};
  }

  /// Sends what has been joined, so that what is sent next comes after it.
  void flush();

  /// Sends something that is no output in its place among it. A client that is slow to take it
  /// stops its run, too.
  template <typename Send>
  void send_between(const Send& send) {
    flush();
    send();
    wait_if_behind();
  }

  /// What `work` returns, while whose output is passed on.
  template <typename Value>
  boost::asio::awaitable<Value> during(boost::asio::awaitable<Value> work) {
    std::optional<Value> value;
    std::exception_ptr failure;
    try {
      value = co_await std::move(work);
    } catch (...) {
      failure = std::current_exception();
    }
    auto stopping = stop_pump();
    co_await std::move(stopping);
    if (failure) std::rethrow_exception(failure);
    flush();
    co_return *std::move(value);
  }

 private:
  void add(wasi::Stream stream, std::string_view text);
  void make_room(std::size_t bytes);
  void wait_if_behind();
  void start_pump();
  /// The piece that waits already, and takes so many bytes more of the stream; null when none does.
  std::string* piece_for(wasi::Stream stream, std::size_t bytes);
  /// Sends what was joined whenever the client has taken what came before.
  boost::asio::awaitable<void> pump();
  boost::asio::awaitable<void> stop_pump();

  static constexpr std::size_t kJoin = 64 * 1024;
  static constexpr std::size_t kFull = 256 * 1024;
  Client client_;
  boost::asio::steady_timer added_;
  boost::asio::steady_timer next_event_;
  boost::asio::steady_timer pump_ended_;
  boost::asio::cancellation_signal pump_stop_;
  bool is_behind_ = false;   // the client has much to take that is no output
  bool is_pumping_ = false;  // most clients are fast enough that it never is
  std::deque<std::pair<wasi::Stream, std::string>> joined_;
  std::size_t held_ = 0;             // bytes of `joined_`
  std::optional<TokenBucket> rate_;  // of events; what is left at the end does not wait for it
  std::shared_ptr<tool::OutputFlow> flow_ = std::make_shared<tool::OutputFlow>();
};

}  // namespace skerry::api
