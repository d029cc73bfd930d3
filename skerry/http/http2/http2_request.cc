// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_request.h"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "skerry/http/request.h"
#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using loop::kTuple;

// Of a body that is produced while it is sent, what may wait for the client.
constexpr std::size_t kMaxWaiting = 256 * 1024;

Headers headers_of(const Response& response) {
  Headers headers{{"content-type", response.content_type}, {"cache-control", "no-store"}};
  for (const auto& [name, value] : response.headers) headers.add(name, value);
  return headers;
}

class Http2Events final : public EventStream {
 public:
  explicit Http2Events(Http2Stream& stream) : stream_(stream) {}

  void use_lines() override { text_.use_lines(); }
  void open() override {
    if (begin()) stream_.write(EventText::kOpening);
  }
  void send(const StreamEvent& event) override {
    begin();
    std::string text;
    text_.append(event, text);
    stream_.write(std::move(text));
  }
  using EventStream::send;
  std::size_t unsent() const override { return stream_.unsent(); }
  awaitable<void> drained() override {
    auto waiting = stream_.drained();
    (void)co_await std::move(waiting);
  }

  bool has_begun() const { return has_begun_; }
  /// Sends something now and then while there are no events.
  awaitable<void> beat() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
      timer.expires_after(kHeartbeat);
      const auto [error] = co_await timer.async_wait(kTuple);
      if (error) co_return;
      if (has_begun_ && stream_.unsent() == 0) stream_.write(text_.heartbeat());
    }
  }

 private:
  bool begin() {
    if (std::exchange(has_begun_, true)) return false;
    stream_.respond(200,
                    {{"content-type", EventText::kContentType},
                     {"cache-control", "no-store"},
                     {"x-accel-buffering", "no"}},
                    Http2Stream::End::kNo);
    return true;
  }

  Http2Stream& stream_;
  EventText text_;
  bool has_begun_ = false;
};

/// Until a key is no longer valid.
awaitable<void> revoked(const Router& router, std::string key) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!router.unauthorized_response(key)) {
    timer.expires_after(kKeyCheck);
    const auto [error] = co_await timer.async_wait(kTuple);
    if (error) co_return;
  }
}

awaitable<void> send(Http2Stream& stream, Response response, bool is_head) {
  Headers headers = headers_of(response);
  const auto rest = response.source ? response.source->size() : 0;
  if (rest) headers.add("content-length", std::to_string(response.body.size() + *rest));
  const bool is_empty = response.body.empty() && !response.source;
  stream.respond(response.status, headers,
                 is_head || is_empty ? Http2Stream::End::kYes : Http2Stream::End::kNo);
  if (is_head || is_empty) co_return;
  if (!response.source) {
    stream.queue(std::move(response.body));
  } else {
    stream.write(std::move(response.body));
  }
  while (response.source) {
    auto draining = stream.drained(kMaxWaiting);
    if (!co_await std::move(draining)) co_return;
    auto producing = response.source->next();
    auto piece = co_await std::move(producing);
    if (!piece.ok()) {
      stream.reset(Http2Error::kInternalError);
      co_return;
    }
    if (piece->empty()) break;
    stream.write(*std::move(piece));
  }
  stream.finish();
}

/// What answers the head: a route, or a refusal.
Router::Match match_of(const Http2Stream& stream, const std::optional<Request>& request,
                       const Router& router, const std::string& peer, const Connections& all) {
  const RequestHead& head = stream.head();
  const auto refuse = [](Response response) {
    return Router::Match{.route = nullptr, .variables = {}, .refusal = std::move(response)};
  };
  if (stream.head_fault() == Http2Stream::HeadFault::kNoMemory) {
    return refuse(
        retry_response(503, "other requests take all memory for these", std::chrono::seconds(1)));
  }
  if (stream.head_fault() == Http2Stream::HeadFault::kTooLarge) {
    return refuse(error_response(
        431, "the header is larger than " + std::to_string(all.limits().header.value) + " bytes"));
  }
  if (!request) return refuse(error_response(400, "the request's target is no path"));
  const HostNames names = router.is_open() ? HostNames::kLocal : HostNames::kAny;
  if (const auto fault = origin_fault(head, names, all.own_ports); !fault.empty()) {
    return refuse(error_response(403, fault));
  }
  Router::Match match = router.match(head.method == "HEAD" ? "GET" : head.method, request->path);
  if (match.route == nullptr || match.route->is_open) return match;
  if (auto refusal = router.authorize(api_key_in(head.headers), peer)) {
    return refuse(*std::move(refusal));
  }
  return match;
}

/// The body, or the response that says why it is not taken.
awaitable<std::optional<Response>> read_body(Http2Stream& stream, std::size_t most,
                                             std::chrono::milliseconds time, std::string& body) {
  const auto latest = Http2Stream::Clock::now() + time;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(latest - Http2Stream::Clock::now());
    auto reading = stream.read(left);
    const auto piece = co_await std::move(reading);
    if (piece.status().code() == StatusCode::kDeadlineExceeded) {
      co_return error_response(408, message_of(piece.status()));
    }
    if (!piece.ok()) {
      co_return retry_response(503, message_of(piece.status()), std::chrono::seconds(1));
    }
    if (piece->empty()) co_return std::nullopt;
    if (body.size() + piece->size() > most) {
      co_return error_response(413, "the body is larger than " + std::to_string(most) + " bytes");
    }
    body += *piece;
    stream.set_held(body.size());
  }
}

}  // namespace

awaitable<void> answer_http2(std::shared_ptr<Http2Stream> stream, const Router& router,
                             std::string peer, std::shared_ptr<Connections> all) {
  using asio::experimental::awaitable_operators::operator||;
  const bool is_head = stream->head().method == "HEAD";
  auto request = request_of(stream->head());
  Router::Match match = match_of(*stream, request, router, peer, *all);
  std::optional<Response> response;
  if (match.route == nullptr) {
    response = std::move(match.refusal);
  } else {
    if (!match.route->is_open) stream->trust();
    if (stream->head().headers.count("expect") > 0) stream->respond_continue();
    auto reading =
        read_body(*stream, match.route->max_body, all->limits().body_time, request->body);
    response = co_await std::move(reading);
  }
  if (response) {
    auto sending = send(*stream, *std::move(response), is_head);
    co_await std::move(sending);
    co_return;
  }
  if (is_head) request->method = "GET";
  Http2Events events(*stream);
  const std::string key = request->wants_events ? request->api_key : "";
  auto answering = router.answer(std::move(match), *std::move(request), events);
  if (key.empty()) {
    auto either = std::move(answering) || events.beat();
    auto first = co_await std::move(either);
    if (first.index() == 0) response = std::get<0>(std::move(first));
  } else {
    auto either = std::move(answering) || events.beat() || revoked(router, key);
    auto first = co_await std::move(either);
    if (first.index() == 0) response = std::get<0>(std::move(first));
  }
  if (events.has_begun()) {
    stream->finish();
  } else if (response) {
    auto sending = send(*stream, *std::move(response), is_head);
    co_await std::move(sending);
  }
}

}  // namespace skerry::http
