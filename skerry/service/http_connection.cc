// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_connection.h"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <sys/socket.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <netinet/tcp.h>

#include "skerry/service/http_request.h"
#include "skerry/service/web_socket.h"

namespace skerry::service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kHeartbeat{10};
// How soon the streams of a key that was revoked end.
constexpr std::chrono::seconds kKeyCheck{2};
constexpr std::size_t kFirstRead = 4096;
// Beside a head: what is read at once, and so the longest line between chunks.
constexpr std::size_t kMostRead = 64 * 1024;
// A body that is read before anybody asks whose it is: an answer then leaves the connection open.
constexpr std::uint64_t kSmallBody = 64 * 1024;

// How long a client may take to take leave, after the last answer.
constexpr std::chrono::seconds kLeave{1};
// The first byte of a record of TLS that holds a handshake.
constexpr char kHandshakeRecord = 0x16;

using Parser = HttpParser;
using Clock = std::chrono::steady_clock;

/// Events on their way to the client, who may be slower than they come.
template <typename Stream>
class Events final : public EventStream {
 public:
  Events(Stream& stream, std::chrono::milliseconds write_time)
      : stream_(stream),
        write_time_(write_time),
        changed_(stream.get_executor()),
        taken_(stream.get_executor(), asio::steady_timer::time_point::max()) {}

  void use_lines() override { is_lines_ = true; }
  void open() override {
    if (std::exchange(has_begun_, true) || is_closed_) return;
    waiting_ += ": here are events\n\n";
    changed_.cancel();
  }
  void send(const StreamEvent& event) override {
    has_begun_ = true;
    if (is_closed_) return;
    if (is_lines_) {
      waiting_ += std::string(event.data) + "\n";
      changed_.cancel();
      return;
    }
    if (!event.id.empty()) waiting_ += "id: " + std::string(event.id) + "\n";
    waiting_ += "event: " + std::string(event.name) + "\ndata: " + std::string(event.data) + "\n\n";
    changed_.cancel();
  }
  using EventStream::send;
  awaitable<void> drained() override {
    while (!is_closed_ && (is_writing_ || !waiting_.empty())) {
      auto waiting = taken_.async_wait(kTuple);
      (void)co_await std::move(waiting);
    }
  }

  /// No more will come.
  void close() {
    is_closed_ = true;
    changed_.cancel();
    taken_.cancel();
  }
  bool has_begun() const { return has_begun_; }

  /// Writes what comes until the end. False when the client does not take it.
  awaitable<bool> pump() {
    bool is_first = true;
    for (;;) {
      if (waiting_.empty() && is_closed_) co_return true;
      if (waiting_.empty()) {
        changed_.expires_after(kHeartbeat);
        const auto [error] = co_await changed_.async_wait(kTuple);
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
          co_return false;
        }
        if (!error && has_begun_ && !is_lines_) waiting_ += ": still there\n\n";
        continue;
      }
      std::string now = std::exchange(waiting_, {});
      if (is_first) now.insert(0, kHead);
      is_first = false;
      is_writing_ = true;
      beast::get_lowest_layer(stream_).expires_after(write_time_);
      const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(now), kTuple);
      beast::get_lowest_layer(stream_).expires_never();
      is_writing_ = false;
      if (error) {
        close();
        co_return false;
      }
      taken_.cancel();
    }
  }

 private:
  // The connection ends with the events: nobody has to tell where they do.
  static constexpr const char* kHead =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n";

  Stream& stream_;
  std::chrono::milliseconds write_time_;
  asio::steady_timer changed_;  // by the handler
  asio::steady_timer taken_;    // by the client
  std::string waiting_;
  bool is_writing_ = false;
  bool has_begun_ = false;
  bool is_closed_ = false;
  bool is_lines_ = false;
};

/// What a request's body takes of what all bodies may. A request without a body takes nothing.
class BodyShare {
 public:
  BodyShare(Connections& all, std::uint64_t most) : all_(all), most_(most) {}
  ~BodyShare() { all_.body_bytes -= taken_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  /// Whether there is room for a body that has grown to `size`. For small ones there always is.
  bool grow_to(std::uint64_t size) {
    all_.body_bytes += size - taken_;
    taken_ = size;
    return size <= kSmallBody || all_.body_bytes <= most_;
  }

 private:
  Connections& all_;
  std::uint64_t most_;
  std::uint64_t taken_ = 0;
};

/// Until the client goes.
awaitable<void> watch(PlainStream& stream, beast::flat_buffer&) {
  auto& socket = stream.socket();
  for (;;) {
    const auto [error] = co_await socket.async_wait(asio::ip::tcp::socket::wait_read, kTuple);
    if (error) co_return;
    char byte = 0;
    const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) co_return;
    if (got > 0) break;
  }
  // The next request is there already, and hides whether anybody waits for this one's answer.
  asio::steady_timer never(stream.get_executor(), asio::steady_timer::time_point::max());
  (void)co_await never.async_wait(kTuple);
}

/// The same where only reading shows what came: a farewell is bytes, too. What is read is left in
/// `buffer`, for the next request.
awaitable<void> watch(SecureStream& stream, beast::flat_buffer& buffer) {
  // Unless so many requests are there already that nothing more fits.
  if (buffer.max_size() - buffer.size() >= kFirstRead) {
    auto reading = stream.async_read_some(buffer.prepare(kFirstRead), kTuple);
    const auto [error, size] = co_await std::move(reading);
    if (error) co_return;
    buffer.commit(size);
  }
  asio::steady_timer never(stream.get_executor(), asio::steady_timer::time_point::max());
  (void)co_await never.async_wait(kTuple);
}

http::response<http::string_body> message_of(HttpResponse&& response, bool keep_alive) {
  http::response<http::string_body> message;
  message.result(static_cast<unsigned>(response.status));
  message.version(11);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  // Of a body that comes in pieces only who writes it knows how its end is told.
  if (!response.source) message.prepare_payload();
  return message;
}

template <typename Stream>
class Connection {
 public:
  Connection(Stream stream, const Router& router, const HttpServer::Limits& limits,
             Connections& all)
      : stream_(std::move(stream)),
        router_(router),
        limits_(limits),
        all_(all),
        buffer_(limits.header + kMostRead) {}

  awaitable<void> serve() {
    while (!all_.is_stopping && co_await serve_one()) {
    }
    if (is_taken_) co_return;
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      // Without a farewell, an answer that ends with its connection would look cut off.
      tcp().expires_after(kLeave);
      (void)co_await stream_.async_shutdown(kTuple);
    }
    error_code ignored;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

 private:
  PlainStream& tcp() { return beast::get_lowest_layer(stream_); }

  /// One request and its answer. False when the connection is to end.
  awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header));
    parser.body_limit(limits_.body);
    if (!co_await read_head(parser)) co_return false;
    BodyShare share(all_, limits_.all_bodies);
    if (!co_await read_body(parser, share)) co_return false;
    auto request = request_of(parser);
    const bool is_head = parser.get().method() == http::verb::head;
    knows_chunks_ = parser.get().version() >= 11;
    const bool keep_alive = parser.get().keep_alive() && !all_.is_stopping;
    if (!request) {
      co_return co_await write(error_response(400, "the request's target is no path"), keep_alive);
    }
    const auto& fields = parser.get();
    if (const auto origin = fields.find(http::field::origin);
        origin != fields.end() &&
        !is_local_origin(std::string_view(origin->value().data(), origin->value().size()))) {
      co_return co_await write(error_response(403, "pages of other origins may not ask this"),
                               keep_alive);
    }
    const auto host = fields[http::field::host];
    if (router_.is_open() && !host.empty() &&
        !is_local_host(std::string_view(host.data(), host.size()))) {
      // A name of elsewhere that leads here lets pages of it read what is answered.
      co_return co_await write(
          error_response(403, "without keys this is served as localhost or 127.0.0.1 alone"),
          keep_alive);
    }
    if (is_head) request->method = "GET";
    if (request->wants_web_socket) {
      WebSocketEvents<Stream> messages(stream_, parser.get());
      auto answering = answer_messages(*std::move(request), messages);
      auto refusal = co_await std::move(answering);
      is_taken_ = messages.has_taken();
      // What comes behind the request would be frames, and not for us.
      if (!refusal) co_return false;
      co_return co_await write(*std::move(refusal), false, is_head);
    }
    Events<Stream> events(stream_, limits_.write);
    auto response = co_await answer(*std::move(request), events);
    if (!response) co_return false;  // sent as events, or nobody is there
    co_return co_await write(*std::move(response), keep_alive, is_head);
  }

  awaitable<bool> read_head(Parser& parser) {
    tcp().expires_after(limits_.idle);
    if (buffer_.size() == 0) {
      const auto [error, size] =
          co_await stream_.async_read_some(buffer_.prepare(kFirstRead), kTuple);
      if (error) co_return false;
      buffer_.commit(size);
    }
    tcp().expires_after(limits_.header_time);
    const auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, kTuple);
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    if (const std::string_view fault = fault_in(parser.get()); !fault.empty()) {
      co_await write(error_response(400, fault), false);
      co_return false;
    }
    co_return true;
  }

  /// Why the body is not worth reading: it is a large one of who has no key.
  std::optional<HttpResponse> refusal_of_body(const Parser& parser) const {
    const auto length = parser.content_length();
    const bool is_small = parser.is_done() || (length && *length <= kSmallBody);
    if (is_small) return std::nullopt;
    return router_.refusal_of(api_key_in(parser.get()));
  }

  awaitable<bool> read_body(Parser& parser, BodyShare& share) {
    if (auto refusal = refusal_of_body(parser)) {
      co_await write(*std::move(refusal), false);
      co_return false;
    }
    tcp().expires_after(limits_.body_time);
    const auto expect = parser.get()[http::field::expect];
    if (beast::iequals(expect, "100-continue") && !parser.is_done()) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const auto [error, size] =
          co_await asio::async_write(stream_, asio::buffer(kContinue), kTuple);
      if (error) co_return false;
    }
    error_code error;
    while (!error && !parser.is_done()) {
      const auto [failed, size] = co_await http::async_read_some(stream_, buffer_, parser, kTuple);
      error = failed;
      if (share.grow_to(parser.get().body().size())) continue;
      HttpResponse busy = error_response(503, "other requests' bodies take all memory for these");
      busy.headers.emplace_back("Retry-After", "1");
      co_await write(std::move(busy), false);
      co_return false;
    }
    tcp().expires_never();
    if (!error) co_return true;
    co_await refuse(error);
    co_return false;
  }

  /// Says what is wrong with a request that could not be read, if somebody may be listening.
  awaitable<void> refuse(const error_code& error) {
    if (error == http::error::body_limit) {
      co_await write(
          error_response(413, "the body is larger than " + std::to_string(limits_.body) + " bytes"),
          false);
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      co_await write(error_response(431, "the header is larger than " +
                                             std::to_string(limits_.header) + " bytes"),
                     false);
    } else if (error == beast::error::timeout) {
      // The stream is closed already.
    } else if (error != http::error::end_of_stream && error != http::error::partial_message &&
               error.category() == http::make_error_code(http::error::bad_version).category()) {
      co_await write(error_response(400, "this is not HTTP: " + error.message()), false);
    }
  }

  awaitable<std::optional<HttpResponse>> handle(HttpRequest request, EventStream& events) {
    try {
      co_return co_await router_.handle(std::move(request), events);
    } catch (const std::exception&) {
      co_return error_response(500, "the request could not be carried out");
    }
  }

  /// Until a key is one no more.
  awaitable<void> revoked(const std::string& key) {
    asio::steady_timer timer(stream_.get_executor());
    while (!router_.refusal_of(key)) {
      timer.expires_after(kKeyCheck);
      const auto [error] = co_await timer.async_wait(kTuple);
      if (error) co_return;
    }
  }

  /// Until the client goes or, if a key is given, until that is one no more.
  awaitable<void> gone(const std::string& key) {
    using asio::experimental::awaitable_operators::operator||;
    auto watching = watch(stream_, buffer_);
    if (key.empty()) {
      co_await std::move(watching);
      co_return;
    }
    auto either = std::move(watching) || revoked(key);
    (void)co_await std::move(either);
  }

  /// The handler's answer; none when it went out as events, or the client is gone.
  awaitable<std::optional<HttpResponse>> answer(HttpRequest request, Events<Stream>& events) {
    using asio::experimental::awaitable_operators::operator||;
    using asio::experimental::awaitable_operators::operator&&;
    const auto work = [&]() -> awaitable<std::optional<HttpResponse>> {
      auto response = co_await handle(std::move(request), events);
      events.close();
      co_return response;
    };
    const std::string streams_for = request.wants_events ? request.api_key : "";
    const auto attended = [&]() -> awaitable<std::optional<HttpResponse>> {
      auto first = co_await (work() || gone(streams_for));
      events.close();
      if (first.index() == 1) co_return std::nullopt;
      co_return std::get<0>(std::move(first));
    };
    auto [response, written] = co_await (attended() && events.pump());
    if (events.has_begun()) co_return std::nullopt;
    co_return std::move(response);
  }

  /// The same for a client that wants events as messages: why it gets none, or none.
  awaitable<std::optional<HttpResponse>> answer_messages(HttpRequest request,
                                                         WebSocketEvents<Stream>& messages) {
    using asio::experimental::awaitable_operators::operator||;
    using asio::experimental::awaitable_operators::operator&&;
    const auto work = [&]() -> awaitable<std::optional<HttpResponse>> {
      auto response = co_await handle(std::move(request), messages);
      messages.close(response);
      co_return response;
    };
    const std::string key = request.api_key;
    const auto attended = [&]() -> awaitable<std::optional<HttpResponse>> {
      auto first = co_await (work() || (messages.gone() || revoked(key)));
      messages.close(std::nullopt);
      if (first.index() == 1) co_return std::nullopt;
      co_return std::get<0>(std::move(first));
    };
    auto response = co_await (attended() && messages.pump());
    if (messages.has_begun()) co_return std::nullopt;
    co_return std::move(response);
  }

  awaitable<bool> write(HttpResponse response, bool keep_alive, bool is_head = false) {
    const auto source = response.source;
    // Clients of HTTP/1.0 know no chunks: for them a body ends with its connection.
    if (source && !knows_chunks_) keep_alive = false;
    auto message = message_of(std::move(response), keep_alive);
    if (source) message.chunked(knows_chunks_);
    tcp().expires_after(limits_.write);
    if (is_head || source) {
      http::response_serializer<http::string_body> head(message);
      const auto [error, size] = co_await http::async_write_header(stream_, head, kTuple);
      if (error || is_head) co_return !error && keep_alive;
      co_return co_await write_pieces(*source) && keep_alive;
    }
    const auto [error, size] = co_await http::async_write(stream_, message, kTuple);
    co_return !error && keep_alive;
  }

  /// Without the last chunk the client sees that the body is cut off.
  awaitable<bool> write_pieces(BodySource& source) {
    for (;;) {
      tcp().expires_never();  // making a piece is not the client's time
      auto making = source.next();
      const auto piece = co_await std::move(making);
      if (!piece.ok()) co_return false;
      tcp().expires_after(limits_.write);
      if (!knows_chunks_) {
        if (piece->empty()) co_return true;
        auto writing = asio::async_write(stream_, asio::buffer(*piece), kTuple);
        const auto [error, size] = co_await std::move(writing);
        if (error) co_return false;
        continue;
      }
      if (piece->empty()) {
        auto ending = asio::async_write(stream_, http::make_chunk_last(), kTuple);
        const auto [error, size] = co_await std::move(ending);
        co_return !error;
      }
      auto writing = asio::async_write(stream_, http::make_chunk(asio::buffer(*piece)), kTuple);
      const auto [error, size] = co_await std::move(writing);
      if (error) co_return false;
    }
  }

  Stream stream_;
  const Router& router_;
  const HttpServer::Limits& limits_;
  Connections& all_;
  beast::flat_buffer buffer_;
  bool is_taken_ = false;      // by a WebSocket
  bool knows_chunks_ = false;  // whose request is being answered
};

/// For who speaks HTTP where TLS is spoken: most likely a person who typed an address.
awaitable<void> refuse_plain(PlainStream& stream) {
  auto message = message_of(
      error_response(400, "this port speaks TLS: its addresses begin with https"), false);
  auto writing = http::async_write(stream, message, kTuple);
  (void)co_await std::move(writing);
}

/// Shakes hands, in the time that a request's head has. False when it came to nothing; whose fault
/// that was is the client's to tell.
awaitable<bool> shake_hands(SecureStream& stream, Tls& tls, std::chrono::milliseconds time) {
  PlainStream& tcp = stream.next_layer();
  const Clock::time_point latest = Clock::now() + time;
  tcp.expires_at(latest);
  // What a peer that takes nothing may hold up; a stream that is read while it is written has no
  // timer for what only an answer to a handshake's message writes.
  const auto most = static_cast<unsigned>(time.count());
  ::setsockopt(tcp.socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &most, sizeof most);
  // Nothing is computed for who says nothing.
  std::array<char, kFirstRead> first;
  auto reading = tcp.async_read_some(asio::buffer(first), kTuple);
  const auto [read_error, size] = co_await std::move(reading);
  if (read_error) co_return false;
  if (first[0] != kHandshakeRecord) {
    auto refusing = refuse_plain(tcp);
    co_await std::move(refusing);
    co_return false;
  }
  const auto turn = tls.turn(Clock::now(), latest);
  if (!turn) co_return false;
  asio::steady_timer until(tcp.get_executor(), *turn);
  auto waiting = until.async_wait(kTuple);
  (void)co_await std::move(waiting);
  auto shaking = stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::buffer(first.data(), size), kTuple);
  const auto [error, used] = co_await std::move(shaking);
  co_return !error;
}

awaitable<void> serve_secure(asio::ip::tcp::socket socket, std::shared_ptr<Tls> tls,
                             const Router& router, const HttpServer::Limits& limits,
                             Connections& all) {
  const auto identity = tls->identity();
  SecureStream stream(PlainStream(std::move(socket)), identity->context);
  auto shaking = shake_hands(stream, *tls, limits.header_time);
  if (!co_await std::move(shaking)) co_return;
  Connection connection(std::move(stream), router, limits, all);
  auto serving = connection.serve();
  co_await std::move(serving);
}

}  // namespace

awaitable<void> serve_connection(asio::ip::tcp::socket socket, std::shared_ptr<Tls> tls,
                                 const Router& router, HttpServer::Limits limits,
                                 std::shared_ptr<Connections> all) {
  try {
    if (tls) {
      auto serving = serve_secure(std::move(socket), std::move(tls), router, limits, *all);
      co_await std::move(serving);
      co_return;
    }
    Connection connection(PlainStream(std::move(socket)), router, limits, *all);
    co_await connection.serve();
  } catch (const std::exception&) {
    co_return;  // what a connection does to itself ends there
  }
}

}  // namespace skerry::service
