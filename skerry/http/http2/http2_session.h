// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "skerry/base/token_bucket.h"
#include "skerry/http/http2/http2_stream.h"

struct nghttp2_session;

namespace skerry::http {

/// The server's side of one HTTP/2 connection, without its socket: bytes in, requests and bytes
/// out. Framing, header compression and flow control are nghttp2's.
///
/// Bounded: streams, heads, unread bodies, unsent answers, and the rate of frames that carry
/// nothing (floods of PING, SETTINGS, RST_STREAM, empty frames: CVE-2019-9511 to 9518,
/// CVE-2023-44487, CVE-2024-28182). Confined to the event loop's thread.
class Http2Session {
 public:
  using Clock = Http2Stream::Clock;

  /// Where the session's connection hears of it.
  class Owner {
   public:
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    virtual ~Owner() = default;
    /// A request's head has come. Not called from inside of `receive`.
    virtual void on_request(std::shared_ptr<Http2Stream> stream) = 0;
    /// There is something to send.
    virtual void on_output() = 0;
    /// A request has shown a valid key.
    virtual void on_trust() = 0;
    /// `unsent()` has changed.
    virtual void on_unsent() = 0;
  };

  /// Owner and connections must outlive it.
  Http2Session(const boost::asio::any_io_executor& executor, Connections& all, Owner& owner);
  /// Ends all streams.
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// Takes what the client sent. False when the connection is to end once the output is sent.
  bool receive(std::string_view bytes);
  /// The next bytes to send, some 64 KiB at most; empty when there are none.
  std::string output();
  /// Whether the connection is over once the output is sent.
  bool is_over() const;
  /// Whether so much output waits that the connection should not read for now.
  bool is_congested() const;

  /// Begins no more requests; `is_over` when those under way have ended.
  void stop();
  /// Time limits: `now` is the time.
  void check(Clock::time_point now);

  bool has_streams() const { return !streams_.empty(); }
  /// Of all streams, bytes that wait to be sent.
  std::uint64_t unsent() const { return unsent_; }

 private:
  friend class Http2Stream;
  struct Callbacks;
  void start_requests();
  void fail(Http2Error why);
  bool pay_for_frame();
  void add_unsent(std::int64_t bytes);
  void consume(std::int32_t stream, std::size_t bytes);
  void trust();
  void flush();

  boost::asio::any_io_executor executor_;
  Connections& all_;
  Owner& owner_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<Http2Stream>> streams_;  // that are open
  std::vector<std::shared_ptr<Http2Stream>> arrived_;             // whose requests have not begun
  std::uint64_t unsent_ = 0;
  TokenBucket frames_;
  Clock::time_point heard_;  // from the client, last
  bool is_pinged_ = false;
  bool is_trusted_ = false;
  bool has_failed_ = false;
};

}  // namespace skerry::http
