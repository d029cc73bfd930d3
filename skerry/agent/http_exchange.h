// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "skerry/agent/model_options.h"
#include "skerry/base/status.h"

namespace skerry::agent {

/// What lets an exchange be encrypted, its other side proved against the machine's certificates.
/// Shared by all; made once.
class TlsClientContext {
 public:
  /// Files of PEM: whom to trust in place of the machine's authorities, and what to show to servers
  /// that ask who we are. Empty paths: the machine's, and nothing.
  struct Files {
    std::filesystem::path authorities = {};
    std::filesystem::path certificate = {};
    std::filesystem::path key = {};
  };
  /// kUnavailable when one of them cannot be read, or the key is not the certificate's.
  static Result<std::unique_ptr<TlsClientContext>> make(const Files& files);
  ~TlsClientContext();

 private:
  friend class HttpExchange;
  struct Context;
  explicit TlsClientContext(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};

/// One request to a server and its answer, over HTTP/1.1 on a connection of its own. All that comes
/// is untrusted: a head has at most 64 KiB, a body what `Limits` says. Redirects are told, not
/// followed. Confined to the event loop's thread; names are looked up on another.
///
/// Everything fails with kDeadlineExceeded for a server that is too slow, kUnavailable for one that
/// is not there or speaks no HTTP, kCancelled when the wait is cancelled.
class HttpExchange {
 public:
  struct Limits {
    std::size_t body = std::size_t{32} << 20;
    std::chrono::milliseconds connect_time{10'000};
    std::chrono::milliseconds first_byte_time{60'000};
    std::chrono::milliseconds pause_time{60'000};
    std::chrono::steady_clock::time_point deadline;  ///< of all of it
    std::string who = "the model server";            ///< as messages call the other side
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// What an answer's head says.
  struct Head {
    int status = 0;
    std::string content_type = {};  ///< lower case, without parameters
    std::string content_encoding = {};
    std::string retry_after = {};
  };

  /// `tls` must outlive it.
  HttpExchange(const boost::asio::any_io_executor& executor, const TlsClientContext& tls,
               Endpoint endpoint, Limits limits);
  ~HttpExchange();

  /// Sends the request; gives the answer's head.
  boost::asio::awaitable<Result<Head>> post(std::string target, Headers headers, std::string body);
  boost::asio::awaitable<Result<Head>> get(std::string target, Headers headers);
  /// The next piece of the answer's body, as soon as there is one; none at its end.
  boost::asio::awaitable<Result<std::optional<std::string>>> next();

 private:
  class Connection;
  boost::asio::awaitable<Result<Head>> send(bool is_post, std::string target, Headers headers,
                                            std::string body);
  std::unique_ptr<Connection> connection_;
};

}  // namespace skerry::agent
