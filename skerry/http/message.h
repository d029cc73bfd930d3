// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/base/status.h"

namespace skerry::http {

/// Header fields in their order. Names are lower-case. A value.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// The first field of this name; empty when there is none. The view ends with the next `add`.
  std::string_view get(std::string_view name) const;
  /// The values of all fields of this name, with ", " between them.
  std::string joined(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool empty() const { return fields_.empty(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request's head as it came over the wire, whatever the protocol's version. Untrusted.
struct RequestHead {
  std::string method;  ///< "GET"
  std::string target;  ///< "/tools/x?y=z"
  std::string host{};  ///< `Host` or `:authority`; empty: none
  Headers headers{};
};

/// A request as handlers see it. All of it is the client's word, within limits, but `principal`.
struct Request {
  std::string method;                        ///< "GET"
  std::string path;                          ///< "/tools/x/schema", not decoded
  std::map<std::string, std::string> query;  ///< decoded; of a name given twice, the last
  /// Parts of the path that the route names, decoded.
  std::map<std::string, std::string> variables;
  std::string body;
  /// The headers that handlers may ask for (`kVisibleHeaders`), by lower-case names. UTF-8. Values
  /// of one that came several times stand behind each other, with ", " between them.
  std::map<std::string, std::string> headers = {};
  bool wants_events = false;      ///< it accepts text/event-stream
  bool wants_web_socket = false;  ///< events go out as messages of one
  std::string api_key = {};       ///< as it was sent; empty: none
  std::string request_id = {};    ///< the client's, or one of ours
  std::string trace = {};         ///< `traceparent` for requests made on its behalf; empty: none
  access::Principal principal = {};
};

/// The headers of requests that handlers see.
inline constexpr std::string_view kVisibleHeaders[] = {
    "accept",   "idempotency-key",      "last-event-id",  "mcp-method",
    "mcp-name", "mcp-protocol-version", "mcp-session-id", "range"};

/// A response's body that is produced while it is sent. Confined to the event loop's thread;
/// destroyed early when the client goes away.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;
  /// All bytes that will come, if that is known: then they are announced as Content-Length.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  /// The next piece, at most some 256 KiB; empty at the end. On failure the response breaks off in
  /// a way that the client can tell from its end.
  virtual boost::asio::awaitable<Result<std::string>> next() = 0;
};

/// The source, which what it reads from lives as long as.
std::shared_ptr<BodySource> kept_with(std::shared_ptr<BodySource> source,
                                      std::shared_ptr<const void> owner);

struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< further ones
  std::shared_ptr<BodySource> source = {};                        ///< sent after `body`
};

/// A value as a response; a large one is serialized while it is sent.
Response json_response(nlohmann::ordered_json json, int status = 200);
/// `{"error": message}`.
Response error_response(int status, std::string_view message);
/// An error with the time after which to try again.
Response retry_response(int status, std::string_view message, std::chrono::milliseconds wait);
/// The response for a failure: the one place where our codes become HTTP's.
Response response_of(const Status& status);

/// One event as it is sent. Texts have no line ends.
struct StreamEvent {
  std::string_view name;
  std::string_view data;
  std::string_view id = {};  ///< empty: none
};

/// Events as the text of a response's body: text/event-stream, or a line each. A value.
class EventText {
 public:
  static constexpr const char* kContentType = "text/event-stream";
  /// A comment, sent so that the client sees the response's head.
  static constexpr const char* kOpening = ": here are events\n\n";

  void use_lines() { is_lines_ = true; }
  /// What keeps proxies from closing a silent stream; nothing where events are lines.
  const char* heartbeat() const { return is_lines_ ? "" : ": still there\n\n"; }

  void append(const StreamEvent& event, std::string& to) const {
    if (!is_lines_) {
      if (!event.id.empty()) to.append("id: ").append(event.id).append("\n");
      to.append("event: ").append(event.name).append("\ndata: ");
    }
    to.append(event.data).append(is_lines_ ? "\n" : "\n\n");
  }

 private:
  bool is_lines_ = false;
};

/// Where a handler sends events to, in place of a response: as text/event-stream, or as messages of
/// a WebSocket if the client asked for one. Confined to the event loop's thread.
class EventStream {
 public:
  EventStream() = default;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  virtual ~EventStream() = default;
  /// From now on an event is its data on a line of its own, for clients of the reference that did
  /// not ask for text/event-stream. Messages of a WebSocket are such anyway.
  virtual void use_lines() {}
  /// Sends the response's head, though there is no event yet.
  virtual void open() = 0;
  /// Sends one event, after the response's head if it is the first.
  virtual void send(const StreamEvent& event) = 0;
  void send(std::string_view name, const nlohmann::ordered_json& data);
  /// Bytes that were sent and that the client has not taken yet.
  virtual std::size_t unsent() const = 0;
  /// Until the client has taken all that was sent, or the wait is cancelled: whoever sends much
  /// waits for it. A client that takes nothing for too long is cut off.
  virtual boost::asio::awaitable<void> drained() = 0;

  /// Of a WebSocket: keeps the client's messages for `receive`. The first may have `first_message`
  /// bytes, later ones 64 KiB. To be called before the stream is opened; else they are dropped.
  virtual void listen(std::size_t first_message) { (void)first_message; }
  /// The client's next message, for one caller at a time. kCancelled when no more comes,
  /// kDeadlineExceeded when none comes for `patience`, kUnavailable when what clients send together
  /// takes too much memory.
  virtual boost::asio::awaitable<Result<std::string>> receive(std::chrono::milliseconds patience);
  /// The handler has no use for the first message any more: its size counts no longer.
  virtual void release_first_message() {}
};

/// What a handler gives: none when it has answered by its `EventStream`.
using Reply = std::optional<Response>;

/// Answers a request: with a response, or with events, and then with none, or with the one that
/// says why they ended early. Cancelled when the client goes away.
using Handler = std::function<boost::asio::awaitable<Reply>(Request request, EventStream& events)>;

/// `text` with %XX put back, and in a query "+" as a space. None when it is no such text, or no
/// UTF-8.
std::optional<std::string> decoded(std::string_view text, bool is_query);

/// The token in an `Authorization` header of a bearer; empty when there is none.
std::string_view bearer_in(std::string_view authorization);

/// The id of a request in logs: the client's, where it is 1 to 64 letters, digits, and - _ . : or
/// else a new one.
std::string request_id_of(std::string_view given);

/// Whether a `Host` header names this machine itself.
bool is_local_host(std::string_view host);

}  // namespace skerry::http
