// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/session_routes.h"

#include <functional>
#include <memory>
#include <utility>

#include "skerry/http/handler.h"
#include "skerry/run/message_decoder.h"
#include "skerry/run/message_json.h"
#include "skerry/session/session_report.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using http::error_response;
using http::EventStream;
using http::json_response;
using http::response_of;
using http::RouteParameter;
using http::Router;
using nlohmann::json;
using nlohmann::ordered_json;
using session::SessionRef;
using session::Sessions;

constexpr const char* kExportType = "application/octet-stream";

/// The session of a request's path; a route of all sessions has none.
SessionRef ref_of(const http::Request& request) {
  const auto name = request.variables.find("session");
  return {.principal = request.principal,
          .name = name == request.variables.end() ? "" : name->second};
}

/// A result as a response: its value's JSON, or what failed.
template <typename Value>
http::Reply told(const Result<Value>& result) {
  return result.ok() ? json_response(session::json_of(*result)) : response_of(result.status());
}

// ---------------------------------------------------------------------------------------- schemas

template <typename Message>
ordered_json schema_of() {
  return run::schema_of(*Message::descriptor());
}

// --------------------------------------------------------------------------------------- handlers

awaitable<http::Reply> list(Sessions& sessions, http::Request request) {
  const auto all = co_await sessions.list(std::move(request.principal));
  co_return told(all);
}

awaitable<http::Reply> clear(Sessions& sessions, access::Principal principal,
                             std::optional<std::string> name) {
  const auto cleared = co_await sessions.clear(std::move(principal), std::move(name));
  if (!cleared.ok()) co_return response_of(cleared.status());
  v1::ClearSessionsResponse message;
  message.set_cleared(*cleared);
  co_return json_response(run::document_of(message));
}

awaitable<http::Reply> clear_one(Sessions& sessions, http::Request request) {
  std::string name = request.variables.at("session");
  auto clearing = clear(sessions, std::move(request.principal), std::move(name));
  co_return co_await std::move(clearing);
}

awaitable<http::Reply> clear_all(Sessions& sessions, SessionRef ref,
                                 v1::ClearSessionsRequest query) {
  if (!query.all()) co_return error_response(400, "all=false forgets none");
  auto clearing = clear(sessions, std::move(ref.principal), std::nullopt);
  co_return co_await std::move(clearing);
}

class ExportBody final : public http::BodySource {
 public:
  explicit ExportBody(std::unique_ptr<session::ExportStream> stream) : stream_(std::move(stream)) {}
  awaitable<Result<std::string>> next() override { return stream_->next(); }

 private:
  std::unique_ptr<session::ExportStream> stream_;
};

awaitable<http::Reply> export_revision(Sessions& sessions, SessionRef ref,
                                       v1::ExportSessionRequest query) {
  std::string revision = std::move(*query.mutable_revision());
  auto exported = co_await sessions.export_revision(std::move(ref), std::move(revision));
  if (!exported.ok()) co_return response_of(exported.status());
  http::Response response{.status = 200, .body = {}, .content_type = kExportType};
  response.headers.emplace_back("X-Skerry-Revision", std::to_string((*exported)->revision()));
  response.source = std::make_shared<ExportBody>(*std::move(exported));
  co_return response;
}

awaitable<http::Reply> import(Sessions& sessions, http::Request request) {
  SessionRef ref = ref_of(request);
  const auto made = co_await sessions.import(std::move(ref), std::move(request.body));
  co_return told(made);
}

/// Whoever may not run code may not reach what runs left, either.
void add(Router& router, http::Route route) {
  route.needs_permission_to_run = true;
  router.add(std::move(route));
}

/// A handler of the sessions' that takes no body.
template <typename Handler>
http::Handler of(Sessions& sessions, Handler handler) {
  return [&sessions, handler](http::Request request, EventStream&) -> awaitable<http::Reply> {
    co_return co_await handler(sessions, std::move(request));
  };
}

http::Reply told(http::Reply reply) { return reply; }

/// Answers a request about sessions with what `handler`, one of theirs or of ours, makes of its
/// parameters, a `Message`.
template <typename Message, typename Handler>
awaitable<http::Reply> answer(Sessions& sessions, Handler handler,
                              const run::MessageDecoder& decoder, SessionRef ref, json given) {
  Message message;
  const Status parsed = decoder.parse(std::move(given), message);
  if (!parsed.ok()) co_return response_of(parsed);
  auto handling = std::invoke(handler, sessions, std::move(ref), std::move(message));
  co_return told(co_await std::move(handling));
}

template <typename Message>
std::shared_ptr<const run::MessageDecoder> decoder_of(const char* name) {
  return std::make_shared<const run::MessageDecoder>(*Message::descriptor(), name);
}

/// Gives a route of one session's its body, a `Body`, and a handler that takes it.
template <typename Body, typename Handler>
http::Route taking(const char* name, Sessions& sessions, loop::Pool& pool, Handler handler,
                   http::Route route) {
  const auto decoder = decoder_of<Body>(name);
  route.body = decoder->schema();
  route.handler = http::with_object(
      pool, [&sessions, handler, decoder](const http::Request& request, json given, EventStream&) {
        return answer<Body>(sessions, handler, *decoder, ref_of(request), std::move(given));
      });
  return route;
}

/// What a text of a query stands for: itself, or a truth value where one is asked for.
json value_of(const std::string& text, const ordered_json& schema) {
  const bool is_truth = schema.at("type") == "boolean" && (text == "true" || text == "false");
  return is_truth ? json(text == "true") : json(text);
}

/// The same for a route whose query has the fields of `Query`; other names in it count for nothing.
template <typename Query, typename Handler>
http::Route asking(const char* name, Sessions& sessions, Handler handler, http::Route route) {
  const auto decoder = decoder_of<Query>(name);
  for (int i = 0; i < Query::descriptor()->field_count(); ++i) {
    const auto& field = *Query::descriptor()->field(i);
    const v1::FieldRules& rules = run::rules_of(field);
    if (rules.in_path()) continue;
    RouteParameter parameter(field.name().c_str());
    parameter.schema.update(run::schema_of(field, rules));
    if (parameter.schema.at("type") == "boolean") parameter.schema.erase("pattern");
    parameter.is_required = rules.required();
    route.queries.push_back(std::move(parameter));
  }
  const auto known = route.queries;
  route.handler = [&sessions, handler, decoder, known](const http::Request& request, EventStream&) {
    json given = json::object();
    for (const RouteParameter& each : known) {
      const auto found = request.query.find(each.name);
      if (found != request.query.end()) given[each.name] = value_of(found->second, each.schema);
    }
    return answer<Query>(sessions, handler, *decoder, ref_of(request), std::move(given));
  };
  return route;
}

void add_looks(Sessions& sessions, Router& router) {
  add(router, {.method = "GET",
               .path = "/v1/sessions",
               .summary = "All sessions, last used first",
               .answer = schema_of<v1::ListSessionsResponse>(),
               .errors = {403, 500, 503},
               .handler = of(sessions, list)});
  add(router,
      {.method = "GET",
       .path = "/v1/sessions/{session}",
       .summary = "One session",
       .answer = schema_of<v1::Session>(),
       .errors = {400, 403, 404, 500, 503},
       .handler = of(sessions, [](Sessions& all, http::Request request) -> awaitable<http::Reply> {
         SessionRef ref = ref_of(request);
         const auto info = co_await all.info(std::move(ref));
         co_return told(info);
       })});
  add(router,
      {.method = "GET",
       .path = "/v1/sessions/{session}/log",
       .summary = "A session's revisions, and what happened to it",
       .answer = schema_of<v1::SessionLog>(),
       .errors = {400, 403, 404, 500, 503},
       .handler = of(sessions, [](Sessions& all, http::Request request) -> awaitable<http::Reply> {
         SessionRef ref = ref_of(request);
         const auto log = co_await all.log(std::move(ref));
         co_return told(log);
       })});
  add(router,
      asking<v1::DiffRequest>(
          "diff", sessions, &Sessions::diff,
          {.method = "GET",
           .path = "/v1/sessions/{session}/diff",
           .summary = "Variables added, changed and removed from one revision to another (to: "
                      "by default, where the session stands)",
           .answer = schema_of<v1::DiffResponse>(),
           .errors = {400, 403, 404, 409, 429, 500, 503}}));
}

void add_moves(Sessions& sessions, loop::Pool& pool, Router& router) {
  add(router,
      taking<v1::CheckpointRequest>(
          "checkpoint", sessions, pool, &Sessions::checkpoint,
          {.method = "POST",
           .path = "/v1/sessions/{session}/checkpoint",
           .summary = "Give the session's revision a label (by default, the time), and keep it",
           .answer = schema_of<v1::CheckpointResponse>(),
           .errors = {400, 403, 404, 409, 500, 503}}));
  add(router, taking<v1::RewindRequest>(
                  "rewind", sessions, pool, &Sessions::rewind,
                  {.method = "POST",
                   .path = "/v1/sessions/{session}/rewind",
                   .summary = "Make another revision the one to go on from; later ones stay",
                   .answer = schema_of<v1::Revision>(),
                   .errors = {400, 403, 404, 500, 503}}));
  add(router, taking<v1::ForkRequest>("fork", sessions, pool, &Sessions::fork,
                                      {.method = "POST",
                                       .path = "/v1/sessions/{session}/fork",
                                       .summary = "A second session that starts where this one is",
                                       .answer = schema_of<v1::Session>(),
                                       .errors = {400, 403, 404, 409, 500, 503}}));
  add(router, {.method = "DELETE",
               .path = "/v1/sessions/{session}",
               .summary = "Forget a session",
               .answer = schema_of<v1::ClearSessionsResponse>(),
               .errors = {400, 403, 404, 500, 503},
               .handler = of(sessions, clear_one)});
  auto forget_all = asking<v1::ClearSessionsRequest>(
      "clear", sessions, clear_all,
      {.method = "DELETE",
       .path = "/v1/sessions",
       .summary = "Forget all sessions; all=true says that this is meant",
       .answer = schema_of<v1::ClearSessionsResponse>(),
       .errors = {400, 403, 500, 503}});
  forget_all.queries.front().schema["enum"] = {true};
  add(router, std::move(forget_all));
}

void add_transfers(Sessions& sessions, Router& router) {
  add(router, asking<v1::ExportSessionRequest>(
                  "export", sessions, export_revision,
                  {.method = "GET",
                   .path = "/v1/sessions/{session}/export",
                   .summary = "A revision with all that another machine needs to go on from it",
                   .errors = {400, 403, 404, 409, 429, 500, 503},
                   .answer_type = kExportType}));
  add(router, {.method = "POST",
               .path = "/v1/sessions/{session}/import",
               .summary = "A new session of an exported one",
               .body = {{"type", "string"}, {"format", "binary"}},
               .answer = schema_of<v1::Revision>(),
               .errors = {400, 403, 409, 413, 429, 500, 503},
               .max_body = session::kMaxExport,
               .body_type = kExportType,
               .handler = of(sessions, import)});
}

}  // namespace

void add_session_routes(Sessions& sessions, loop::Pool& pool, Router& router) {
  const auto& name = *v1::GetSessionRequest::descriptor()->FindFieldByName("session");
  router.describe("session", run::schema_of(name, run::rules_of(name)));
  add_looks(sessions, router);
  add_moves(sessions, pool, router);
  add_transfers(sessions, router);
}

}  // namespace skerry::api
