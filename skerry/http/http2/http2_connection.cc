// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_connection.h"

#include <exception>
#include <sys/socket.h>
#include <type_traits>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "skerry/http/http2/http2_request.h"
#include "skerry/http/http2/http2_session.h"
#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using boost::system::error_code;
using loop::kTuple;

constexpr std::size_t kRead = 64 * 1024;
constexpr std::size_t kIdleRead = 4096;
// Of the session's output, in a row: one connection is not all there is to do.
constexpr int kPiecesAtOnce = 16;

template <typename Stream>
class Http2Connection final : public Connections::Member,
                              public Http2Session::Owner,
                              public std::enable_shared_from_this<Http2Connection<Stream>> {
 public:
  using Clock = Connections::Clock;

  Http2Connection(Stream stream, const Offer& offer, std::string peer,
                  std::shared_ptr<Connections> all)
      : Member(*all, peer, offer.kind),
        stream_(std::move(stream)),
        offer_(offer),
        peer_(std::move(peer)),
        connections_(std::move(all)),
        written_(stream_.get_executor(), asio::steady_timer::time_point::max()),
        session_(stream_.get_executor(), *connections_, *this) {}

  /// To the end of the connection. `buffer` is what was read already.
  awaitable<void> serve(beast::flat_buffer buffer) {
    const auto self = this->shared_from_this();
    beast::get_lowest_layer(stream_).expires_never();  // time limits are `check`'s
    while (!is_closed_) {
      const auto held = buffer.cdata();
      const std::string_view bytes(static_cast<const char*>(held.data()), held.size());
      if (!bytes.empty()) {
        const bool goes_on = session_.receive(bytes);
        buffer.consume(bytes.size());
        flush();
        if (!goes_on) break;
      }
      update_busy();
      if (all().is_stopping() && !std::exchange(is_stopping_, true)) session_.stop();
      if (is_stopping_ && !session_.has_streams()) break;
      // A client that does not read is not read from.
      while (session_.is_congested() && !is_closed_) {
        auto waiting = written_.async_wait(kTuple);
        (void)co_await std::move(waiting);
      }
      // Thousands of idle connections hold no large buffers.
      buffer.reserve(session_.has_streams() ? kRead : kIdleRead);
      if (!session_.has_streams()) buffer.shrink_to_fit();
      auto reading = stream_.async_read_some(
          buffer.prepare(session_.has_streams() ? kRead : kIdleRead), kTuple);
      const auto [error, size] = co_await std::move(reading);
      if (error) break;
      buffer.commit(size);
      last_active_ = Clock::now();
    }
    auto leaving = leave();
    co_await std::move(leaving);
  }

  void abort() override {
    is_closed_ = true;
    beast::get_lowest_layer(stream_).close();
    written_.cancel();
  }

  void check(Clock::time_point now) override {
    const ServerLimits& limits = all().limits();
    if (is_writing_ && now - write_began_ > limits.write) {
      abort();
      return;
    }
    session_.check(now);
    if (all().is_stopping() && !std::exchange(is_stopping_, true)) session_.stop();
    const bool is_idle = !session_.has_streams() && !is_writing_;
    const auto most = is_trusted() ? limits.http2_idle : limits.idle;
    if (is_idle && (is_stopping_ || now - last_active_ > most)) {
      is_stopping_ = true;
      session_.stop();
      if (!is_writing_) abort();
    }
  }

 private:
  void on_request(std::shared_ptr<Http2Stream> stream) override {
    auto work = serve_stream(stream);
    auto slot = stream->slot();
    asio::co_spawn(stream_.get_executor(), std::move(work),
                   asio::bind_cancellation_slot(slot, [self = this->weak_from_this(),
                                                       stream](const std::exception_ptr& error) {
                     // A handler that fails leaves its client without an answer.
                     if (error) stream->reset(Http2Error::kInternalError);
                     if (const auto own = self.lock()) own->update_busy();
                   }));
  }

  awaitable<void> serve_stream(std::shared_ptr<Http2Stream> stream) {
    if (offer_.calls != nullptr && offer_.calls->is_call(stream->head())) {
      return offer_.calls->serve(std::move(stream), peer_);
    }
    if (offer_.router != nullptr) {
      return answer_http2(std::move(stream), *offer_.router, peer_, connections_);
    }
    return refuse(std::move(stream));
  }

  static awaitable<void> refuse(std::shared_ptr<Http2Stream> stream) {
    const Response response = error_response(415, "this port takes gRPC calls alone");
    stream->respond(response.status, {{"content-type", response.content_type}},
                    Http2Stream::End::kNo);
    stream->write(response.body);
    stream->finish();
    co_return;
  }

  void on_output() override { flush(); }
  void on_trust() override {
    set_trusted();
    update_busy();
  }
  void on_unsent() override { set_unsent(session_.unsent() + output_.size()); }
  /// Requests without a key hold no connection that others need.
  void update_busy() { set_busy(session_.has_streams() && is_trusted()); }

  /// Sends what there is, one write after the other. Not recursive: what handlers queue while
  /// output is gathered goes with it.
  void flush() {
    if (is_writing_ || is_closed_ || std::exchange(is_gathering_, true)) return;
    output_ = session_.output();
    std::size_t sent = 0;
    // Mostly the socket takes all at once: to wait would cost a turn behind all other requests.
    for (int i = 0; i < kPiecesAtOnce && !output_.empty(); ++i) {
      sent = send_now();
      if (sent < output_.size()) break;
      output_ = session_.output();
      sent = 0;
    }
    is_gathering_ = false;
    if (output_.empty()) {
      all_written();
      return;
    }
    is_writing_ = true;
    write_began_ = Clock::now();
    asio::async_write(stream_, asio::buffer(output_) + sent,
                      [self = this->shared_from_this()](const error_code& error, std::size_t) {
                        self->on_written(error);
                      });
  }

  /// How much of the output the socket takes without waiting.
  std::size_t send_now() {
    if constexpr (std::is_same_v<Stream, PlainStream>) {
      const ssize_t sent = ::send(stream_.socket().native_handle(), output_.data(), output_.size(),
                                  MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) return static_cast<std::size_t>(sent);
    }
    return 0;
  }

  void on_written(const error_code& error) {
    is_writing_ = false;
    output_.clear();
    if (error) abort();
    flush();
    written_.cancel();
  }

  void all_written() {
    on_unsent();
    written_.cancel();
    // The reader waits for a client that may have nothing more to say.
    if (is_stopping_ && !session_.has_streams()) abort();
  }

  awaitable<void> leave() {
    while (is_writing_ && !is_closed_) {
      auto waiting = written_.async_wait(kTuple);
      (void)co_await std::move(waiting);
    }
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      if (!is_closed_) {
        beast::get_lowest_layer(stream_).expires_after(kLeave);
        auto shutting = stream_.async_shutdown(kTuple);
        (void)co_await std::move(shutting);
      }
    }
    error_code ignored;
    beast::get_lowest_layer(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_both,
                                                       ignored);
    abort();
  }

  Stream stream_;
  Offer offer_;
  std::string peer_;
  std::shared_ptr<Connections> connections_;
  std::string output_;  // that is being written
  bool is_writing_ = false;
  bool is_gathering_ = false;
  bool is_closed_ = false;
  bool is_stopping_ = false;
  Clock::time_point write_began_;
  Clock::time_point last_active_ = Clock::now();
  asio::steady_timer written_;
  Http2Session session_;  // last: its end calls back
};

template <typename Stream>
awaitable<void> http2_on(Stream stream, beast::flat_buffer buffer, const Offer& offer,
                         std::string peer, std::shared_ptr<Connections> all) {
  auto connection = std::make_shared<Http2Connection<Stream>>(std::move(stream), offer,
                                                              std::move(peer), std::move(all));
  auto serving = connection->serve(std::move(buffer));
  co_await std::move(serving);
}

}  // namespace

awaitable<void> serve_http2(PlainStream stream, beast::flat_buffer buffer, const Offer& offer,
                            std::string peer, std::shared_ptr<Connections> all) {
  return http2_on(std::move(stream), std::move(buffer), offer, std::move(peer), std::move(all));
}

awaitable<void> serve_http2(SecureStream stream, beast::flat_buffer buffer, const Offer& offer,
                            std::string peer, std::shared_ptr<Connections> all) {
  return http2_on(std::move(stream), std::move(buffer), offer, std::move(peer), std::move(all));
}

}  // namespace skerry::http
