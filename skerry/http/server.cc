// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/server.h"

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <netinet/tcp.h>

#include "skerry/http/http1_connection.h"
#include "skerry/http/http2/http2_connection.h"
#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using loop::kTuple;

// When there are no descriptors left, until one may have been given back.
constexpr std::chrono::milliseconds kPause{50};
// A listener that has had no descriptors for so long is not ready.
constexpr std::chrono::seconds kStarved{2};
constexpr std::chrono::seconds kCheck{1};
// The first byte of a record of TLS that holds a handshake.
constexpr char kHandshakeRecord = 0x16;

Result<tcp::endpoint> endpoint_of(asio::io_context& io, const Address& address) {
  error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address.host(), std::to_string(address.port()),
                                      tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::UnavailableError("cannot listen on " + address.text() + ": " + error.message());
  }
  return found.begin()->endpoint();
}

/// A connection of which it is not known yet what it speaks.
class Newcomer final : public Connections::Member {
 public:
  Newcomer(PlainStream& stream, Connections& all, const std::string& peer, PortKind kind)
      : Member(all, peer, kind), stream_(stream) {}
  void abort() override { stream_.close(); }

 private:
  PlainStream& stream_;
};

/// Reads until it is clear what the client speaks. None when it says nothing.
enum class Protocol { kHttp1, kHttp2 };
template <typename Stream>
awaitable<std::optional<Protocol>> protocol_of(Stream& stream, beast::flat_buffer& buffer,
                                               const ServerLimits& limits) {
  beast::get_lowest_layer(stream).expires_after(limits.idle);
  for (;;) {
    const auto held = buffer.cdata();
    const std::string_view bytes(static_cast<const char*>(held.data()), held.size());
    if (bytes.starts_with(kHttp2Preface)) co_return Protocol::kHttp2;
    if (!bytes.empty() && !kHttp2Preface.starts_with(bytes)) co_return Protocol::kHttp1;
    if (!bytes.empty()) beast::get_lowest_layer(stream).expires_after(limits.header_time);
    auto reading = stream.async_read_some(buffer.prepare(kFirstRead), kTuple);
    const auto [error, size] = co_await std::move(reading);
    if (error) co_return std::nullopt;
    buffer.commit(size);
  }
}

/// The one answer to a client that speaks another protocol than the port.
template <typename Stream>
awaitable<void> refuse(Stream& stream, std::string_view status, std::string_view why) {
  const std::string body = error_response(400, why).body;
  const std::string text = "HTTP/1.1 " + std::string(status) +
                           "\r\nContent-Type: application/json\r\nConnection: close\r\n"
                           "Content-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body;
  auto writing = asio::async_write(stream, asio::buffer(text), kTuple);
  (void)co_await std::move(writing);
}

/// The handshake, in the time that a request's head has. False when it came to nothing; whose fault
/// that was is the client's to tell.
awaitable<bool> shake_hands(SecureStream& stream, Tls& tls, std::chrono::milliseconds time) {
  PlainStream& plain = stream.next_layer();
  const Clock::time_point latest = Clock::now() + time;
  plain.expires_at(latest);
  // How long a peer that takes nothing may hold it up; a stream that is read while it is written
  // has no timer for what only an answer to a handshake's message writes.
  const auto most = static_cast<unsigned>(time.count());
  ::setsockopt(plain.socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &most, sizeof most);
  // Nothing is computed for a client that says nothing.
  std::array<char, kFirstRead> first;
  auto reading = plain.async_read_some(asio::buffer(first), kTuple);
  const auto [read_error, size] = co_await std::move(reading);
  if (read_error) co_return false;
  if (first[0] != kHandshakeRecord) {
    // Most likely a person typed an address.
    auto refusing =
        refuse(plain, "400 Bad Request", "this port speaks TLS: its addresses begin with https");
    co_await std::move(refusing);
    co_return false;
  }
  const auto handshake = tls.handshake_time(Clock::now(), latest);
  if (!handshake) co_return false;
  asio::steady_timer until(plain.get_executor(), *handshake);
  auto waiting = until.async_wait(kTuple);
  (void)co_await std::move(waiting);
  auto shaking = stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::buffer(first.data(), size), kTuple);
  const auto [error, used] = co_await std::move(shaking);
  co_return !error;
}

template <typename Stream>
awaitable<void> serve_protocol(Stream stream, beast::flat_buffer buffer, Protocol protocol,
                               Offer offer, std::string peer, std::shared_ptr<Connections> all) {
  if (protocol == Protocol::kHttp2) {
    auto serving = serve_http2(std::move(stream), std::move(buffer), offer, std::move(peer), all);
    co_await std::move(serving);
  } else if (offer.router != nullptr) {
    auto serving = serve_http1(std::move(stream), std::move(buffer), offer, std::move(peer), all);
    co_await std::move(serving);
  } else {
    auto refusing = refuse(stream, "505 HTTP Version Not Supported",
                           "this port speaks gRPC, which is HTTP/2; not HTTP/1");
    co_await std::move(refusing);
  }
}

/// Everything that comes over one connection. Never throws.
awaitable<void> serve_socket(tcp::socket socket, std::shared_ptr<Tls> tls, Offer offer,
                             std::string peer, std::shared_ptr<Connections> all) {
  try {
    beast::flat_buffer buffer;
    PlainStream plain(std::move(socket));
    auto newcomer = std::make_unique<Newcomer>(plain, *all, peer, offer.kind);
    if (!tls) {
      auto detecting = protocol_of(plain, buffer, all->limits());
      const auto protocol = co_await std::move(detecting);
      newcomer.reset();
      if (!protocol) co_return;
      auto serving = serve_protocol(std::move(plain), std::move(buffer), *protocol, offer,
                                    std::move(peer), std::move(all));
      co_await std::move(serving);
      co_return;
    }
    const auto identity = tls->identity();
    newcomer.reset();
    SecureStream stream(std::move(plain), identity->context);
    newcomer = std::make_unique<Newcomer>(stream.next_layer(), *all, peer, offer.kind);
    auto shaking = shake_hands(stream, *tls, all->limits().header_time);
    if (!co_await std::move(shaking)) co_return;
    auto detecting = protocol_of(stream, buffer, all->limits());
    const auto protocol = co_await std::move(detecting);
    newcomer.reset();
    if (!protocol) co_return;
    auto serving = serve_protocol(std::move(stream), std::move(buffer), *protocol, offer,
                                  std::move(peer), std::move(all));
    co_await std::move(serving);
  } catch (const std::exception&) {
    co_return;  // what a connection does to itself ends there
  }
}

}  // namespace

class Server::Listeners : public std::enable_shared_from_this<Listeners> {
 public:
  Listeners(asio::io_context& io, const ServerLimits& limits)
      : io_(io), checks_(io), all_(std::make_shared<Connections>(limits)) {}

  Result<int> listen(const Port& at) {
    const Address& address = at.address;
    SKERRY_ASSIGN(const auto endpoint, endpoint_of(io_, address));
    tcp::acceptor acceptor(io_);
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError("cannot listen on " + address.text() + ": " + error.message());
    }
    const int port = acceptor.local_endpoint().port();
    if (at.offer.router != nullptr) all_->own_ports.insert(port);
    acceptors_.push_back({.acceptor = std::move(acceptor), .text = address.text()});
    auto accepting = accept(acceptors_.back(), at.offer, at.tls);
    asio::co_spawn(io_, std::move(accepting), asio::detached);
    return port;
  }

  void start_checks() {
    checks_.expires_after(kCheck);
    checks_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->all_->check(Clock::now());
      self->start_checks();
    });
  }

  void stop() {
    all_->stop();
    error_code ignored;
    for (Listener& each : acceptors_) each.acceptor.close(ignored);
  }

  Status check() const {
    for (const Listener& each : acceptors_) {
      if (!each.acceptor.is_open() ||
          (each.starved_since && Clock::now() - *each.starved_since > kStarved)) {
        return absl::UnavailableError("no connections are accepted on " + each.text);
      }
    }
    return ok_status();
  }

  Connections& all() { return *all_; }

 private:
  struct Listener {
    tcp::acceptor acceptor;
    std::string text;
    std::optional<Clock::time_point> starved_since = {};
  };

  awaitable<void> accept(Listener& listener, Offer offer, std::shared_ptr<Tls> tls) {
    const auto self = shared_from_this();
    while (!all_->is_stopping()) {
      auto accepting = listener.acceptor.async_accept(kTuple);
      auto [error, socket] = co_await std::move(accepting);
      if (all_->is_stopping()) co_return;
      if (error) {
        if (!listener.starved_since) listener.starved_since = Clock::now();
        asio::steady_timer pause(io_, kPause);
        auto pausing = pause.async_wait(kTuple);
        (void)co_await std::move(pausing);
        continue;
      }
      listener.starved_since.reset();
      error_code ignored;
      const auto endpoint = socket.remote_endpoint(ignored);
      if (ignored) continue;
      std::string peer = endpoint.address().to_string();
      if (!all_->admit(peer, offer.kind)) continue;  // closes it
      socket.set_option(tcp::no_delay(true), ignored);
      auto serving = serve_socket(std::move(socket), tls, offer, std::move(peer), all_);
      asio::co_spawn(io_, std::move(serving), asio::detached);
    }
  }

  asio::io_context& io_;
  asio::steady_timer checks_;
  std::deque<Listener> acceptors_;
  std::shared_ptr<Connections> all_;
};

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, const std::vector<Port>& ports,
                                              const ServerLimits& limits) {
  auto listeners = std::make_shared<Listeners>(io, limits);
  auto server = std::unique_ptr<Server>(new Server(listeners));
  for (const Port& port : ports) {
    SKERRY_ASSIGN(const int number, listeners->listen(port));
    server->ports_.push_back(number);
  }
  listeners->start_checks();
  return server;
}

Status Server::check() const { return listeners_->check(); }

const Connections& Server::connections() const { return listeners_->all(); }

void Server::stop() { listeners_->stop(); }

Server::~Server() { stop(); }

}  // namespace skerry::http
