// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_stream_routes.h"

#include <optional>
#include <string>
#include <utility>

#include "skerry/base/formats/json_text.h"
#include "skerry/shannon/task_document.h"
#include "skerry/shannon/task_request.h"
#include "skerry/shannon/tool_answer.h"
#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using http::error_response;
using http::EventStream;
using http::Reply;
using http::response_of;
using http::RouteParameter;
using http::Router;
using task::Tasks;

/// One client's way of hearing events.
class Telling {
 public:
  Telling(EventStream& events, const Following& following, bool as_messages)
      : events_(events), following_(following), as_messages_(as_messages) {}

  void tell(const task::Event& event) {
    const bool is_end = event.type == task::kStreamEnd;
    has_ended_ = has_ended_ || is_end;
    // The end is told to those, too, who asked for some types alone.
    if (!is_end && !following_.wants(event.type)) return;
    const std::string id = std::to_string(event.seq);
    if (as_messages_) {
      const std::string data = dump_json(event_json(following_.id, event));
      events_.send({.name = event.type, .data = data, .id = id});
      return;
    }
    const NamedEvent named = stream_event(following_.id, event);
    events_.send({.name = named.name, .data = named.data, .id = id});
  }

  /// Who goes on behind the last event has missed nothing, and hears that it is over.
  void tell_end() {
    if (!has_ended_ && !as_messages_) events_.send({.name = "done", .data = "[DONE]"});
  }

 private:
  EventStream& events_;
  const Following& following_;
  bool as_messages_;
  bool has_ended_ = false;
};

awaitable<Reply> stream(Tasks& tasks, http::Request request, EventStream& events) {
  const auto header = request.headers.find("last-event-id");
  const std::string* place = header == request.headers.end() ? nullptr : &header->second;
  const auto following = following_in(request.query, place);
  if (!following.ok()) co_return response_of(following.status());
  auto asking = tasks.follow(request.principal.tenant, following->id, following->after);
  auto reader = co_await std::move(asking);
  if (!reader.ok()) co_return response_of(reader.status());
  events.open();
  Telling telling(events, *following, request.wants_web_socket);
  for (;;) {
    auto coming = reader->next();
    const auto batch = co_await std::move(coming);
    // It ends without `done`: the client comes again, and goes on where it was.
    if (!batch.ok()) co_return response_of(batch.status());
    if (batch->empty()) break;
    for (const auto& each : *batch) telling.tell(*each);
    auto taken = events.drained();
    co_await std::move(taken);
  }
  telling.tell_end();
  co_return std::nullopt;
}

std::vector<RouteParameter> parameters() {
  return {
      RouteParameter("workflow_id", {{"type", "string"}, {"pattern", "^[A-Za-z0-9:_.-]{1,128}$"}})
          .required(),
      "types", RouteParameter("last_event_id", {{"type", "integer"}, {"minimum", 0}}),
      RouteParameter("Last-Event-ID", {{"type", "integer"}, {"minimum", 0}}).in_header()};
}

}  // namespace

void add_task_stream_routes(Tasks& tasks, Router& router) {
  router.add({.method = "GET",
              .path = "/api/v1/stream/sse",
              .summary = "A task's events as they come, as text/event-stream",
              .errors = {400, 404, 429, 500, 503},
              .queries = parameters(),
              .sends_events = true,
              .handler = [&tasks](http::Request request, EventStream& events) {
                return stream(tasks, std::move(request), events);
              }});
  router.add({.method = "GET",
              .path = "/api/v1/stream/ws",
              .summary = "A task's events as they come, as messages of a WebSocket",
              .errors = {400, 404, 426, 429, 500, 503},
              .queries = parameters(),
              .success = 101,
              .handler = [&tasks](http::Request request, EventStream& events) -> awaitable<Reply> {
                if (!request.wants_web_socket) {
                  http::Response response =
                      error_response(426, "this is for WebSockets; /api/v1/stream/sse is not");
                  response.headers.emplace_back("Upgrade", "websocket");
                  co_return response;
                }
                auto streaming = stream(tasks, std::move(request), events);
                co_return co_await std::move(streaming);
              }});
}

}  // namespace skerry::shannon
