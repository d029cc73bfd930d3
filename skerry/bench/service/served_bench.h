// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "skerry/base/os/child.h"
#include "skerry/bench/samples.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

/// The service as others find it: the program in a process of its own, on free ports of this
/// machine, with sessions, tasks and keys in a home of its own; runtime and templates are the
/// home's. Everybody needs one of its two keys. Confined to one thread.
class ServedBench {
 public:
  /// Makes its home at `own`, and returns when it has told its addresses.
  static Result<std::unique_ptr<ServedBench>> start(const runtime::Home& home,
                                                    const std::filesystem::path& own);

  int http_port() const { return http_port_; }
  int grpc_port() const { return grpc_port_; }
  /// The keys of two tenants.
  const std::string& key() const { return key_; }
  const std::string& other_key() const { return other_key_; }
  /// Memory of the service's process, without its workers': resident, in MiB.
  Result<double> resident_mib() const;

 private:
  Status begin(const runtime::Home& home, const runtime::Home& own);
  Status read_addresses(int from);
  std::string key_;
  std::string other_key_;
  std::optional<Child> service_;
  OwnedFd words_;
  int http_port_ = 0;
  int grpc_port_ = 0;
};

/// A client's connection that waits for each answer. Confined to one thread.
class BenchConnection {
 public:
  /// To a port of this machine.
  static Result<BenchConnection> open(boost::asio::io_context& io, int port);

  /// The answer's body; an error when its status is not 200. `body` is JSON; empty: GET.
  Result<std::string> ask(std::string_view target, const std::string& key, std::string_view body);

  /// Asks for a stream of events, and returns when the answer has begun.
  Status ask_for_events(std::string_view target, const std::string& key, std::string_view body);
  /// What came, when something has come; empty at the end. Of streams alone.
  Result<std::string> next_events();

 private:
  explicit BenchConnection(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  Status send(std::string_view target, const std::string& key, std::string_view body, bool events);
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

/// A request as it goes over the wire.
std::string http_request(std::string_view target, const std::string& key, std::string_view body,
                         bool wants_events);

}  // namespace skerry::bench
