// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/http_exchange.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"

namespace skerry::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using loop::kTuple;

constexpr std::size_t kHead = std::size_t{64} << 10;
constexpr std::size_t kPiece = std::size_t{16} << 10;

/// A look-up that somebody waits for, and may stop waiting for: it cannot be cancelled itself.
struct LookUp {
  LookUp(const asio::any_io_executor& executor, Clock::time_point end)
      : resolver(executor), answered(executor, end) {}
  tcp::resolver resolver;
  asio::steady_timer answered;  // cancelled when the answer is there
  bool is_answered = false;
  error_code error = {};
  tcp::resolver::results_type found = {};
};

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

}  // namespace

struct TlsClientContext::Context {
  ssl::context tls{ssl::context::tls_client};
};

TlsClientContext::TlsClientContext(std::unique_ptr<Context> context)
    : context_(std::move(context)) {}
TlsClientContext::~TlsClientContext() = default;

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(const Files& files) {
  auto context = std::make_unique<Context>();
  error_code error;
  context->tls.set_options(
      ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
  if (!error && files.authorities.empty()) context->tls.set_default_verify_paths(error);
  if (!error && !files.authorities.empty()) context->tls.load_verify_file(files.authorities, error);
  if (!error) context->tls.set_verify_mode(ssl::verify_peer, error);
  if (error) return absl::UnavailableError("no certificates to trust: " + error.message());
  if (!files.certificate.empty()) {
    context->tls.use_certificate_chain_file(files.certificate, error);
    if (!error) context->tls.use_private_key_file(files.key, ssl::context::pem, error);
    if (error) {
      return absl::UnavailableError("no certificate to show, of " + files.certificate.native() +
                                    " and " + files.key.native() + ": " + error.message());
    }
  }
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(std::move(context)));
}

class HttpExchange::Connection {
 public:
  Connection(const asio::any_io_executor& executor, ssl::context& tls, Endpoint endpoint,
             Limits limits)
      : endpoint_(std::move(endpoint)),
        limits_(std::move(limits)),
        tls_(beast::tcp_stream(executor), tls) {
    parser_.header_limit(kHead);
    parser_.body_limit(limits_.body);
  }

  awaitable<Status> connect() {
    const auto end = std::min(limits_.deadline, Clock::now() + limits_.connect_time);
    tcp::resolver::results_type found;
    error_code not_literal;
    const auto literal = asio::ip::make_address(endpoint_.host, not_literal);
    if (not_literal) {
      auto looked_up = co_await look_up(end);
      if (!looked_up.ok()) co_return looked_up.status();
      found = *std::move(looked_up);
    } else {
      found = tcp::resolver::results_type::create(tcp::endpoint(literal, endpoint_.port),
                                                  endpoint_.host, "");
    }
    plain().expires_at(end);
    const auto [error, reached] = co_await plain().async_connect(found, kTuple);
    if (error) co_return co_await failure(error, "does not take a connection");
    error_code ignored;
    plain().socket().set_option(tcp::no_delay(true), ignored);
    if (endpoint_.is_secure) co_return co_await shake_hands();
    co_return ok_status();
  }

  awaitable<Status> send(http::verb method, std::string target, const Headers& headers,
                         std::string body) {
    http::request<http::string_body> request(method, target, 11);
    request.set(http::field::host, endpoint_.authority());
    request.set(http::field::connection, "close");
    request.set(http::field::accept_encoding, "identity");
    request.set(http::field::user_agent, "skerry");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = std::move(body);
    request.prepare_payload();
    expire_after(limits_.first_byte_time);
    error_code error;
    if (endpoint_.is_secure) {
      const auto [told, size] = co_await http::async_write(tls_, request, kTuple);
      error = told;
    } else {
      const auto [told, size] = co_await http::async_write(plain(), request, kTuple);
      error = told;
    }
    if (error) co_return co_await failure(error, "does not take the request");
    co_return ok_status();
  }

  awaitable<Result<Head>> read_head() {
    expire_after(limits_.first_byte_time);
    error_code error;
    if (endpoint_.is_secure) {
      const auto [told, size] = co_await http::async_read_header(tls_, buffer_, parser_, kTuple);
      error = told;
    } else {
      const auto [told, size] = co_await http::async_read_header(plain(), buffer_, parser_, kTuple);
      error = told;
    }
    if (error) co_return co_await failure(error, "does not answer");
    const auto& message = parser_.get();
    const auto text = [&](http::field field) {
      const auto value = message[field];
      return std::string(value.data(), value.size());
    };
    const std::string type = lower(text(http::field::content_type));
    const std::string media = type.substr(0, type.find(';'));
    co_return Head{.status = static_cast<int>(message.result_int()),
                   .content_type = media.substr(0, media.find_last_not_of(' ') + 1),
                   .content_encoding = lower(text(http::field::content_encoding)),
                   .retry_after = text(http::field::retry_after)};
  }

  awaitable<Result<std::optional<std::string>>> read_piece() {
    while (!parser_.is_done()) {
      std::array<char, kPiece> piece;
      parser_.get().body().data = piece.data();
      parser_.get().body().size = piece.size();
      expire_after(limits_.pause_time);
      error_code error;
      if (endpoint_.is_secure) {
        const auto [told, size] = co_await http::async_read_some(tls_, buffer_, parser_, kTuple);
        error = told;
      } else {
        const auto [told, size] = co_await http::async_read_some(plain(), buffer_, parser_, kTuple);
        error = told;
      }
      const std::size_t left = parser_.get().body().size;
      if (error && error != http::error::need_buffer) {
        co_return co_await failure(error, "breaks off its answer");
      }
      if (left < piece.size()) co_return std::string(piece.data(), piece.size() - left);
    }
    co_return std::nullopt;
  }

 private:
  beast::tcp_stream& plain() { return tls_.next_layer(); }

  void expire_after(std::chrono::milliseconds time) {
    plain().expires_at(std::min(limits_.deadline, Clock::now() + time));
  }

  awaitable<Result<tcp::resolver::results_type>> look_up(Clock::time_point end) {
    auto looking = std::make_shared<LookUp>(plain().get_executor(), end);
    looking->resolver.async_resolve(
        endpoint_.host, std::to_string(endpoint_.port),
        [looking](const error_code& error, const tcp::resolver::results_type& found) {
          looking->is_answered = true;
          looking->error = error;
          looking->found = found;
          looking->answered.cancel();
        });
    (void)co_await looking->answered.async_wait(kTuple);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (loop::is_cancelled(state)) co_return absl::CancelledError("cancelled");
    if (!looking->is_answered) {
      co_return absl::DeadlineExceededError(limits_.who + "'s name is not found in time");
    }
    if (looking->error) {
      co_return absl::UnavailableError(limits_.who +
                                       "'s name is not found: " + looking->error.message());
    }
    co_return std::move(looking->found);
  }

  awaitable<Status> shake_hands() {
    error_code error;
    boost::system::error_code not_literal;
    (void)asio::ip::make_address(endpoint_.host, not_literal);
    // What OpenSSL's macro for this does, but for its cast.
    if (not_literal && SSL_ctrl(tls_.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                TLSEXT_NAMETYPE_host_name, endpoint_.host.data()) != 1) {
      co_return absl::UnavailableError(limits_.who + "'s name cannot be asked for");
    }
    tls_.set_verify_callback(ssl::host_name_verification(endpoint_.host), error);
    if (!error) {
      const auto [told] = co_await tls_.async_handshake(ssl::stream_base::client, kTuple);
      error = told;
    }
    if (error) co_return co_await failure(error, "cannot be trusted or speaks no TLS");
    co_return ok_status();
  }

  /// What an error means for who waits.
  awaitable<Status> failure(error_code error, const char* what) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (loop::is_cancelled(state)) co_return absl::CancelledError("cancelled");
    const std::string does = limits_.who + " " + what;
    if (error == beast::error::timeout) {
      co_return absl::DeadlineExceededError(does + " in time");
    }
    if (error == http::error::body_limit) {
      co_return absl::UnavailableError(limits_.who + " answers with more than " +
                                       std::to_string(limits_.body) + " bytes");
    }
    co_return absl::UnavailableError(does + ": " + error.message());
  }

  Endpoint endpoint_;
  Limits limits_;
  ssl::stream<beast::tcp_stream> tls_;  // when nothing is encrypted, only the stream in it is used
  beast::flat_buffer buffer_{kHead + kPiece};
  http::response_parser<http::buffer_body> parser_;
};

HttpExchange::HttpExchange(const asio::any_io_executor& executor, const TlsClientContext& tls,
                           Endpoint endpoint, Limits limits)
    : connection_(std::make_unique<Connection>(executor, tls.context_->tls, std::move(endpoint),
                                               std::move(limits))) {}
HttpExchange::~HttpExchange() = default;

awaitable<Result<HttpExchange::Head>> HttpExchange::post(std::string target, Headers headers,
                                                         std::string body) {
  return send(/*is_post=*/true, std::move(target), std::move(headers), std::move(body));
}

awaitable<Result<HttpExchange::Head>> HttpExchange::get(std::string target, Headers headers) {
  return send(/*is_post=*/false, std::move(target), std::move(headers), "");
}

awaitable<Result<HttpExchange::Head>> HttpExchange::send(bool is_post, std::string target,
                                                         Headers headers, std::string body) {
  // A cancelled wait ends with a Status like any other failure.
  co_await asio::this_coro::throw_if_cancelled(false);
  Status status = co_await connection_->connect();
  if (!status.ok()) co_return status;
  status = co_await connection_->send(is_post ? http::verb::post : http::verb::get,
                                      std::move(target), headers, std::move(body));
  if (!status.ok()) co_return status;
  co_return co_await connection_->read_head();
}

awaitable<Result<std::optional<std::string>>> HttpExchange::next() {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await connection_->read_piece();
}

}  // namespace skerry::agent
