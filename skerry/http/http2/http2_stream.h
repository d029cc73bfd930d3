// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/status.h"
#include "skerry/http/connections.h"
#include "skerry/http/message.h"

namespace skerry::http {

class Http2Session;

/// Why a stream or connection ends: error codes of RFC 9113, section 7.
enum class Http2Error : std::uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kEnhanceYourCalm = 0xb,
};

/// One request over HTTP/2 and its response. It outlives its connection while a handler refers to
/// it: then reading fails and what is written is dropped. Confined to the event loop's thread.
class Http2Stream : public std::enable_shared_from_this<Http2Stream> {
 public:
  using Clock = std::chrono::steady_clock;

  Http2Stream(Http2Session& session, std::int32_t id, const boost::asio::any_io_executor& executor,
              Connections& all);
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  const RequestHead& head() const { return head_; }
  /// Why the head's fields were not kept; then the request can only be refused.
  enum class HeadFault { kNone, kTooLarge, kNoMemory };
  HeadFault head_fault() const { return head_fault_; }

  /// The next bytes of the request's body; empty at its end. kCancelled when the stream is over,
  /// kResourceExhausted when all bodies together take too much memory, kDeadlineExceeded when the
  /// client sends nothing for `patience`. What the caller keeps of the body counts until it says
  /// otherwise with `set_held`.
  boost::asio::awaitable<Result<std::string>> read(std::chrono::milliseconds patience);
  void set_held(std::uint64_t bytes);

  /// The key is valid: the client may send more at once.
  void trust();

  /// Sends the response's head. With `kYes` there is no body; else it goes out with what follows.
  enum class End { kNo, kYes };
  void respond(int status, const Headers& headers, End end);
  /// Sends the interim response 100.
  void respond_continue();
  /// Queues bytes of the body, and begins to send what is queued.
  void write(std::string bytes);
  /// Queues bytes of the body that go out with what follows.
  void queue(std::string bytes);
  /// Ends the body, with trailers if there are any. What the client still sends is dropped.
  void finish(const Headers& trailers = {});
  /// Ends the stream at once, and drops what has not been sent.
  void reset(Http2Error why);

  /// Bytes of the body that were queued and not sent yet.
  std::size_t unsent() const { return unsent_; }
  /// Until no more than `most` bytes are unsent. False when the stream is over.
  boost::asio::awaitable<bool> drained(std::size_t most = 0);
  bool has_responded() const { return has_responded_; }
  bool is_over() const { return session_ == nullptr; }

  /// For the coroutine that handles the request: it is cancelled when the client gives up.
  boost::asio::cancellation_slot slot() { return cancellation_.slot(); }
  /// Cancels that coroutine: its time is over.
  void cancel() { cancellation_.emit(boost::asio::cancellation_type::terminal); }

 private:
  friend class Http2Session;
  friend class Http2Fields;
  void on_header(std::string_view name, std::string_view value);
  void on_data(std::string_view bytes);
  void on_end();
  void on_close();
  std::size_t take(std::uint8_t* buffer, std::size_t size);
  void check(Clock::time_point now, std::chrono::milliseconds write_time);
  bool count_request();
  void count_body();
  void overflow();
  void resume();

  Http2Session* session_;  // null when the stream is over
  const std::int32_t id_;
  RequestHead head_;
  std::size_t head_bytes_ = 0;  // as they came, and then what is kept
  HeadFault head_fault_ = HeadFault::kNone;

  // The request's body.
  BodyShare share_;
  std::string incoming_;
  std::uint64_t held_ = 0;
  bool is_complete_ = false;   // the client has sent all
  bool is_overflown_ = false;  // what comes is dropped
  boost::asio::steady_timer arrived_;

  // The response's.
  std::deque<std::string> outgoing_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_ = 0;
  Headers trailers_;
  bool has_responded_ = false;
  bool is_finished_ = false;
  bool is_deferred_ = false;  // the session waits for more of the body
  Clock::time_point progress_;
  boost::asio::steady_timer taken_;

  boost::asio::cancellation_signal cancellation_;
};

}  // namespace skerry::http
