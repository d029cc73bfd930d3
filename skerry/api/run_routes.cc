// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/run_routes.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "skerry/api/live_run.h"
#include "skerry/api/output_relay.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/run/message_json.h"
#include "skerry/tool/run_report.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using http::EventStream;
using http::json_response;
using http::object_of;
using http::object_schema;
using http::Reply;
using http::Router;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;

// Of a run: its program, its input and its arguments.
constexpr std::size_t kMaxRunBody = std::size_t{16} << 20;
// The same over a WebSocket must be there in the time that a body has.
constexpr std::chrono::seconds kFirstMessageTime{60};

ordered_json health_schema() {
  return object_of(
      {{"status", text_schema()}, {"service", text_schema()}, {"timestamp", {{"type", "number"}}}},
      {"status", "service", "timestamp"});
}

/// How a run's events are told.
using Tell = std::function<void(std::string_view name, ordered_json data)>;

OutputRelay::Client client_of(EventStream& events, const Tell& tell) {
  return {.send =
              [&tell](wasi::Stream stream, std::string_view text) {
                tell(stream == wasi::Stream::kStdout ? "stdout" : "stderr", {{"text", text}});
              },
          .unsent = [&events] { return events.unsent(); },
          .drained = [&events] { return events.drained(); }};
}

tool::RunCallbacks callbacks_of(const Tell& tell, OutputRelay& relay) {
  tool::RunCallbacks callbacks;
  callbacks.output = relay.callback();
  callbacks.displayed = [&tell, &relay](const sandbox::Display& display) {
    relay.send_between([&] { tell("display", tool::json_of(display)); });
  };
  callbacks.begun = [&tell] { tell("started", ordered_json::object()); };
  callbacks.warned = [&tell](std::string_view text) { tell("warning", {{"text", text}}); };
  return callbacks;
}

void tell_outcome(tool::RunReport report, const Tell& tell) {
  const bool is_lost = report.session && !report.session->failure.ok();
  const std::string lost = is_lost ? report.session->message : std::string();
  ordered_json outcome = tool::json_of(std::move(report));
  if (is_lost) outcome["error"] = lost;
  outcome.erase("stdout");
  outcome.erase("stderr");
  outcome.erase("results");
  tell("outcome", std::move(outcome));
}

/// A run whose events are sent as they come; none where it ended with them.
awaitable<Reply> answer_streamed_run(const RunApi& api, access::Principal principal,
                                     run::Request order, EventStream& events) {
  const Tell tell = [&events](std::string_view name, const ordered_json& data) {
    events.send(name, data);
  };
  OutputRelay relay(co_await boost::asio::this_coro::executor, client_of(events, tell),
                    order.output_events_per_second);
  auto running =
      relay.during(api.runs.run(std::move(principal), std::move(order), callbacks_of(tell, relay)));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return http::response_of(report.status());
  tell_outcome(*std::move(report), tell);
  co_return std::nullopt;
}

/// A message of a client of `/v1/run/stream`, after the first.
Result<worker::InputPiece> piece_of(const std::string& message) {
  using Piece = worker::InputPiece;
  SKERRY_ASSIGN(json object, parse_json_object(message, "a message"));
  if (object.size() == 1) {
    const std::string& key = object.begin().key();
    json& value = object.begin().value();
    if (key == "input" && value.is_string()) {
      return Piece{.text = std::move(value.get_ref<std::string&>())};
    }
    if (key == "end" && value == true) return Piece{.kind = Piece::Kind::kEnd};
    if (key == "interrupt" && value == true) return Piece{.kind = Piece::Kind::kInterrupt};
  }
  return absl::InvalidArgumentError(
      R"(a message is one of {"input": TEXT}, {"end": true} and {"interrupt": true})");
}

awaitable<Result<std::optional<worker::InputPiece>>> next_piece(EventStream& events) {
  auto coming = events.receive(LiveRun::kPatience);
  const auto message = co_await std::move(coming);
  if (!message.ok()) co_return message.status();
  auto piece = piece_of(*message);
  if (!piece.ok()) co_return piece.status();
  co_return std::optional(*std::move(piece));
}

awaitable<Status> live_run(const RunApi& api, access::Principal principal, EventStream& events,
                           const Tell& tell) {
  auto coming = events.receive(kFirstMessageTime);
  auto message = co_await std::move(coming);
  if (!message.ok()) co_return message.status();
  auto parsing =
      http::parsed_object(api.pool, principal.tenant, *std::move(message), "the first message");
  auto parameters = co_await std::move(parsing);
  if (!parameters.ok()) co_return parameters.status();
  auto order = api.decoder.decode(*std::move(parameters), InputForm::kLive);
  if (!order.ok()) co_return order.status();
  const auto executor = co_await boost::asio::this_coro::executor;
  OutputRelay::Client client = client_of(events, tell);
  LiveRun live(executor, order->input,
               {.next = [&events] { return next_piece(events); },
                .unsent = client.unsent,
                .drained = client.drained});
  OutputRelay relay(executor, std::move(client), order->output_events_per_second);
  tool::RunCallbacks callbacks = callbacks_of(tell, relay);
  callbacks.begun = [&events, begun = std::move(callbacks.begun)] {
    events.release_first_message();  // the worker has it
    begun();
  };
  callbacks.waiting = [&](bool is_waiting) {
    live.waiting(is_waiting);
    relay.flush();  // a prompt, for one
    tell("waiting", {{"waiting", is_waiting}});
  };
  auto running = live.during(
      relay.during(api.runs.run(std::move(principal), *std::move(order), std::move(callbacks))));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return report.status();
  tell_outcome(*std::move(report), tell);
  co_return ok_status();
}

/// A run whose input and events are messages of a WebSocket.
awaitable<Reply> answer_live_run(const RunApi& api, http::Request request, EventStream& events) {
  if (!request.wants_web_socket) {
    http::Response response = http::error_response(426, "this is for WebSockets; /v1/run is not");
    response.headers.emplace_back("Upgrade", "websocket");
    co_return response;
  }
  const Tell tell = [&events](std::string_view name, const ordered_json& data) {
    events.send(name, {{"event", name}, {"data", data}});
  };
  events.listen(kMaxRunBody);
  events.open();
  auto running = live_run(api, std::move(request.principal), events, tell);
  const Status status = co_await std::move(running);
  if (status.ok()) co_return std::nullopt;
  http::Response response = http::response_of(status);
  tell("error", {{"status", response.status}, {"error", message_of(status)}});
  co_return response;
}

/// Runs a program; the answer is one object, or events.
awaitable<Reply> answer_run(const RunApi& api, const http::Request& request, json body,
                            EventStream& events) {
  auto order = api.decoder.decode(std::move(body));
  if (!order.ok()) co_return http::response_of(order.status());
  access::Principal principal = request.principal;
  if (request.wants_events) {
    auto streaming = answer_streamed_run(api, std::move(principal), *std::move(order), events);
    co_return co_await std::move(streaming);
  }
  auto running = api.runs.run(std::move(principal), *std::move(order), {});
  auto report = co_await std::move(running);
  if (!report.ok()) co_return http::response_of(report.status());
  const auto memory = report->memory;
  // The program ended well, and yet what it left is lost.
  const bool is_lost = report->session && !report->session->failure.ok();
  const std::string lost = is_lost ? report->session->message : std::string();
  ordered_json outcome = tool::json_of(*std::move(report));
  if (is_lost) outcome["error"] = lost;
  http::Response response = json_response(std::move(outcome), is_lost ? 500 : 200);
  if (response.source) response.source = http::kept_with(std::move(response.source), memory);
  co_return response;
}

Status readiness_of(const RunApi& api) {
  if (!api.runner.counts().has_workers()) return absl::UnavailableError("no worker starts");
  return api.ports_ready();
}

}  // namespace

ordered_json report_schema() {
  ordered_json schema = run::schema_of(*v1::Outcome::descriptor());
  schema["properties"].update({{"result", {{"type", {"string", "null"}}}},
                               {"results", {{"type", "array"}, {"items", tool::display_schema()}}},
                               {"stdout", text_schema()},
                               {"stderr", text_schema()}});
  for (const char* name : {"result", "results", "stdout", "stderr"}) {
    schema["required"].push_back(name);
  }
  return schema;
}

void add_run_routes(const RunApi& api, Router& router) {
  router.add({.method = "POST",
              .path = "/v1/run",
              .summary = "Run a Python program; with Accept: text/event-stream as events warning, "
                         "started, stdout, stderr, display, outcome",
              .body = api.decoder.schema(),
              .answer = report_schema(),
              .errors = {400, 403, 404, 409, 429, 500, 503},
              .max_body = kMaxRunBody,
              .sends_events = true,
              .starts_runs = true,
              .handler = http::with_object(
                  api.pool, [&api](const http::Request& request, json body, EventStream& events) {
                    return answer_run(api, request, std::move(body), events);
                  })});
  router.add(
      {.method = "GET",
       .path = "/v1/run/stream",
       .summary =
           "The same over a WebSocket, with standard input while the program runs: the first "
           "message is the body of /v1/run (and input_timeout), later ones are "
           "{\"input\": TEXT}, {\"end\": true}, {\"interrupt\": true}; events come as "
           "{\"event\": NAME, \"data\": …}",
       .errors = {400, 403, 426, 500},
       .success = 101,
       .starts_runs = true,
       .handler = [&api](http::Request request, EventStream& events) {
         return answer_live_run(api, std::move(request), events);
       }});
}

void add_document_route(const RunApi& api, Router& router) {
  router.add({.method = "GET",
              .path = "/openapi.json",
              .summary = "This document",
              .answer = object_schema(),
              .is_open = true,
              .handler = http::immediate([&api, &router](const http::Request&) {
                return json_response(router.document(api.version));
              })});
}

void add_health_routes(const RunApi& api, Router& router) {
  const auto health = [&api](bool asks_for_workers) {
    return http::immediate([&api, asks_for_workers](const http::Request&) {
      const Status ready = asks_for_workers ? readiness_of(api) : ok_status();
      const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
      return json_response({{"status", ready.ok() ? "healthy" : message_of(ready)},
                            {"service", "skerry"},
                            {"timestamp", now.count()}},
                           ready.ok() ? 200 : 503);
    });
  };
  const auto add = [&](const char* path, const char* summary, bool asks_for_workers) {
    router.add({.method = "GET",
                .path = path,
                .summary = summary,
                .answer = health_schema(),
                .errors = asks_for_workers ? std::vector<int>{503} : std::vector<int>{},
                .is_open = true,
                .handler = health(asks_for_workers)});
  };
  add("/health", "Whether it serves", true);
  add("/health/ready", "Whether it can run something", true);
  add("/readiness", "Whether it can run something", true);
  add("/health/live", "Whether it answers at all", false);
}

}  // namespace skerry::api
