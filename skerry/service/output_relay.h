// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/tool/tool.h"

namespace skerry::service {

/// Passes a run's output on to a client that may be slower than it comes. The first piece goes out
/// at once; while some 64 KiB wait for the client, pieces of a stream are joined, so that a program
/// which writes byte by byte does not cost an event for each. A client that takes nothing stops its
/// run: of what it does not take less than 1 MiB is held. Confined to the event loop's thread.
class OutputRelay {
 public:
  /// How the client gets output. All of it must outlive the relay.
  struct Client {
    std::function<void(wasi::Stream stream, std::string_view text)> send;
    std::function<std::size_t()> unsent;                    ///< bytes that wait for the client
    std::function<boost::asio::awaitable<void>()> drained;  ///< until nothing waits
  };

  OutputRelay(const boost::asio::any_io_executor& executor, Client client)
      : client_(std::move(client)), added_(executor) {}
  OutputRelay(const OutputRelay&) = delete;
  OutputRelay& operator=(const OutputRelay&) = delete;

  /// To be given to a run: takes its output.
  tool::OutputSeen seen() {
    return {[this](wasi::Stream stream, std::string_view text) { add(stream, text); }, flow_};
  }

  /// Sends what has been joined, so that what is sent next comes after it.
  void flush();

  /// What `work` returns, while whose output is passed on.
  template <typename Value>
  boost::asio::awaitable<Value> during(boost::asio::awaitable<Value> work) {
    using boost::asio::experimental::awaitable_operators::operator||;
    auto either = std::move(work) || pump();
    auto first = co_await std::move(either);
    flush();
    co_return std::get<0>(std::move(first));
  }

 private:
  void add(wasi::Stream stream, std::string_view text);
  void make_room(std::size_t bytes);
  boost::asio::awaitable<std::monostate> pump();

  static constexpr std::size_t kJoin = 64 * 1024;
  static constexpr std::size_t kFull = 256 * 1024;
  Client client_;
  boost::asio::steady_timer added_;
  std::deque<std::pair<wasi::Stream, std::string>> joined_;
  std::size_t held_ = 0;  // bytes of `joined_`
  std::shared_ptr<tool::OutputFlow> flow_ = std::make_shared<tool::OutputFlow>();
};

}  // namespace skerry::service
