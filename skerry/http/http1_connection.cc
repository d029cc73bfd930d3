// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http1_connection.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <sys/socket.h>
#include <type_traits>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "skerry/http/http1_events.h"
#include "skerry/http/request.h"
#include "skerry/loop/completion.h"
#include "skerry/loop/deadline.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = beast::http;
using asio::awaitable;
using boost::system::error_code;
using loop::kTuple;

// Beside a head: what is read at once, and so the longest line between chunks.
constexpr std::size_t kMaxRead = 64 * 1024;
// Of a body that is not taken, what is dropped so that its client sees the answer.
constexpr std::chrono::seconds kLinger{2};
constexpr std::uint64_t kMaxDropped = std::uint64_t{128} << 20;

/// Until the client goes away.
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
  // The next request is there already, and hides whether anyone waits for this one's answer.
  asio::steady_timer never(stream.get_executor(), asio::steady_timer::time_point::max());
  (void)co_await never.async_wait(kTuple);
}

/// The same where only reading shows what came: the end of TLS is bytes, too. What is read is left
/// in `buffer`, for the next request.
awaitable<void> watch(SecureStream& stream, beast::flat_buffer& buffer) {
  // Unless so many requests are there already that nothing more fits.
  if (buffer.max_size() - buffer.size() >= kFirstRead) {
    auto reading = read_some(stream, buffer, kFirstRead);
    if (co_await std::move(reading)) co_return;
  }
  asio::steady_timer never(stream.get_executor(), asio::steady_timer::time_point::max());
  (void)co_await never.async_wait(kTuple);
}

using ResponseHead = bhttp::response<bhttp::empty_body>;

ResponseHead head_of(const Response& response, bool keep_alive) {
  ResponseHead message;
  message.result(static_cast<unsigned>(response.status));
  message.version(11);
  message.set(bhttp::field::content_type, response.content_type);
  message.set(bhttp::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  return message;
}

std::string text_of(ResponseHead& head) {
  bhttp::response_serializer<bhttp::empty_body> serializer(head);
  serializer.split(true);
  std::string text;
  error_code none;
  serializer.next(none, [&](error_code&, const auto& buffers) {
    for (const asio::const_buffer part : beast::buffers_range_ref(buffers)) {
      text.append(static_cast<const char*>(part.data()), part.size());
    }
  });
  return text;
}

template <typename Stream>
class Http1Connection final : public Connections::Member {
 public:
  Http1Connection(Stream stream, beast::flat_buffer buffer, const Offer& offer, std::string peer,
                  Connections& all)
      : Member(all, peer, offer.kind),
        stream_(std::move(stream)),
        router_(*offer.router),
        peer_(std::move(peer)),
        limits_(all.limits()),
        buffer_(std::move(buffer)),
        deadline_(stream_.get_executor(), [this] { tcp().close(); }) {
    buffer_.max_size(limits_.header.value + kMaxRead);
    tcp().expires_never();
  }

  awaitable<void> serve() {
    // Once the server stops, the answer to what was on its way says that it is the last.
    while (co_await serve_one()) {
    }
    if (is_taken_) co_return;
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      // Without TLS's own end, an answer that ends with its connection would look cut off.
      deadline_.set_after(kLeave);
      (void)co_await stream_.async_shutdown(kTuple);
    }
    error_code ignored;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

  void abort() override {
    if (!is_taken_) tcp().close();
  }

 private:
  PlainStream& tcp() { return beast::get_lowest_layer(stream_); }
  HostNames names() const { return router_.is_open() ? HostNames::kLocal : HostNames::kAny; }

  /// One request and its answer. False when the connection is to end.
  awaitable<bool> serve_one() {
    Http1Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header.value));
    parser.body_limit(boost::none);  // depends on the route
    if (!co_await read_head(parser)) co_return false;
    version_ = parser.get().version();
    const RequestHead head = http::head_of(parser.get());
    const bool is_head = head.method == "HEAD";
    const bool keep_alive = parser.get().keep_alive() && !all().is_stopping();
    auto request = request_of(head);
    Router::Match match;
    if (!request) {
      match.refusal = error_response(400, "the request's target is no path");
    } else if (const auto fault = origin_fault(head, names(), all().own_ports); !fault.empty()) {
      match.refusal = error_response(403, fault);
    } else {
      match = router_.match(is_head ? "GET" : head.method, request->path);
      check_key(head, match);
    }
    BodyShare share(all());
    if (!co_await read_body(parser, match, share)) co_return false;
    if (match.route == nullptr) {
      co_return co_await write(std::move(match.refusal), keep_alive, is_head);
    }
    set_busy(is_trusted());
    request->body = std::move(parser.get().body());
    if (is_head) request->method = "GET";
    auto answering = answer(parser, *std::move(request), std::move(match), share, keep_alive);
    const bool goes_on = co_await std::move(answering);
    set_busy(false);
    co_return goes_on;
  }

  /// Makes a match without a valid key a refusal.
  void check_key(const RequestHead& head, Router::Match& match) {
    if (match.route == nullptr || match.route->is_open) return;
    auto refusal = router_.authorize(api_key_in(head.headers), peer_);
    if (refusal) {
      match = {.route = nullptr, .variables = {}, .refusal = *std::move(refusal)};
    } else {
      set_trusted();
    }
  }

  awaitable<bool> answer(Http1Parser& parser, Request request, Router::Match match,
                         BodyShare& share, bool keep_alive) {
    const bool is_head = parser.get().method() == bhttp::verb::head;
    if (request.wants_web_socket) {
      WebSocketEvents<Stream> messages(stream_, parser.get(), share, limits_.write);
      auto answering = answer_messages(std::move(request), std::move(match), messages);
      auto refusal = co_await std::move(answering);
      is_taken_ = messages.has_taken();
      // What comes behind the request would be frames, and not for us.
      if (!refusal) co_return false;
      co_return co_await write(*std::move(refusal), false, is_head);
    }
    Http1Events<Stream> events(stream_, limits_.write,
                               [this](std::uint64_t bytes) { set_unsent(bytes); });
    auto answering = answer_events(std::move(request), std::move(match), events);
    auto response = co_await std::move(answering);
    if (!response) co_return false;  // sent as events, or the client is gone
    co_return co_await write(*std::move(response), keep_alive, is_head);
  }

  awaitable<bool> read_head(Http1Parser& parser) {
    deadline_.set_after(limits_.idle);
    if (buffer_.size() == 0) {
      auto reading = read_some(stream_, buffer_, kFirstRead);
      if (co_await std::move(reading)) co_return false;
    }
    // Mostly all of the head is there: each wait would cost a turn behind all other requests.
    error_code error = parse_buffered(parser);
    if (error == bhttp::error::need_more) deadline_.set_after(limits_.header_time);
    while (error == bhttp::error::need_more) {
      auto reading = read_some(stream_, buffer_, kFirstRead);
      error = co_await std::move(reading);
      if (!error) error = parse_buffered(parser);
    }
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    if (const std::string_view fault = smuggling_fault(parser.get()); !fault.empty()) {
      co_await write(error_response(400, fault), false);
      co_return false;
    }
    co_return true;
  }

  /// Gives the parser what was read. `need_more` when that is not enough for it to go on.
  error_code parse_buffered(Http1Parser& parser) {
    error_code error = bhttp::error::need_more;
    if (buffer_.size() == 0) return error;
    buffer_.consume(parser.put(buffer_.data(), error));
    return error;
  }

  /// How much of a body is read at once: no more room is held than there may be need for.
  static std::size_t piece_of(const Http1Parser& parser) {
    const auto left = parser.content_length_remaining();
    return left ? std::clamp<std::uint64_t>(*left, kFirstRead, kMaxRead) : kFirstRead;
  }

  /// A body that is not worth reading ends the connection with the answer.
  awaitable<bool> read_body(Http1Parser& parser, Router::Match& match, BodyShare& share) {
    const std::uint64_t most = match.route == nullptr ? kSmallBody : match.route->max_body;
    const auto length = parser.content_length();
    // A refusal reads no body but a small one, whose size is known.
    const bool is_unknown = !length && !parser.is_done();
    if ((length && *length > most) || (is_unknown && match.route == nullptr)) {
      if (match.route != nullptr) match.refusal = too_large(most);
      auto refusing = refuse_body(std::move(match.refusal));
      co_await std::move(refusing);
      co_return false;
    }
    if (!length) parser.body_limit(most);
    deadline_.set_after(limits_.body_time);
    const auto expect = parser.get()[bhttp::field::expect];
    if (beast::iequals(expect, "100-continue") && !parser.is_done()) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      auto writing = write_all(stream_, {asio::buffer(kContinue)});
      if (co_await std::move(writing)) co_return false;
    }
    share.begin_waiting([this] { tcp().cancel(); });
    error_code error;
    while (!error && !parser.is_done()) {
      error = parse_buffered(parser);
      if (error == bhttp::error::need_more) {
        auto reading = read_some(stream_, buffer_, piece_of(parser));
        error = co_await std::move(reading);
      }
      if (share.grow_to(parser.get().body().size())) continue;
      // Others need the memory now, and not when the client has read the answer.
      std::string().swap(parser.get().body());
      (void)share.grow_to(0);
      auto refusing = refuse_body(
          share.has_given_way() ? too_slow_response()
                                : retry_response(503, kNoMemoryForBody, std::chrono::seconds(1)));
      co_await std::move(refusing);
      co_return false;
    }
    share.end_waiting();
    deadline_.clear();
    // What a large body was read with is not held until the next.
    if (buffer_.size() == 0 && buffer_.capacity() > kFirstRead) buffer_.shrink_to_fit();
    if (!error) co_return true;
    if (error == bhttp::error::body_limit) {
      auto refusing = refuse_body(too_large(most));
      co_await std::move(refusing);
    } else {
      co_await refuse(error);
    }
    co_return false;
  }

  /// Answers a request whose body is not taken. What still comes is dropped for a while: a
  /// connection that is closed while its client sends takes the answer along.
  awaitable<void> refuse_body(Response response) {
    auto writing = write(std::move(response), false);
    co_await std::move(writing);
    error_code error;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    buffer_.clear();
    deadline_.set_after(kLinger);
    for (std::uint64_t dropped = 0; !error && dropped < kMaxDropped;) {
      auto reading = read_some(stream_, buffer_, kMaxRead);
      error = co_await std::move(reading);
      dropped += buffer_.size();
      buffer_.clear();
    }
  }

  static Response too_slow_response() {
    return retry_response(408, kBodyTooSlow, std::chrono::seconds(1));
  }

  static Response too_large(std::uint64_t most) {
    return error_response(413, "the body is larger than " + std::to_string(most) + " bytes");
  }

  /// Says what is wrong with a request that could not be read, if anyone may be listening.
  awaitable<void> refuse(const error_code& error) {
    if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
      co_await write(error_response(431, "the header is larger than " +
                                             std::to_string(limits_.header.value) + " bytes"),
                     false);
    } else if (error == asio::error::operation_aborted) {
      // Too late: the stream is closed already.
    } else if (error != bhttp::error::end_of_stream && error != bhttp::error::partial_message &&
               error.category() == bhttp::make_error_code(bhttp::error::bad_version).category()) {
      co_await write(error_response(400, "this is not HTTP: " + error.message()), false);
    }
  }

  /// Until a key is no longer valid.
  awaitable<void> revoked(const std::string& key) {
    asio::steady_timer timer(stream_.get_executor());
    while (!router_.unauthorized_response(key)) {
      timer.expires_after(kKeyCheck);
      const auto [error] = co_await timer.async_wait(kTuple);
      if (error) co_return;
    }
  }

  /// Until the client goes away or, if a key is given, until that is no longer valid.
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

  /// The handler's response; none when it went out as events, or the client is gone.
  awaitable<std::optional<Response>> answer_events(Request request, Router::Match match,
                                                   Http1Events<Stream>& events) {
    using asio::experimental::awaitable_operators::operator||;
    using asio::experimental::awaitable_operators::operator&&;
    const std::string streams_for = request.wants_events ? request.api_key : "";
    const auto work = [&]() -> awaitable<std::optional<Response>> {
      auto answering = router_.answer(std::move(match), std::move(request), events);
      co_return co_await std::move(answering);
    };
    std::optional<Response> response;
    if (std::is_same_v<Stream, PlainStream> && streams_for.empty()) {
      auto watching = unless_gone(work);
      response = co_await std::move(watching);
    } else {
      auto either = work() || gone(streams_for);
      auto first = co_await std::move(either);
      if (first.index() == 0) response = std::get<0>(std::move(first));
    }
    events.close();
    auto finishing = events.finished();
    co_await std::move(finishing);
    if (events.has_begun()) co_return std::nullopt;
    co_return std::move(response);
  }

  /// Does `work`, and cancels it when the client goes away: none then. The end of work does not
  /// wait for that of watching, as it would with `||`, which costs turns behind all other requests.
  template <typename Work>
  awaitable<std::optional<Response>> unless_gone(Work& work) {
    const auto watch = std::make_shared<ClientWatch>();
    wait_for_client(watch);
    std::optional<Response> response;
    try {
      auto working =
          asio::co_spawn(stream_.get_executor(), work(),
                         asio::bind_cancellation_slot(watch->work.slot(), asio::use_awaitable));
      response = co_await std::move(working);
    } catch (const std::exception&) {
      if (!watch->is_gone) throw;
    }
    watch->is_over = true;
    watch->waiting.emit(asio::cancellation_type::terminal);
    if (watch->is_gone) response.reset();
    co_return std::move(response);
  }

  /// Shared with a wait that may end after the connection.
  struct ClientWatch {
    asio::cancellation_signal work;
    asio::cancellation_signal waiting;
    bool is_over = false;
    bool is_gone = false;
  };

  void wait_for_client(std::shared_ptr<ClientWatch> watch) {
    const auto slot = watch->waiting.slot();
    auto on_readable = [this, watch = std::move(watch)](const error_code& error) mutable {
      if (watch->is_over) return;
      char byte = 0;
      const ssize_t got =
          error ? 0 : ::recv(tcp().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_for_client(std::move(watch));
      } else if (got <= 0) {
        watch->is_gone = true;
        watch->work.emit(asio::cancellation_type::all);
      }
      // Else the next request is there already, and hides whether anyone waits for this one's
      // answer.
    };
    tcp().socket().async_wait(asio::ip::tcp::socket::wait_read,
                              asio::bind_cancellation_slot(slot, std::move(on_readable)));
  }

  /// The same for a client that wants events as messages: why it gets none, or none.
  awaitable<std::optional<Response>> answer_messages(Request request, Router::Match match,
                                                     WebSocketEvents<Stream>& messages) {
    using asio::experimental::awaitable_operators::operator||;
    using asio::experimental::awaitable_operators::operator&&;
    const std::string key = request.api_key;
    const auto work = [&]() -> awaitable<std::optional<Response>> {
      auto answering = router_.answer(std::move(match), std::move(request), messages);
      auto response = co_await std::move(answering);
      messages.close(response);
      co_return std::move(response);
    };
    const auto attended = [&]() -> awaitable<std::optional<Response>> {
      auto first = co_await (work() || (messages.gone() || revoked(key)));
      messages.close(std::nullopt);
      if (first.index() == 1) co_return std::nullopt;
      co_return std::get<0>(std::move(first));
    };
    auto response = co_await (attended() && messages.pump());
    if (messages.has_begun()) co_return std::nullopt;
    co_return std::move(response);
  }

  awaitable<bool> write(Response response, bool keep_alive, bool is_head = false) {
    deadline_.set_after(limits_.write);
    if (response.source) {
      auto writing = write_source(std::move(response), keep_alive, is_head);
      co_return co_await std::move(writing);
    }
    auto message = head_of(response, keep_alive);
    message.content_length(response.body.size());
    const std::string head = text_of(message);
    set_unsent(response.body.size());
    const std::string_view body = is_head ? std::string_view() : std::string_view(response.body);
    Output output{asio::buffer(head), asio::buffer(body)};
    error_code error = write_now(stream_, output);
    if (!error) {
      auto writing = write_all(stream_, output);
      error = co_await std::move(writing);
    }
    set_unsent(0);
    deadline_.clear();
    co_return !error && keep_alive;
  }

  /// A body that is produced while it is sent: in chunks, unless its length is known.
  awaitable<bool> write_source(Response response, bool keep_alive, bool is_head) {
    auto message = head_of(response, keep_alive);
    const auto size = response.source->size();
    const bool is_chunked = !size && version_ >= 11;
    if (size) message.content_length(response.body.size() + *size);
    if (is_chunked) message.chunked(true);
    // The end of the connection marks the end of the body.
    keep_alive = keep_alive && (size || is_chunked);
    message.keep_alive(keep_alive);
    const std::string head = text_of(message);
    auto writing_head = write_all(stream_, {asio::buffer(head)});
    const error_code failed = co_await std::move(writing_head);
    if (failed || is_head) co_return !failed && keep_alive;
    Result<std::string> piece = std::move(response.body);
    bool is_first = true;
    while (piece.ok() && (!piece->empty() || std::exchange(is_first, false))) {
      if (!piece->empty()) {
        auto writing = write_piece(*piece, is_chunked);
        if (!co_await std::move(writing)) co_return false;
      }
      auto producing = response.source->next();
      piece = co_await std::move(producing);
    }
    if (!piece.ok()) co_return false;  // the client sees that the end is missing
    if (is_chunked) {
      static constexpr std::string_view kLastChunk = "0\r\n\r\n";
      auto writing = write_all(stream_, {asio::buffer(kLastChunk)});
      if (co_await std::move(writing)) co_return false;
    }
    co_return keep_alive;
  }

  awaitable<bool> write_piece(const std::string& piece, bool is_chunked) {
    deadline_.set_after(limits_.write);
    set_unsent(piece.size());
    const std::string size = is_chunked ? fmt::format("{:x}\r\n", piece.size()) : "";
    const std::string_view end = is_chunked ? "\r\n" : "";
    auto writing = write_all(stream_, {asio::buffer(size), asio::buffer(piece), asio::buffer(end)});
    const error_code error = co_await std::move(writing);
    set_unsent(0);
    co_return !error;
  }

  Stream stream_;
  const Router& router_;
  std::string peer_;
  const ServerLimits& limits_;
  beast::flat_buffer buffer_;
  loop::Deadline deadline_;  // of what the client is to send or to take
  unsigned version_ = 11;    // of the request that is being answered
  bool is_taken_ = false;    // by a WebSocket
};

template <typename Stream>
awaitable<void> http1_on(Stream stream, beast::flat_buffer buffer, const Offer& offer,
                         std::string peer, std::shared_ptr<Connections> all) {
  Http1Connection<Stream> connection(std::move(stream), std::move(buffer), offer, std::move(peer),
                                     *all);
  auto serving = connection.serve();
  co_await std::move(serving);
}

}  // namespace

awaitable<void> serve_http1(PlainStream stream, beast::flat_buffer buffer, const Offer& offer,
                            std::string peer, std::shared_ptr<Connections> all) {
  return http1_on(std::move(stream), std::move(buffer), offer, std::move(peer), std::move(all));
}

awaitable<void> serve_http1(SecureStream stream, beast::flat_buffer buffer, const Offer& offer,
                            std::string peer, std::shared_ptr<Connections> all) {
  return http1_on(std::move(stream), std::move(buffer), offer, std::move(peer), std::move(all));
}

}  // namespace skerry::http
