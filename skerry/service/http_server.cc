// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_server.h"

#include <deque>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/service/http_connection.h"

namespace skerry::service {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// When there are no descriptors left, until somebody may have given one back.
constexpr std::chrono::milliseconds kPause{50};

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

}  // namespace

class HttpServer::Listeners : public std::enable_shared_from_this<Listeners> {
 public:
  Listeners(asio::io_context& io, const Limits& limits) : io_(io), limits_(limits) {}

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
      return absl::UnavailableError("cannot listen on " + address.text() + ": " + error.message() +
                                    "; `--http HOST:PORT` takes another");
    }
    const int port = acceptor.local_endpoint().port();
    acceptors_.push_back(std::move(acceptor));
    asio::co_spawn(io_, accept(acceptors_.back(), at.router, at.tls), asio::detached);
    return port;
  }

  void stop() {
    all_->is_stopping = true;
    error_code ignored;
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
  }

 private:
  asio::awaitable<void> accept(tcp::acceptor& acceptor, const Router& router,
                               std::shared_ptr<Tls> tls) {
    const auto self = shared_from_this();
    while (!all_->is_stopping) {
      auto [error, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
      if (all_->is_stopping) co_return;
      if (error) {
        asio::steady_timer pause(io_, kPause);
        (void)co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      } else if (connections_ < limits_.connections) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        ++connections_;
        asio::co_spawn(io_, serve_connection(std::move(socket), tls, router, limits_, self->all_),
                       [self](const std::exception_ptr&) { --self->connections_; });
      }  // else it is closed
    }
  }

  asio::io_context& io_;
  Limits limits_;
  std::deque<tcp::acceptor> acceptors_;
  int connections_ = 0;
  std::shared_ptr<Connections> all_ = std::make_shared<Connections>();
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& io,
                                                      const std::vector<Port>& ports,
                                                      const Limits& limits) {
  auto listeners = std::make_shared<Listeners>(io, limits);
  auto server = std::unique_ptr<HttpServer>(new HttpServer(listeners));
  for (const Port& port : ports) {
    SKERRY_ASSIGN(const int number, listeners->listen(port));
    server->ports_.push_back(number);
  }
  return server;
}

void HttpServer::stop() { listeners_->stop(); }

HttpServer::~HttpServer() { stop(); }

}  // namespace skerry::service
