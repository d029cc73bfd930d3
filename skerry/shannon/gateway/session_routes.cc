// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/formats/json_fields.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/gateway/session_api.h"
#include "skerry/shannon/gateway/session_title.h"
#include "skerry/shannon/gateway/session_turns.h"
#include "skerry/shannon/task_request.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using http::count_schema;
using http::error_response;
using http::EventStream;
using http::json_response;
using http::object_of;
using http::range_schema;
using http::Reply;
using http::response_of;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using session::SessionRef;

constexpr std::size_t kMaxTitleBody = 64 * 1024;

Viewpoint viewpoint_of(const SessionApi& api, const access::Principal& caller) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {.user = user_of(caller),
          .now_unix_ns = std::chrono::nanoseconds(now).count(),
          .time_to_live = api.time_to_live};
}

/// Which of the things in a list: of `total`, those from `offset` on.
struct Window {
  std::int64_t limit;
  std::int64_t offset;
};

Result<Window> window_in(const Query& query, std::int64_t fallback) {
  Window window{};
  SKERRY_ASSIGN(window.limit, number_in(query, "limit", fallback, 1, 100));
  SKERRY_ASSIGN(window.offset, number_in(query, "offset", 0, 0, kFarthestOffset));
  return window;
}

awaitable<Reply> list_sessions(const SessionApi& api, const http::Request& request) {
  const auto window = window_in(request.query, 20);
  if (!window.ok()) co_return response_of(window.status());
  auto listing = api.sessions.list(request.principal);
  auto states = co_await std::move(listing);
  if (!states.ok()) co_return response_of(states.status());
  auto asking = api.tasks.sessions(request.principal.tenant, std::nullopt);
  auto filed = co_await std::move(asking);
  if (!filed.ok()) co_return response_of(filed.status());
  const Viewpoint from = viewpoint_of(api, request.principal);
  // A tenant may have thousands of sessions.
  auto work = [&] {
    const auto all = views_of(*std::move(states), *std::move(filed));
    const auto total = static_cast<std::int64_t>(all.size());
    const std::int64_t begin = std::min(window->offset, total);
    const std::int64_t end = std::min(begin + window->limit, total);
    ordered_json told = ordered_json::array();
    for (std::int64_t i = begin; i < end; ++i) {
      told.push_back(session_summary_json(all[static_cast<std::size_t>(i)], from));
    }
    return json_response({{"sessions", std::move(told)}, {"total_count", total}});
  };
  auto writing = api.pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

awaitable<Reply> look_at_session(const SessionApi& api, const http::Request& request) {
  auto finding = find_session(api, request.principal, request.variables.at("session"));
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  co_return json_response(session_json(*found, viewpoint_of(api, request.principal)));
}

http::Response too_large(const task::Turns& turns, const task::TurnsRequest& request,
                         std::string_view advice) {
  return error_response(
      413, fmt::format("{} bytes of texts and {} events are too much for one answer, expected at "
                       "most {} and {}: {}",
                       turns.bytes, turns.events, request.max_bytes, request.max_events, advice));
}

awaitable<Reply> session_history(const SessionApi& api, const http::Request& request) {
  const std::string& name = request.variables.at("session");
  auto finding = find_session(api, request.principal, name);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  const task::TurnsRequest wanted{.tenant = request.principal.tenant, .session = name};
  auto asking = api.tasks.turns(wanted);
  auto turns = co_await std::move(asking);
  if (!turns.ok()) co_return response_of(turns.status());
  if (turns->is_too_much) {
    co_return too_large(*turns, wanted,
                        "/api/v1/tasks?session_id=… lists a session's tasks, page by page");
  }
  auto work = [&] {
    const task::Turns mine = *std::move(turns);  // so many texts are not freed on the event loop
    return json_response(session_history_json(name, mine));
  };
  auto writing = api.pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

awaitable<Reply> session_events(const SessionApi& api, const http::Request& request) {
  const auto window = window_in(request.query, 10);
  if (!window.ok()) co_return response_of(window.status());
  const auto has_payloads = flag_in(request.query, "include_payload");
  if (!has_payloads.ok()) co_return response_of(has_payloads.status());
  const std::string& name = request.variables.at("session");
  auto finding = find_session(api, request.principal, name);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  const task::TurnsRequest wanted{.tenant = request.principal.tenant,
                                  .session = name,
                                  .limit = window->limit,
                                  .offset = window->offset,
                                  .with = task::TurnsRequest::With::kEvents};
  auto asking = api.tasks.turns(wanted);
  auto turns = co_await std::move(asking);
  if (!turns.ok()) co_return response_of(turns.status());
  if (turns->is_too_much) co_return too_large(*turns, wanted, "ask for fewer turns, with limit");
  const TurnsView view{.first = window->offset + 1,
                       .has_payloads = *has_payloads,
                       .now_unix_ns = viewpoint_of(api, request.principal).now_unix_ns};
  auto work = [&] {
    const task::Turns mine = *std::move(turns);
    return json_response(session_turns_json(name, mine, view));
  };
  auto writing = api.pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

void record_title(const SessionApi& api, access::Principal caller, const std::string& session,
                  const Status& status, std::chrono::steady_clock::time_point begun) {
  caller.session = session;
  api.audit.record(caller, {.action = "session.title",
                            .outcome = absl::StatusCodeToString(status.code()),
                            .took = std::chrono::steady_clock::now() - begun});
}

awaitable<Reply> set_session_title(const SessionApi& api, const http::Request& request, json body) {
  const auto begun = std::chrono::steady_clock::now();
  const json* given = field(body, "title");
  if (given == nullptr || !given->is_string()) {
    co_return response_of(must_be("title", "there, and text"));
  }
  auto title = session_title_of(given->get_ref<const std::string&>());
  if (!title.ok()) co_return response_of(title.status());
  const std::string& name = request.variables.at("session");
  auto finding = find_session(api, request.principal, name);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  auto setting = api.tasks.set_title(request.principal.tenant, name, *title);
  const Status set = co_await std::move(setting);
  record_title(api, request.principal, name, set, begun);
  if (!set.ok()) co_return response_of(set);
  co_return json_response({{"session_id", name}, {"title", *std::move(title)}});
}

awaitable<Reply> delete_session(const SessionApi& api, const http::Request& request) {
  const std::string& name = request.variables.at("session");
  // State first: when that fails, the session is as it was.
  auto clearing = api.sessions.clear(request.principal, name);
  const auto cleared = co_await std::move(clearing);
  if (!cleared.ok() && cleared.status().code() != StatusCode::kNotFound) {
    co_return response_of(cleared.status());
  }
  auto forgetting = api.tasks.forget_session(request.principal.tenant, name);
  const Status forgotten = co_await std::move(forgetting);
  if (!forgotten.ok()) co_return response_of(forgotten);
  co_return http::Response{.status = 204, .body = {}};
}

/// Adds a route of sessions; who may not run code may not reach what runs left, either.
void add_guarded(http::Router& router, http::Route route) {
  route.needs_permission_to_run = true;
  router.add(std::move(route));
}

void add_session_looks(const SessionApi& api, http::Router& router) {
  const auto handler = [api](awaitable<Reply> (*answer)(const SessionApi&, const http::Request&)) {
    return http::keeping(
        [api, answer](const http::Request& request) { return answer(api, request); });
  };
  const http::RouteParameter offset("offset", range_schema(0, kFarthestOffset, 0));
  add_guarded(router,
              {.method = "GET",
               .path = "/api/v1/sessions",
               .summary = "Sessions with their titles and what their tasks come to, last "
                          "used first",
               .answer = object_of({{"sessions", http::list_schema(session_summary_schema())},
                                    {"total_count", count_schema()}},
                                   {"sessions", "total_count"}),
               .errors = {400, 403, 429, 500, 503},
               .queries = {{"limit", range_schema(1, 100, 20)}, offset},
               .handler = handler(list_sessions)});
  add_guarded(router, {.method = "GET",
                       .path = "/api/v1/sessions/{session}",
                       .summary = "One session as Shannon's clients see it",
                       .answer = session_schema(),
                       .errors = {400, 403, 404, 429, 500, 503},
                       .handler = handler(look_at_session)});
  add_guarded(router, {.method = "GET",
                       .path = "/api/v1/sessions/{session}/history",
                       .summary = "All tasks of a session, oldest first",
                       .answer = session_history_schema(),
                       .errors = {400, 403, 404, 413, 429, 500, 503},
                       .handler = handler(session_history)});
  add_guarded(router, {.method = "GET",
                       .path = "/api/v1/sessions/{session}/events",
                       .summary = "Tasks of a session with their events, oldest first",
                       .answer = session_turns_schema(),
                       .errors = {400, 403, 404, 413, 429, 500, 503},
                       .queries = {{"limit", range_schema(1, 100, 10)},
                                   offset,
                                   {"include_payload", http::boolean_schema()}},
                       .handler = handler(session_events)});
}

}  // namespace

awaitable<Result<SessionView>> find_session(const SessionApi& api, access::Principal caller,
                                            std::string name) {
  const std::string tenant = caller.tenant;
  SessionRef ref{.principal = std::move(caller), .name = name};
  auto asking = api.sessions.info(std::move(ref));
  auto state = co_await std::move(asking);
  std::vector<store::SessionInfo> states;
  if (state.ok()) {
    states.push_back(*std::move(state));
  } else if (state.status().code() != StatusCode::kNotFound) {
    co_return state.status();
  }
  auto looking = api.tasks.sessions(tenant, std::move(name));
  auto filed = co_await std::move(looking);
  if (!filed.ok()) co_return filed.status();
  auto views = views_of(std::move(states), *std::move(filed));
  if (views.empty()) co_return absl::NotFoundError("Session not found");
  co_return std::move(views.front());
}

void add_session_routes(const SessionApi& api, http::Router& router) {
  add_session_looks(api, router);
  add_guarded(router,
              {.method = "PATCH",
               .path = "/api/v1/sessions/{session}",
               .summary = "Give a session a title of at most 60 characters",
               .body = object_of({{"title", session_title_schema()}}, {"title"}),
               .answer = object_of({{"session_id", text_schema()}, {"title", text_schema()}},
                                   {"session_id", "title"}),
               .errors = {400, 403, 404, 429, 500, 503},
               .max_body = kMaxTitleBody,
               .handler = http::with_object(
                   api.pool, [api](const http::Request& request, json body, EventStream&) {
                     return set_session_title(api, request, std::move(body));
                   })});
  add_guarded(router, {.method = "DELETE",
                       .path = "/api/v1/sessions/{session}",
                       .summary = "Forget a session, its files and its title; its tasks stay",
                       .errors = {400, 403, 429, 500, 503},
                       .success = 204,
                       .handler = http::keeping([api](const http::Request& request) {
                         return delete_session(api, request);
                       })});
}

}  // namespace skerry::shannon
