// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_routes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/sha256.h"
#include "skerry/base/time_text.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/gateway/timeline.h"
#include "skerry/shannon/task_document.h"
#include "skerry/shannon/task_request.h"
#include "skerry/shannon/tool_answer.h"
#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using http::count_schema;
using http::error_response;
using http::EventStream;
using http::json_response;
using http::keeping;
using http::list_schema;
using http::object_of;
using http::range_schema;
using http::Reply;
using http::response_of;
using http::RouteParameter;
using http::Router;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using task::Tasks;

constexpr std::size_t kMaxKey = 255;
constexpr std::size_t kMaxControl = 64 * 1024;  // bytes of a body with a reason
// What takes longer than a millisecond is not the event loop's to do.
constexpr std::size_t kReadOnLoop = 64 * 1024;

/// What `task::is_id` takes.
ordered_json task_id_schema() {
  return {{"type", "string"}, {"pattern", "^[A-Za-z0-9:_.-]{1,128}$"}};
}

/// The id in the path, checked.
Result<std::string> id_in(const http::Request& request) {
  const std::string& id = request.variables.at("id");
  if (task::is_id(id)) return id;
  return absl::InvalidArgumentError("a task's id has 1 to 128 letters, digits, and : _ - .");
}

/// The request's Idempotency-Key, if it has one.
Result<std::optional<task::IdempotencyKey>> key_in(const http::Request& request) {
  const auto found = request.headers.find("idempotency-key");
  if (found == request.headers.end()) return std::nullopt;
  const std::string& text = found->second;
  if (text.empty() || text.size() > kMaxKey ||
      std::any_of(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; })) {
    return absl::InvalidArgumentError("Idempotency-Key must be 1 to 255 printable characters");
  }
  Sha256 digest;
  digest.update(request.path + "\n" + request.principal.user + "\n");
  digest.update(request.body);
  return task::IdempotencyKey{.text = text, .digest = digest.hex()};
}

std::string stream_url(const std::string& id) { return "/api/v1/stream/sse?workflow_id=" + id; }

/// Whether a submission asks where the task's events are.
enum class Wants { kAnswer, kStream };

http::Response response_to(const task::Accepted& accepted, const http::Request& request,
                           Wants wants) {
  http::Response response =
      wants == Wants::kStream ? json_response({{"workflow_id", accepted.id},
                                               {"task_id", accepted.id},
                                               {"stream_url", stream_url(accepted.id)}},
                                              201)
                              : json_response({{"task_id", accepted.id},
                                               {"status", "STATUS_CODE_OK"},
                                               {"message", "Task submitted successfully"},
                                               {"created_at", utc_time(accepted.created_unix_ns)}});
  response.headers.emplace_back("X-Workflow-ID", accepted.id);
  response.headers.emplace_back("X-Session-ID", accepted.session);
  if (wants == Wants::kStream) {
    response.headers.emplace_back("Link", "<" + stream_url(accepted.id) + ">; rel=stream");
  }
  if (const auto key = request.headers.find("idempotency-key"); key != request.headers.end()) {
    response.headers.emplace_back("X-Idempotency-Key", key->second);
    if (accepted.is_replay) response.headers.emplace_back("X-Idempotency-Cached", "true");
  }
  return response;
}

/// A submission as it was sent, with its key if it has one.
struct Submitted {
  task::Submission submission;
  std::optional<task::IdempotencyKey> key;
};

Result<Submitted> submitted_in(const http::Request& request) {
  SKERRY_ASSIGN(auto key, key_in(request));
  SKERRY_ASSIGN(json body, parse_json_object(request.body, "the body"));
  SKERRY_ASSIGN(auto submission, submission_of(std::move(body), request.principal));
  return Submitted{.submission = std::move(submission), .key = std::move(key)};
}

awaitable<Reply> submit(Tasks& tasks, loop::Pool& pool, http::Request request, Wants wants) {
  Result<Submitted> read = absl::InternalError("not read");
  if (request.body.size() <= kReadOnLoop) {
    read = submitted_in(request);
  } else {
    auto work = [&] { return submitted_in(request); };
    auto reading = pool.run(request.principal.tenant, std::move(work));
    read = co_await std::move(reading);
  }
  if (!read.ok()) co_return response_of(read.status());
  std::string().swap(request.body);
  auto submitting = tasks.submit(std::move(read->submission), std::move(read->key));
  const auto accepted = co_await std::move(submitting);
  if (!accepted.ok()) co_return response_of(accepted.status());
  co_return response_to(*accepted, request, wants);
}

awaitable<Reply> list(Tasks& tasks, const http::Request& request) {
  auto filter = filter_in(request.query);
  if (!filter.ok()) co_return response_of(filter.status());
  auto listing = tasks.list(request.principal.tenant, *std::move(filter));
  const auto page = co_await std::move(listing);
  if (!page.ok()) co_return response_of(page.status());
  ordered_json told = ordered_json::array();
  for (const task::Task& each : page->tasks) told.push_back(summary_json(each));
  co_return json_response({{"tasks", std::move(told)}, {"total_count", page->total}});
}

/// One task, as a document.
awaitable<Reply> look(Tasks& tasks, loop::Pool& pool, const http::Request& request,
                      ordered_json (*tell)(const task::Task&)) {
  const auto id = id_in(request);
  if (!id.ok()) co_return response_of(id.status());
  auto finding = tasks.find(request.principal.tenant, *id);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  // Results and executions may be megabytes that a guest printed.
  auto work = [&] { return json_response(tell(*found)); };
  auto writing = pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

awaitable<Reply> events(Tasks& tasks, loop::Pool& pool, const http::Request& request) {
  const auto id = id_in(request);
  if (!id.ok()) co_return response_of(id.status());
  const auto limit = number_in(request.query, "limit", 50, 1, 200);
  if (!limit.ok()) co_return response_of(limit.status());
  const auto offset = number_in(request.query, "offset", 0, 0, kFarthestOffset);
  if (!offset.ok()) co_return response_of(offset.status());
  auto asking = tasks.events(request.principal.tenant, *id, *offset, *limit);
  const auto found = co_await std::move(asking);
  if (!found.ok()) co_return response_of(found.status());
  auto work = [&] {
    ordered_json listed = ordered_json::array();
    for (const task::Event& each : *found) listed.push_back(event_json(*id, each));
    const std::size_t count = listed.size();
    return json_response({{"events", std::move(listed)}, {"count", count}});
  };
  auto writing = pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

awaitable<Reply> timeline(Tasks& tasks, loop::Pool& pool, const http::Request& request) {
  const auto id = id_in(request);
  if (!id.ok()) co_return response_of(id.status());
  const auto view = timeline_view_in(request.query);
  if (!view.ok()) co_return response_of(view.status());
  auto finding = tasks.find(request.principal.tenant, *id);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  auto asking =
      tasks.events(request.principal.tenant, *id, 0, static_cast<std::int64_t>(task::kEventsKept));
  const auto kept = co_await std::move(asking);
  if (!kept.ok()) co_return response_of(kept.status());
  auto work = [&] { return json_response(timeline_json(*found, *kept, *view)); };
  auto writing = pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

awaitable<Reply> redirect(Tasks& tasks, const http::Request& request) {
  const auto id = id_in(request);
  if (!id.ok()) co_return response_of(id.status());
  auto finding = tasks.find(request.principal.tenant, *id);
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return response_of(found.status());
  http::Response response{.status = 307, .body = ""};
  response.headers.emplace_back("Location", stream_url(*id));
  co_return response;
}

/// The reason in a body, which may be missing altogether.
Result<std::string> reason_in(const std::string& body) {
  if (body.empty()) return std::string();
  SKERRY_ASSIGN(const json parsed, parse_json_object(body, "the body"));
  const auto found = parsed.find("reason");
  if (found == parsed.end() || found->is_null()) return std::string();
  if (!found->is_string() || found->get_ref<const std::string&>().size() > kMaxReason) {
    return absl::InvalidArgumentError("reason must be text of at most 1000 bytes");
  }
  return found->get<std::string>();
}

const char* said_of(task::Action action, const task::Task& task) {
  switch (action) {
    case task::Action::kCancel:
      return task::is_final(task.state) ? "Task cancelled" : "Task is being cancelled";
    case task::Action::kPause:
      return task.state == task::State::kPaused
                 ? "Task paused"
                 : "Task pauses before its next call; one under way is not interrupted";
    case task::Action::kResume:
      return "Task resumed";
  }
  return "";
}

awaitable<Reply> control(Tasks& tasks, const http::Request& request, task::Action action) {
  const auto id = id_in(request);
  if (!id.ok()) co_return response_of(id.status());
  auto reason = reason_in(request.body);
  if (!reason.ok()) co_return response_of(reason.status());
  task::ControlRequest wish{.reason = *std::move(reason), .by = request.principal.user};
  auto controlling = tasks.control(request.principal.tenant, *id, action, std::move(wish));
  const auto task = co_await std::move(controlling);
  if (!task.ok()) co_return response_of(task.status());
  co_return json_response({{"success", true},
                           {"task_id", task->id},
                           {"status", task::name_of(task->state)},
                           {"message", said_of(action, *task)}});
}

// ----------------------------------------------------------------------------------------- routes

/// A state, with or without its prefix.
ordered_json state_schema() {
  ordered_json schema = status_names();
  ordered_json& names = schema["enum"];
  for (const auto& each : ordered_json(names)) {
    names.push_back(each.get<std::string>().substr(std::string_view("TASK_STATUS_").size()));
  }
  return schema;
}

RouteParameter key_parameter() {
  return RouteParameter(
             "Idempotency-Key",
             {{"type", "string"}, {"pattern", "^[!-~]([ -~]*[!-~])?$"}, {"maxLength", kMaxKey}})
      .in_header();
}

void add_submits(Tasks& tasks, loop::Pool& pool, Router& router) {
  router.add({.method = "POST",
              .path = "/api/v1/tasks",
              .summary = "Take a task, to be done whatever happens to the service",
              .body = submission_schema(),
              .answer = object_of({{"task_id", text_schema()},
                                   {"status", text_schema()},
                                   {"message", text_schema()},
                                   {"created_at", text_schema()}},
                                  {"task_id", "status", "message", "created_at"}),
              .errors = {400, 403, 409, 413, 429, 500, 503},
              .queries = {key_parameter()},
              .max_body = kMaxSubmission,
              .starts_runs = true,
              .handler = [&tasks, &pool](http::Request request, EventStream&) {
                return submit(tasks, pool, std::move(request), Wants::kAnswer);
              }});
  router.add({.method = "POST",
              .path = "/api/v1/tasks/stream",
              .summary = "Take a task, and say where its events are",
              .body = submission_schema(),
              .answer = object_of({{"workflow_id", text_schema()},
                                   {"task_id", text_schema()},
                                   {"stream_url", text_schema()}},
                                  {"workflow_id", "task_id", "stream_url"}),
              .errors = {400, 403, 409, 413, 429, 500, 503},
              .queries = {key_parameter()},
              .success = 201,
              .max_body = kMaxSubmission,
              .starts_runs = true,
              .handler = [&tasks, &pool](http::Request request, EventStream&) {
                return submit(tasks, pool, std::move(request), Wants::kStream);
              }});
}

void add_looks(Tasks& tasks, loop::Pool& pool, Router& router) {
  router.add({.method = "GET",
              .path = "/api/v1/tasks",
              .summary = "Tasks, newest first",
              .answer = object_of(
                  {{"tasks", list_schema(summary_schema())}, {"total_count", count_schema()}},
                  {"tasks", "total_count"}),
              .errors = {400, 429, 500, 503},
              .queries = {{"limit", range_schema(1, 100, 20)},
                          {"offset", range_schema(0, kFarthestOffset, 0)},
                          {"session_id", task_id_schema()},
                          {"status", state_schema()}},
              .handler = keeping(
                  [&tasks](const http::Request& request) { return list(tasks, request); })});
  struct Look {
    const char* path;
    const char* summary;
    ordered_json schema;
    ordered_json (*tell)(const task::Task&);
  };
  for (Look& each : std::vector<Look>{
           {"/api/v1/tasks/{id}", "A task: its status and all there is to tell", status_schema(),
            status_json},
           {"/api/v1/tasks/{id}/control-state", "Whether a task pauses or ends, and why",
            control_schema(), control_json}}) {
    router.add({.method = "GET",
                .path = each.path,
                .summary = each.summary,
                .answer = std::move(each.schema),
                .errors = {400, 404, 429, 500, 503},
                .handler = keeping([&tasks, &pool, tell = each.tell](const http::Request& request) {
                  return look(tasks, pool, request, tell);
                })});
  }
}

/// What happened to a task, and where it is told while it happens.
void add_histories(Tasks& tasks, loop::Pool& pool, Router& router) {
  router.add(
      {.method = "GET",
       .path = "/api/v1/tasks/{id}/events",
       .summary = "A task's events that are kept, oldest first",
       .answer = object_of({{"events", list_schema(event_schema())}, {"count", count_schema()}},
                           {"events", "count"}),
       .errors = {400, 404, 429, 500, 503},
       .queries = {{"limit", range_schema(1, 200, 50)},
                   {"offset", range_schema(0, kFarthestOffset, 0)}},
       .handler = keeping([&tasks, &pool](const http::Request& request) {
         return events(tasks, pool, request);
       })});
  router.add({.method = "GET",
              .path = "/api/v1/tasks/{id}/timeline",
              .summary = "When a task and its calls were scheduled, began and ended",
              .answer = timeline_schema(),
              .errors = {400, 404, 429, 500, 503},
              .queries = {{"mode", {{"enum", {"summary", "full"}}, {"default", "summary"}}},
                          {"include_payloads", http::boolean_schema()}},
              .handler = keeping([&tasks, &pool](const http::Request& request) {
                return timeline(tasks, pool, request);
              })});
  router.add({.method = "GET",
              .path = "/api/v1/tasks/{id}/stream",
              .summary = "To where a task's events are",
              .errors = {400, 404, 429, 500, 503},
              .success = 307,
              .handler = keeping(
                  [&tasks](const http::Request& request) { return redirect(tasks, request); })});
}

void add_controls(Tasks& tasks, Router& router) {
  struct Control {
    const char* path;
    const char* summary;
    task::Action action;
  };
  for (const Control& each :
       {Control{"/api/v1/tasks/{id}/cancel", "End a task", task::Action::kCancel},
        Control{"/api/v1/tasks/{id}/pause", "Pause a task, before its next call",
                task::Action::kPause},
        Control{"/api/v1/tasks/{id}/resume", "Let a paused task go on", task::Action::kResume}}) {
    router.add(
        {.method = "POST",
         .path = each.path,
         .summary = each.summary,
         .body = object_of({{"reason", {{"type", {"string", "null"}}, {"maxLength", 250}}}}, {}),
         .answer = object_of({{"success", {{"type", "boolean"}}},
                              {"task_id", text_schema()},
                              {"status", text_schema()},
                              {"message", text_schema()}},
                             {"success", "task_id", "status", "message"}),
         .errors = {400, 404, 409, 429, 500, 503},
         .max_body = kMaxControl,
         .may_lack_body = true,
         .handler = keeping([&tasks, action = each.action](const http::Request& request) {
           return control(tasks, request, action);
         })});
  }
}

}  // namespace

void add_task_routes(Tasks& tasks, loop::Pool& pool, Router& router) {
  router.describe("id", task_id_schema());
  add_submits(tasks, pool, router);
  add_looks(tasks, pool, router);
  add_histories(tasks, pool, router);
  add_controls(tasks, router);
}

}  // namespace skerry::shannon
