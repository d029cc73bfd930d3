// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/session_routes.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "skerry/base/json_fields.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/run/message_json.h"
#include "skerry/session/session_report.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using http::error_response;
using http::EventStream;
using http::json_response;
using http::nullable;
using http::object_of;
using http::response_of;
using http::RouteParameter;
using http::Router;
using http::session_name_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using session::SessionRef;
using session::Sessions;

constexpr double kMaxWhole = 9007199254740992.0;  // 2^53: a double tells them apart up to here
constexpr const char* kExportType = "application/octet-stream";

SessionRef ref_of(const http::Request& request) {
  return {.principal = request.principal, .name = request.variables.at("session")};
}

std::string query_of(const http::Request& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

/// A result as a response: its value's JSON, or what failed.
template <typename Value>
http::Response told(const Result<Value>& result) {
  return result.ok() ? json_response(session::json_of(*result)) : response_of(result.status());
}

/// A revision in a body: a number, or a number or label as text.
Result<std::string> revision_in(const json& body) {
  const auto found = body.find("revision");
  if (found != body.end() && found->is_string()) return found->get<std::string>();
  if (found != body.end() && found->is_number_unsigned()) return found->dump();
  if (found != body.end() && found->is_number_float()) {
    // 3.0 is a whole number, too.
    const double number = found->get<double>();
    if (number >= 0 && number <= kMaxWhole && std::trunc(number) == number) {
      return std::to_string(static_cast<std::int64_t>(number));
    }
  }
  return absl::InvalidArgumentError("revision is missing, or neither a number nor a label");
}

Result<std::string> label_in(const json& body) {
  const auto found = body.find("label");
  if (found == body.end() || found->is_null()) return std::string();
  if (found->is_string() && !found->get_ref<const std::string&>().empty()) {
    return found->get<std::string>();
  }
  return absl::InvalidArgumentError("label must be a text that is not empty");
}

// ---------------------------------------------------------------------------------------- schemas

template <typename Message>
ordered_json schema_of() {
  return run::schema_of(*Message::descriptor());
}

/// What `store::SessionStore` takes: a label, and a revision by number or label.
ordered_json label_schema() {
  return {{"type", "string"},
          {"pattern", R"(^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f0-9-][^\x00-\x1f\x7f]*$)"},
          {"maxLength", 128}};
}

ordered_json revision_name_schema() {
  return {{"type", {"integer", "string"}}, {"minimum", 0}, {"maximum", INT64_MAX}};
}

// --------------------------------------------------------------------------------------- handlers

awaitable<std::optional<http::Response>> list(Sessions& sessions, http::Request request) {
  const auto all = co_await sessions.list(std::move(request.principal));
  if (!all.ok()) co_return response_of(all.status());
  v1::ListSessionsResponse listed;
  for (const auto& each : *all) *listed.add_sessions() = session::proto_of(each);
  co_return json_response(run::document_of(listed));
}

awaitable<std::optional<http::Response>> clear(Sessions& sessions, http::Request request) {
  std::optional<std::string> name;
  if (const auto found = request.variables.find("session"); found != request.variables.end()) {
    name = found->second;
  } else if (query_of(request, "all") != "true") {
    co_return error_response(400, "this would forget every session: say so with ?all=true");
  }
  const auto cleared = co_await sessions.clear(std::move(request.principal), std::move(name));
  if (!cleared.ok()) co_return response_of(cleared.status());
  co_return json_response({{"cleared", *cleared}});
}

awaitable<std::optional<http::Response>> checkpoint(Sessions& sessions, SessionRef ref, json body) {
  auto label = label_in(body);
  if (!label.ok()) co_return response_of(label.status());
  const auto made = co_await sessions.checkpoint(std::move(ref), *std::move(label));
  if (!made.ok()) co_return response_of(made.status());
  ordered_json told = session::json_of(made->info);
  told["replaced_label"] = made->replaced.empty() ? ordered_json() : ordered_json(made->replaced);
  told["label_taken_from"] = made->taken ? ordered_json(*made->taken) : ordered_json();
  co_return json_response(told);
}

awaitable<std::optional<http::Response>> rewind(Sessions& sessions, SessionRef ref, json body) {
  auto revision = revision_in(body);
  if (!revision.ok()) co_return response_of(revision.status());
  const auto now = co_await sessions.rewind(std::move(ref), *std::move(revision));
  co_return told(now);
}

awaitable<std::optional<http::Response>> fork(Sessions& sessions, SessionRef ref, json body) {
  std::string name = text_at(body, "name");
  if (name.empty()) co_return error_response(400, "name is missing, or is no text");
  const auto forked = co_await sessions.fork(std::move(ref), std::move(name));
  co_return told(forked);
}

awaitable<std::optional<http::Response>> diff(Sessions& sessions, http::Request request) {
  std::string from = query_of(request, "from");
  if (from.empty()) co_return error_response(400, "the query names no revision \"from\"");
  std::string to = query_of(request, "to");
  SessionRef ref = ref_of(request);
  const auto found = co_await sessions.diff(std::move(ref), std::move(from), std::move(to));
  co_return told(found);
}

class ExportBody final : public http::BodySource {
 public:
  explicit ExportBody(std::unique_ptr<session::ExportStream> stream) : stream_(std::move(stream)) {}
  awaitable<Result<std::string>> next() override { return stream_->next(); }

 private:
  std::unique_ptr<session::ExportStream> stream_;
};

awaitable<std::optional<http::Response>> export_revision(Sessions& sessions,
                                                         http::Request request) {
  std::string revision = query_of(request, "revision");
  SessionRef ref = ref_of(request);
  auto exported = co_await sessions.export_revision(std::move(ref), std::move(revision));
  if (!exported.ok()) co_return response_of(exported.status());
  http::Response response{.status = 200, .body = {}, .content_type = kExportType};
  response.headers.emplace_back("X-Skerry-Revision", std::to_string((*exported)->revision()));
  response.source = std::make_shared<ExportBody>(*std::move(exported));
  co_return response;
}

awaitable<std::optional<http::Response>> import(Sessions& sessions, http::Request request) {
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
  return [&sessions, handler](http::Request request,
                              EventStream&) -> awaitable<std::optional<http::Response>> {
    co_return co_await handler(sessions, std::move(request));
  };
}

/// A handler of one session's that takes a body.
template <typename Handler>
http::Handler of_body(Sessions& sessions, loop::Pool& pool, Handler handler) {
  return http::with_object(
      pool,
      [&sessions, handler](const http::Request& request, json body,
                           EventStream&) -> awaitable<std::optional<http::Response>> {
        SessionRef ref = ref_of(request);
        co_return co_await handler(sessions, std::move(ref), std::move(body));
      });
}

void add_looks(Sessions& sessions, Router& router) {
  add(router, {.method = "GET",
               .path = "/v1/sessions",
               .summary = "All sessions, last used first",
               .answer = schema_of<v1::ListSessionsResponse>(),
               .errors = {403, 500, 503},
               .handler = of(sessions, list)});
  add(router, {.method = "GET",
               .path = "/v1/sessions/{session}",
               .summary = "One session",
               .answer = schema_of<v1::Session>(),
               .errors = {400, 403, 404, 500, 503},
               .handler = of(sessions,
                             [](Sessions& all,
                                http::Request request) -> awaitable<std::optional<http::Response>> {
                               SessionRef ref = ref_of(request);
                               const auto info = co_await all.info(std::move(ref));
                               co_return told(info);
                             })});
  add(router, {.method = "GET",
               .path = "/v1/sessions/{session}/log",
               .summary = "A session's revisions, and what happened to it",
               .answer = schema_of<v1::SessionLog>(),
               .errors = {400, 403, 404, 500, 503},
               .handler = of(sessions,
                             [](Sessions& all,
                                http::Request request) -> awaitable<std::optional<http::Response>> {
                               SessionRef ref = ref_of(request);
                               const auto log = co_await all.log(std::move(ref));
                               co_return told(log);
                             })});
  add(router,
      {.method = "GET",
       .path = "/v1/sessions/{session}/diff",
       .summary = "Variables added, changed and removed from one revision to another (to: "
                  "by default, where the session stands)",
       .answer = schema_of<v1::DiffResponse>(),
       .errors = {400, 403, 404, 409, 429, 500, 503},
       .queries =
           {RouteParameter("from", {{"type", "string"}, {"pattern", R"(^[^\x00]+$)"}}).required(),
            "to"},
       .handler = of(sessions, diff)});
}

void add_moves(Sessions& sessions, loop::Pool& pool, Router& router) {
  ordered_json checkpoint_schema = schema_of<v1::Revision>();
  checkpoint_schema["properties"]["replaced_label"] = {{"type", {"string", "null"}}};
  checkpoint_schema["properties"]["label_taken_from"] = {{"type", {"integer", "null"}}};
  add(router, {.method = "POST",
               .path = "/v1/sessions/{session}/checkpoint",
               .summary = "Give the session's revision a label (by default, the time), and keep it",
               .body = object_of({{"label", nullable(label_schema())}}, {}),
               .answer = std::move(checkpoint_schema),
               .errors = {400, 403, 404, 409, 500, 503},
               .handler = of_body(sessions, pool, checkpoint)});
  add(router, {.method = "POST",
               .path = "/v1/sessions/{session}/rewind",
               .summary = "Make another revision the one to go on from; later ones stay",
               .body = object_of({{"revision", revision_name_schema()}}, {"revision"}),
               .answer = schema_of<v1::Revision>(),
               .errors = {400, 403, 404, 500, 503},
               .handler = of_body(sessions, pool, rewind)});
  add(router, {.method = "POST",
               .path = "/v1/sessions/{session}/fork",
               .summary = "A second session that starts where this one is",
               .body = object_of({{"name", session_name_schema()}}, {"name"}),
               .answer = schema_of<v1::Session>(),
               .errors = {400, 403, 404, 409, 500, 503},
               .handler = of_body(sessions, pool, fork)});
  add(router, {.method = "DELETE",
               .path = "/v1/sessions/{session}",
               .summary = "Forget a session",
               .answer = schema_of<v1::ClearSessionsResponse>(),
               .errors = {400, 403, 404, 500, 503},
               .handler = of(sessions, clear)});
  add(router,
      {.method = "DELETE",
       .path = "/v1/sessions",
       .summary = "Forget all sessions; all=true says that this is meant",
       .answer = schema_of<v1::ClearSessionsResponse>(),
       .errors = {400, 403, 500, 503},
       .queries = {RouteParameter("all", {{"type", "string"}, {"enum", {"true"}}}).required()},
       .handler = of(sessions, clear)});
}

void add_transfers(Sessions& sessions, Router& router) {
  add(router, {.method = "GET",
               .path = "/v1/sessions/{session}/export",
               .summary = "A revision with all that another machine needs to go on from it",
               .errors = {400, 403, 404, 409, 429, 500, 503},
               .queries = {"revision"},
               .answer_type = kExportType,
               .handler = of(sessions, export_revision)});
  add(router, {.method = "POST",
               .path = "/v1/sessions/{session}/import",
               .summary = "A new session of an exported one",
               .body = {{"type", "string"}, {"format", "binary"}},
               .answer = schema_of<v1::Revision>(),
               .errors = {400, 403, 409, 413, 429, 500, 503},
               .max_body = http::kModuleMaxBody,
               .body_type = kExportType,
               .handler = of(sessions, import)});
}

}  // namespace

void add_session_routes(Sessions& sessions, loop::Pool& pool, Router& router) {
  router.describe("session", session_name_schema());
  add_looks(sessions, router);
  add_moves(sessions, pool, router);
  add_transfers(sessions, router);
}

}  // namespace skerry::api
