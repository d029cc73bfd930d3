// SPDX-License-Identifier: Apache-2.0
#pragma once

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

#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::service {

/// A request as handlers see it. All of it is the client's: untrusted, within limits.
struct HttpRequest {
  std::string method;                        ///< "GET"
  std::string path;                          ///< "/tools/x/schema", not decoded
  std::map<std::string, std::string> query;  ///< decoded; of a name given twice, the last
  std::map<std::string, std::string>
      variables;  ///< parts of the path that the route names, decoded
  std::string body;
  /// Those that handlers may ask for (`kHeadersSeen`), under lower-case names. UTF-8.
  std::map<std::string, std::string> headers = {};
  bool wants_events = false;      ///< it accepts text/event-stream
  bool wants_web_socket = false;  ///< events go out as messages of one
  std::string api_key = {};       ///< as it was sent; empty: none
  std::string request_id = {};    ///< the client's, or one of ours
  std::string trace = {};         ///< `traceparent` for whom we ask in turn; empty: none
  tool::Caller caller = {};       ///< who asks: the server's word, not the client's
};

/// A body that is made while it is sent, piece by piece: no one knows beforehand how long it will
/// be. Destroyed when its reader has all of it, or is gone. Confined to the loop's thread.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; empty after the last. After a failure the client sees that the body is cut
  /// off.
  virtual boost::asio::awaitable<Result<std::string>> next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< further ones
  std::shared_ptr<BodySource> source = {};                        ///< then `body` is empty
};

HttpResponse json_response(const nlohmann::ordered_json& json, int status = 200);
/// `{"error": message}`.
HttpResponse error_response(int status, std::string_view message);

/// The headers of requests that handlers see.
inline constexpr std::string_view kHeadersSeen[] = {"idempotency-key", "last-event-id"};

/// One event as it is sent. Texts have no line ends.
struct StreamEvent {
  std::string_view name;
  std::string_view data;
  std::string_view id = {};  ///< empty: none
};

/// Where a handler sends events to, in place of a response: as text/event-stream, or as messages of
/// a WebSocket if the client asked for one. Confined to the loop's thread.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// From now on an event is its data on a line of its own, which have to say what it is: for
  /// clients of the reference that did not ask for text/event-stream. Messages are such anyway.
  virtual void use_lines() {}
  /// Sends the response's head, though there is no event yet.
  virtual void open() = 0;
  /// Sends one event, after the response's head if it is the first.
  virtual void send(const StreamEvent& event) = 0;
  void send(std::string_view name, const nlohmann::ordered_json& data);
  /// Until the client has taken all that was sent: who sends much waits for it, so that no more is
  /// held for a slow client. A client that takes nothing for too long is cut off.
  virtual boost::asio::awaitable<void> drained() = 0;
};

/// Answers a request: with a response, or with events, and then with none, or with the one that
/// says why they ended early. Cancelled when the client goes.
using HttpHandler = std::function<boost::asio::awaitable<std::optional<HttpResponse>>(
    HttpRequest request, EventStream& events)>;

/// A body that is an object. kInvalidArgument for anything else: no JSON, a name given twice, more
/// than 64 levels deep.
Result<nlohmann::json> parse_object(std::string_view text);

/// `text` with %XX put back, and in a query "+" as a space. None when it is no such text, or no
/// UTF-8.
std::optional<std::string> decoded(std::string_view text, bool is_query);

/// The token in an `Authorization` header of a bearer; empty when there is none.
std::string_view bearer_in(std::string_view authorization);

/// What a request is called in logs: the client's id, where it is 1 to 64 letters, digits, and
/// - _ . : or else a new one.
std::string request_id_of(std::string_view given);

/// Whether a `Host` header names this machine itself.
bool is_local_host(std::string_view host);

/// Whether an `Origin` header names a page of this machine's own. One of elsewhere may make a
/// browser here send requests, and must not have them carried out.
bool is_local_origin(std::string_view origin);

}  // namespace skerry::service
