// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "skerry/http/connections.h"
#include "skerry/http/message.h"
#include "skerry/http/stream.h"

namespace skerry::http {

/// Events as messages of a WebSocket: each one's data, as text. What the client sends is read and
/// dropped, unless the handler listens: then 64 KiB of it wait for the handler, and no more is read
/// meanwhile. A client that answers no ping for thirty seconds, sends too large a message or takes
/// nothing for the write time is cut off; so is one whose messages are not read for thirty seconds.
/// One whose messages find no memory is done with at once: the handler is cancelled, and the close
/// code says to try again later.
///
/// The handshake is answered when the handler opens the stream, so that it can refuse before.
/// There is one for each of the streams above. Confined to the loop's thread.
template <typename Stream>
class WebSocketEvents final : public EventStream {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  /// Takes the connection when it is opened. Stream, request and share must outlive it. A client
  /// has `write_time` to take an event.
  WebSocketEvents(Stream& stream, const Request& request, BodyShare& share,
                  std::chrono::milliseconds write_time);

  void open() override;
  void send(const StreamEvent& event) override;
  using EventStream::send;
  std::size_t unsent() const override { return unsent_; }
  boost::asio::awaitable<void> drained() override;
  void listen(std::size_t first_message) override { first_message_ = first_message; }
  boost::asio::awaitable<Result<std::string>> receive(std::chrono::milliseconds patience) override;
  void release_first_message() override;

  /// No more will come; `response` is the handler's last word, if it has one.
  void close(const std::optional<Response>& response);
  bool has_begun() const { return is_open_; }
  /// Whether the connection is this one's now, and ends with it.
  bool has_taken() const { return socket_.has_value(); }

  /// Shakes hands, writes what comes, and closes. To the end of all that.
  boost::asio::awaitable<void> pump();
  /// Until the client is gone, or its messages find no memory.
  boost::asio::awaitable<void> gone();

 private:
  using Socket = boost::beast::websocket::stream<Stream, false>;  // nothing is compressed
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> read();
  boost::asio::awaitable<bool> read_message(boost::beast::flat_buffer& buffer);
  boost::asio::awaitable<void> room();
  void overflow();
  void end();

  Stream& stream_;
  const Request& request_;
  std::chrono::milliseconds write_time_;
  std::optional<Socket> socket_;
  boost::asio::steady_timer changed_;  // by the handler
  boost::asio::steady_timer taken_;    // by the client
  boost::asio::steady_timer gone_;
  BodyShare& share_;                          // of the client's messages
  std::optional<std::size_t> first_message_;  // none: nobody listens
  boost::asio::steady_timer received_;        // for the handler
  boost::asio::steady_timer wanted_;          // by the handler
  std::deque<std::string> messages_;
  std::size_t messages_size_ = 0;
  std::size_t kept_ = 0;  // of the first message: the handler has it for as long as it lasts
  bool is_overflown_ = false;
  std::deque<std::string> waiting_;
  std::size_t unsent_ = 0;  // bytes of what waits or is being written
  boost::beast::websocket::close_reason reason_;
  bool is_open_ = false;
  bool is_closed_ = false;
  bool is_gone_ = false;
};

extern template class WebSocketEvents<PlainStream>;
extern template class WebSocketEvents<SecureStream>;

}  // namespace skerry::http
