// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/http/message.h"
#include "skerry/http/stream.h"

namespace skerry::http {

/// Events as the body of an HTTP/1.1 response, whose end is that of the connection. They may come
/// faster than the client reads: what it has not taken waits. A client that takes nothing for the
/// write time gets no more.
///
/// There is one for each of the streams above. Confined to the loop's thread.
template <typename Stream>
class Http1Events final : public EventStream {
 public:
  using Changed = std::function<void(std::uint64_t unsent)>;

  /// The stream must outlive it. Calls `changed` when more or less waits for the client.
  Http1Events(Stream& stream, std::chrono::milliseconds write_time, Changed changed);

  void use_lines() override { text_.use_lines(); }
  void open() override;
  void send(const StreamEvent& event) override;
  using EventStream::send;
  std::size_t unsent() const override { return waiting_.size() + writing_; }
  boost::asio::awaitable<void> drained() override;

  /// No more will come.
  void close();
  bool has_begun() const { return has_begun_; }

  /// Until all that was sent is written, or will not be: to be awaited after `close`, and before
  /// this is destroyed.
  boost::asio::awaitable<void> finished();

 private:
  boost::asio::awaitable<void> pump();
  void add(std::string_view text);

  Stream& stream_;
  std::chrono::milliseconds write_time_;
  Changed on_unsent_;
  EventText text_;
  boost::asio::steady_timer changed_;  // by the handler
  boost::asio::steady_timer taken_;    // by the client
  boost::asio::steady_timer pumped_;   // when the last of it was
  std::string waiting_;
  std::size_t writing_ = 0;
  bool has_begun_ = false;
  bool is_closed_ = false;
  bool is_pumping_ = false;
};

extern template class Http1Events<PlainStream>;
extern template class Http1Events<SecureStream>;

}  // namespace skerry::http
