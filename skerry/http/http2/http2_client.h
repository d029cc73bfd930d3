// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/http/message.h"

struct nghttp2_session;

namespace skerry::http {

/// The client's side of one HTTP/2 connection, without its socket: for benches and tests. Takes
/// answers of any size. Confined to one thread.
class Http2Client {
 public:
  struct Reply {
    int status = 0;
    Headers headers;
    std::string body;
    Headers trailers;
    std::uint32_t error = 0;  ///< why the stream was reset; 0: it was not
  };

  Http2Client();
  ~Http2Client();
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// Begins a request; its number tells its reply. `body` empty: there is none.
  std::int32_t submit(const RequestHead& head, std::string body);
  /// The bytes to send now.
  std::string output();
  /// Takes what the server sent. kInternal when that is not HTTP/2.
  Status receive(std::string_view bytes);
  /// A reply that is complete.
  std::optional<Reply> take(std::int32_t request);

  /// For tests of what clients should not do.
  nghttp2_session* session() { return session_; }

 private:
  struct Callbacks;
  struct Exchange {
    std::string body;
    std::size_t sent = 0;
    Reply reply;
    bool is_complete = false;
  };
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Exchange> exchanges_;
};

/// The same over a socket to a port of this machine, waiting for each answer.
class BlockingHttp2Client {
 public:
  static Result<std::unique_ptr<BlockingHttp2Client>> connect(int port);
  ~BlockingHttp2Client();

  Result<Http2Client::Reply> ask(const RequestHead& head, std::string body);

 private:
  explicit BlockingHttp2Client(int socket) : socket_(socket) {}
  int socket_;
  Http2Client client_;
};

}  // namespace skerry::http
