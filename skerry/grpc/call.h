// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <google/protobuf/message.h>

#include "skerry/access/principal.h"
#include "skerry/base/status.h"
#include "skerry/grpc/framing.h"
#include "skerry/http/http2/http2_stream.h"
#include "skerry/loop/pool.h"

namespace skerry::grpc {

/// The largest message of a method that does not say otherwise, as gRPC's own servers have it.
inline constexpr std::size_t kDefaultMaxMessage = std::size_t{4} << 20;
/// Of methods that take modules: one of 50 MiB in base64, and what is around it.
inline constexpr std::size_t kModuleMaxMessage = std::size_t{70} << 20;

/// One remote procedure call, from its metadata to its status. Confined to the event loop's thread;
/// lives as long as its handler.
class Call {
 public:
  struct Options {
    std::size_t max_message = kDefaultMaxMessage;
    std::chrono::milliseconds patience{60'000};  ///< for the client's next message
  };
  Call(std::shared_ptr<http::Http2Stream> stream, loop::Pool& pool, Coding coding, Options options)
      : stream_(std::move(stream)),
        pool_(pool),
        coding_(coding),
        options_(options),
        reader_(options.max_message) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const access::Principal& principal() const { return principal_; }
  void set_principal(access::Principal principal) { principal_ = std::move(principal); }
  const http::Headers& metadata() const { return stream_->head().headers; }
  /// When the client's time for the call is over; none: it gave none.
  std::optional<std::chrono::steady_clock::time_point> deadline() const { return deadline_; }
  void set_deadline(std::chrono::steady_clock::time_point at) { deadline_ = at; }

  /// Goes out with the response's head, before any message.
  void add_initial_metadata(std::string name, std::string value) {
    initial_.add(std::move(name), std::move(value));
  }
  /// Goes out with the status.
  void add_trailer(std::string name, std::string value) {
    trailers_.add(std::move(name), std::move(value));
  }
  /// Messages that are written from now on go out in this coding, if the client understands it.
  void compress(Coding coding);
  /// Whether the message that was read last was compressed.
  bool was_compressed() const { return was_compressed_; }

  /// How long `read` waits for the client's next message from now on.
  void set_patience(std::chrono::milliseconds patience) { options_.patience = patience; }

  /// The client's next message; none when it has sent all. kResourceExhausted for one that is too
  /// large, kCancelled when the client has given up, kDeadlineExceeded when it sends nothing.
  boost::asio::awaitable<Result<std::optional<std::string>>> read();
  /// The same as a Protobuf message; a large one is parsed on the pool.
  /// Fails as `check_message`.
  boost::asio::awaitable<Result<bool>> read(google::protobuf::Message& message);

  /// Bytes of earlier messages that the handler keeps: they count among what all clients' bodies
  /// take. When that is too much, the next `read` fails.
  void set_kept(std::size_t bytes) { kept_ = bytes; }

  /// Queues a message; what is queued is the sender's to bound, with `unsent` and `drained`.
  void write(const google::protobuf::MessageLite& message);
  /// The same for the only message of a call, which goes out with the status.
  void write_last(const google::protobuf::MessageLite& message);
  /// Bytes that were queued and that the client has not taken yet.
  std::size_t unsent() const { return stream_->unsent(); }
  /// Until no more than `most` bytes wait. False when the client has given up.
  boost::asio::awaitable<bool> drained(std::size_t most = 0) { return stream_->drained(most); }

  /// Ends the call. Only the first time counts.
  void finish(const Status& status);

 private:
  void respond(http::Http2Stream::End end);

  std::shared_ptr<http::Http2Stream> stream_;
  loop::Pool& pool_;
  Coding coding_;                          // of the client's compressed messages
  Coding own_coding_ = Coding::kIdentity;  // of ours
  Options options_;
  access::Principal principal_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  MessageReader reader_;
  std::size_t kept_ = 0;
  http::Headers initial_;
  http::Headers trailers_;
  bool was_compressed_ = false;
  bool is_finished_ = false;
};

}  // namespace skerry::grpc
