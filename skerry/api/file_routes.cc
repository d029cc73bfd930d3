// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/file_routes.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/api/byte_range.h"
#include "skerry/files/media_type.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/workspace/session_files.h"

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using files::FilePath;
using http::error_response;
using http::json_response;
using http::Reply;
using http::response_of;
using nlohmann::json;
using nlohmann::ordered_json;
using workspace::FileRef;
using workspace::SessionFiles;

constexpr std::size_t kMaxFile = SessionFiles::kMaxBytes;
constexpr const char* kArchiveType = "application/x-tar";

/// What a request is about, by its own words.
FileRef ref_to(const http::Request& request, std::string path) {
  return {.principal = request.principal,
          .session = request.variables.at("session"),
          .path = std::move(path)};
}
FileRef file_of(const http::Request& request) {
  return ref_to(request, request.variables.at("path"));
}
/// The directory that the query's `path` names: by default the root.
FileRef directory_of(const http::Request& request) {
  const auto given = request.query.find("path");
  return ref_to(request, given == request.query.end() ? std::string() : given->second);
}

http::Response stored_response(const Result<SessionFiles::Stored>& stored) {
  if (!stored.ok()) return response_of(stored.status());
  return json_response({{"path", stored->path}, {"size", stored->size}});
}

awaitable<Reply> answer_read(SessionFiles files, const http::Request& request) {
  auto reading = files.read(file_of(request));
  auto content = co_await std::move(reading);
  if (!content.ok()) co_return response_of(content.status());
  const auto path = workspace::workspace_path(request.variables.at("path"));
  co_return content_response(request, *path, std::move(content->text));
}

awaitable<Reply> answer_write(SessionFiles files, http::Request request) {
  auto writing = files.write(file_of(request), std::move(request.body));
  co_return stored_response(co_await std::move(writing));
}

awaitable<Reply> answer_pack(SessionFiles files, const http::Request& request) {
  auto packing = files.pack(directory_of(request));
  auto content = co_await std::move(packing);
  if (!content.ok()) co_return response_of(content.status());
  http::Response response{.content_type = kArchiveType};
  const ByteRange all{.first = 0, .length = content->text.size()};
  const Status put = put_body(std::move(content->text), all, response);
  co_return put.ok() ? response : response_of(put);
}

awaitable<Reply> answer_unpack(SessionFiles files, http::Request request) {
  auto unpacking = files.unpack(directory_of(request), std::move(request.body));
  co_return stored_response(co_await std::move(unpacking));
}

awaitable<Reply> answer_move(SessionFiles files, const http::Request& request, json body) {
  for (const auto& [name, value] : body.items()) {
    if ((name == "from" || name == "to") && value.is_string()) continue;
    co_return error_response(400, R"(expected {"from": PATH, "to": PATH})");
  }
  if (body.size() != 2) co_return error_response(400, R"(expected {"from": PATH, "to": PATH})");
  FileRef from = ref_to(request, body["from"].get<std::string>());
  auto moving = files.move(std::move(from), body["to"].get<std::string>());
  co_return stored_response(co_await std::move(moving));
}

/// Whether the query's `name` is true; kInvalidArgument for what is neither true nor false.
Result<bool> is_asked_for(const http::Request& request, const char* name) {
  const auto given = request.query.find(name);
  if (given == request.query.end() || given->second == "false") return false;
  if (given->second == "true") return true;
  return absl::InvalidArgumentError(
      fmt::format("{} is \"{}\", expected true or false", name, given->second));
}

awaitable<Reply> answer_removal(SessionFiles files, const http::Request& request) {
  const auto is_recursive = is_asked_for(request, "recursive");
  if (!is_recursive.ok()) co_return response_of(is_recursive.status());
  auto removing =
      files.remove(file_of(request), *is_recursive ? files::Depth::kAll : files::Depth::kOne);
  const auto removed = co_await std::move(removing);
  if (!removed.ok()) co_return response_of(removed.status());
  co_return http::Response{.status = 204, .body = {}};
}

awaitable<Reply> answer_listing(SessionFiles files, const http::Request& request) {
  const auto is_recursive = is_asked_for(request, "recursive");
  if (!is_recursive.ok()) co_return response_of(is_recursive.status());
  auto listing =
      files.list(directory_of(request), *is_recursive ? files::Depth::kAll : files::Depth::kOne);
  auto listed = co_await std::move(listing);
  if (!listed.ok()) co_return response_of(listed.status());
  co_return json_response(workspace::json_of(*std::move(listed)));
}

ordered_json path_schema() {
  return {{"type", "string"}, {"pattern", R"(^[^\x00]*[^\x00./][^\x00]*$)"}};
}

ordered_json listing_schema() {
  using http::object_of;
  using http::text_schema;
  const ordered_json entry = object_of({{"path", text_schema()},
                                        {"is_directory", {{"type", "boolean"}}},
                                        {"size", {{"type", "integer"}}},
                                        {"modified", text_schema()},
                                        {"type", {{"type", {"string", "null"}}}}},
                                       {"path", "is_directory", "size", "modified", "type"});
  return object_of(
      {{"files", {{"type", "array"}, {"items", entry}}}, {"truncated", {{"type", "boolean"}}}},
      {"files", "truncated"});
}

/// What a route does with the files.
template <typename Function>
http::Handler handler_of(SessionFiles files, Function function) {
  return [files, function](http::Request request, http::EventStream&) -> awaitable<Reply> {
    auto answering = function(files, std::move(request));
    co_return co_await std::move(answering);
  };
}

void add_route(http::Route route, http::Router& router) {
  route.errors.insert(route.errors.end(), {400, 403, 404, 409, 429, 500, 503, 504});
  route.needs_permission_to_run = true;
  router.add(std::move(route));
}

void add_archive_routes(SessionFiles files, loop::Pool& pool, http::Router& router) {
  const auto handler = [files](auto function) { return handler_of(files, function); };
  const auto add = [&](http::Route route) { add_route(std::move(route), router); };
  const auto written = http::object_of(
      {{"path", http::text_schema()}, {"size", http::integer_schema()}}, {"path", "size"});
  add({.method = "GET",
       .path = "/v1/sessions/{session}/archive",
       .summary = "A directory of a session's files (path: by default, the root) as a tar archive",
       .queries = {"path"},
       .answer_type = "*/*",
       .handler = handler([](SessionFiles calls, const http::Request& request) {
         return answer_pack(calls, request);
       })});
  add({.method = "PUT",
       .path = "/v1/sessions/{session}/archive",
       .summary = "Unpack a tar archive into a directory of a session's files (path: by default, "
                  "the root), whole or not at all",
       .body = {{"type", "string"}, {"format", "binary"}},
       .answer = written,
       .errors = {413},
       .queries = {"path"},
       .max_body = kMaxFile,
       .body_type = kBytesType,
       .handler = handler([](SessionFiles calls, http::Request request) {
         return answer_unpack(calls, std::move(request));
       })});
  add({.method = "POST",
       .path = "/v1/sessions/{session}/move",
       .summary = "Move a file or directory of a session, and make the directories on the way",
       .body = {{"type", "object"},
                {"properties", {{"from", path_schema()}, {"to", path_schema()}}},
                {"required", {"from", "to"}},
                {"additionalProperties", false}},
       .answer = written,
       .handler = http::with_object(
           pool, [files](const http::Request& request, json body, http::EventStream&) {
             return answer_move(files, request, std::move(body));
           })});
}

}  // namespace

http::Response content_response(const http::Request& request, const FilePath& path,
                                std::string content) {
  http::Response response{.content_type = std::string(files::media_type_of(path.name()))};
  const ByteRange range = apply_range(request, content.size(), response);
  if (response.status == 416) return response;
  const Status put = put_body(std::move(content), range, response);
  return put.ok() ? response : response_of(put);
}

void add_file_routes(workspace::FileCalls& file_calls, loop::Pool& pool, http::Router& router) {
  const SessionFiles files(file_calls);
  const http::RouteParameter recursive("recursive", {{"type", "boolean"}});
  const auto handler = [files](auto function) { return handler_of(files, function); };
  const auto add = [&](http::Route route) { add_route(std::move(route), router); };
  add_archive_routes(files, pool, router);
  add({.method = "GET",
       .path = "/v1/sessions/{session}/files",
       .summary = "What is in a directory of a session's files (path: by default, the root)",
       .answer = listing_schema(),
       .queries = {"path", recursive},
       .handler = handler([](SessionFiles calls, const http::Request& request) {
         return answer_listing(calls, request);
       })});
  add({.method = "GET",
       .path = "/v1/sessions/{session}/files/{path...}",
       .summary = "A file of a session, as bytes; with a Range header, some of them",
       .errors = {416},
       .answer_type = "*/*",
       .handler = handler([](SessionFiles calls, const http::Request& request) {
         return answer_read(calls, request);
       })});
  add({.method = "PUT",
       .path = "/v1/sessions/{session}/files/{path...}",
       .summary = "Write a file of a session, and the directories on its way",
       .body = {{"type", "string"}, {"format", "binary"}},
       .answer = http::object_of({{"path", http::text_schema()}, {"size", {{"type", "integer"}}}},
                                 {"path", "size"}),
       .errors = {413},
       .max_body = kMaxFile,
       .may_lack_body = true,
       .body_type = kBytesType,
       .handler = handler([](SessionFiles calls, http::Request request) {
         return answer_write(calls, std::move(request));
       })});
  add({.method = "DELETE",
       .path = "/v1/sessions/{session}/files/{path...}",
       .summary = "Remove a file of a session; with recursive=true, a directory and all in it",
       .queries = {recursive},
       .success = 204,
       .handler = handler([](SessionFiles calls, const http::Request& request) {
         return answer_removal(calls, request);
       })});
}

}  // namespace skerry::api
