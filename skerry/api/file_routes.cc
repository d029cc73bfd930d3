// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/file_routes.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/api/byte_range.h"
#include "skerry/base/time_text.h"
#include "skerry/files/media_type.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/operation/codec.h"

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
using workspace::FileCalls;
using workspace::Scope;

// As large as files of sessions may be.
constexpr std::size_t kMaxFile = std::size_t{64} << 20;
constexpr const char* kArchiveType = "application/x-tar";

/// A session's file, or directory.
struct Location {
  Scope scope;
  FilePath path;
};

Result<Location> location_of(const http::Request& request, const std::string& path) {
  SKERRY_ASSIGN(auto session, store::SessionName::parse(request.variables.at("session")));
  SKERRY_ASSIGN(auto parsed, FilePath::parse(path));
  if (parsed.root() == FilePath::Root::kMemory) {
    return absl::PermissionDeniedError(
        "memory/ is a user's: a session's files are below workspace/");
  }
  return Location{.scope = {.principal = request.principal, .session = std::move(session)},
                  .path = std::move(parsed)};
}

awaitable<Reply> answer_read(FileCalls& calls, const http::Request& request) {
  auto location = location_of(request, request.variables.at("path"));
  if (!location.ok()) co_return response_of(location.status());
  const FilePath path = location->path;
  operation::ReadFile order{
      .path = path, .most = bytes(operation::kMaxBytes), .encoding = operation::Encoding::kBytes};
  auto reading = calls.read(std::move(location->scope), std::move(order));
  auto content = co_await std::move(reading);
  if (!content.ok()) co_return response_of(content.status());
  co_return content_response(request, path, std::move(content->text));
}

awaitable<Reply> answer_write(FileCalls& calls, http::Request request) {
  auto location = location_of(request, request.variables.at("path"));
  if (!location.ok()) co_return response_of(location.status());
  const std::string shown = location->path.shown();
  operation::WriteFile order{
      .path = location->path, .content = std::move(request.body), .makes_directories = true};
  auto writing = calls.write(std::move(location->scope), std::move(order));
  const auto written = co_await std::move(writing);
  if (!written.ok()) co_return response_of(written.status());
  co_return json_response({{"path", shown}, {"size", written->size}});
}

/// The directory that the query's `path` names: by default the root.
Result<Location> directory_of(const http::Request& request) {
  const auto given = request.query.find("path");
  const bool has_path = given != request.query.end() && !given->second.empty();
  return location_of(request, has_path ? given->second : ".");
}

awaitable<Reply> answer_pack(FileCalls& calls, const http::Request& request) {
  auto location = directory_of(request);
  if (!location.ok()) co_return response_of(location.status());
  operation::ReadFile order{.path = location->path,
                            .most = bytes(operation::kMaxBytes),
                            .encoding = operation::Encoding::kArchive};
  auto reading = calls.read(std::move(location->scope), std::move(order));
  auto content = co_await std::move(reading);
  if (!content.ok()) co_return response_of(content.status());
  http::Response response{.content_type = kArchiveType};
  const ByteRange all{.first = 0, .length = content->text.size()};
  const Status put = put_body(std::move(content->text), all, response);
  co_return put.ok() ? response : response_of(put);
}

awaitable<Reply> answer_unpack(FileCalls& calls, http::Request request) {
  auto location = directory_of(request);
  if (!location.ok()) co_return response_of(location.status());
  const std::string shown = location->path.shown();
  operation::WriteFile order{.path = location->path,
                             .content = std::move(request.body),
                             .encoding = operation::Encoding::kArchive};
  auto writing = calls.write(std::move(location->scope), std::move(order));
  const auto written = co_await std::move(writing);
  if (!written.ok()) co_return response_of(written.status());
  co_return json_response({{"path", shown}, {"size", written->size}});
}

awaitable<Reply> answer_move(FileCalls& calls, const http::Request& request, json body) {
  for (const auto& [name, value] : body.items()) {
    if ((name == "from" || name == "to") && value.is_string()) continue;
    co_return error_response(400, R"(expected {"from": PATH, "to": PATH})");
  }
  if (body.size() != 2) co_return error_response(400, R"(expected {"from": PATH, "to": PATH})");
  auto from = location_of(request, body["from"].get<std::string>());
  if (!from.ok()) co_return response_of(from.status());
  auto to = location_of(request, body["to"].get<std::string>());
  if (!to.ok()) co_return response_of(to.status());
  const std::string shown = to->path.shown();
  operation::MoveFile order{.path = std::move(from->path), .to = std::move(to->path)};
  auto moving = calls.move(std::move(from->scope), std::move(order));
  const auto moved = co_await std::move(moving);
  if (!moved.ok()) co_return response_of(moved.status());
  co_return json_response({{"path", shown}, {"size", moved->size}});
}

/// Whether the query's `name` is true; kInvalidArgument for what is neither true nor false.
Result<bool> is_asked_for(const http::Request& request, const char* name) {
  const auto given = request.query.find(name);
  if (given == request.query.end() || given->second == "false") return false;
  if (given->second == "true") return true;
  return absl::InvalidArgumentError(
      fmt::format("{} is \"{}\", expected true or false", name, given->second));
}

awaitable<Reply> answer_removal(FileCalls& calls, const http::Request& request) {
  auto location = location_of(request, request.variables.at("path"));
  if (!location.ok()) co_return response_of(location.status());
  const auto is_recursive = is_asked_for(request, "recursive");
  if (!is_recursive.ok()) co_return response_of(is_recursive.status());
  if (location->path.is_root())
    co_return error_response(400, "the root of a session's files stays");
  operation::DeleteFiles order{.path = location->path,
                               .depth = *is_recursive ? files::Depth::kAll : files::Depth::kOne};
  auto removing = calls.remove(std::move(location->scope), std::move(order));
  const auto removed = co_await std::move(removing);
  if (!removed.ok()) co_return response_of(removed.status());
  co_return http::Response{.status = 204, .body = {}};
}

awaitable<Reply> answer_listing(FileCalls& calls, const http::Request& request) {
  auto location = directory_of(request);
  if (!location.ok()) co_return response_of(location.status());
  const auto is_recursive = is_asked_for(request, "recursive");
  if (!is_recursive.ok()) co_return response_of(is_recursive.status());
  operation::ListFiles order{
      .path = location->path,
      .order = {.depth = *is_recursive ? files::Depth::kAll : files::Depth::kOne,
                .has_hidden = true}};
  auto listing = calls.list(std::move(location->scope), std::move(order));
  auto listed = co_await std::move(listing);
  if (!listed.ok()) co_return response_of(listed.status());
  ordered_json entries = ordered_json::array();
  for (files::ListedFile& file : listed->files) {
    const std::int64_t modified = std::chrono::nanoseconds(file.modified).count();
    entries.push_back(
        {{"path", std::move(file.path)},
         {"is_directory", !file.is_file},
         {"size", file.size},
         {"modified", utc_time(modified)},
         {"type", file.is_file ? ordered_json(files::media_type_of(file.name)) : ordered_json()}});
  }
  co_return json_response({{"files", std::move(entries)}, {"truncated", listed->was_cut}});
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
http::Handler handler_of(FileCalls& files, Function function) {
  return [&files, function](http::Request request, http::EventStream&) -> awaitable<Reply> {
    auto answering = function(files, std::move(request));
    co_return co_await std::move(answering);
  };
}

void add_route(http::Route route, http::Router& router) {
  route.errors.insert(route.errors.end(), {400, 403, 404, 409, 429, 500, 503, 504});
  route.needs_permission_to_run = true;
  router.add(std::move(route));
}

void add_archive_routes(FileCalls& files, loop::Pool& pool, http::Router& router) {
  const auto handler = [&files](auto function) { return handler_of(files, function); };
  const auto add = [&](http::Route route) { add_route(std::move(route), router); };
  const auto written = http::object_of(
      {{"path", http::text_schema()}, {"size", http::integer_schema()}}, {"path", "size"});
  add({.method = "GET",
       .path = "/v1/sessions/{session}/archive",
       .summary = "A directory of a session's files (path: by default, the root) as a tar archive",
       .queries = {"path"},
       .answer_type = "*/*",
       .handler = handler([](FileCalls& calls, const http::Request& request) {
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
       .handler = handler([](FileCalls& calls, http::Request request) {
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
           pool, [&files](const http::Request& request, json body, http::EventStream&) {
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

void add_file_routes(FileCalls& files, loop::Pool& pool, http::Router& router) {
  const http::RouteParameter recursive("recursive", {{"type", "boolean"}});
  const auto handler = [&files](auto function) { return handler_of(files, function); };
  const auto add = [&](http::Route route) { add_route(std::move(route), router); };
  add_archive_routes(files, pool, router);
  add({.method = "GET",
       .path = "/v1/sessions/{session}/files",
       .summary = "What is in a directory of a session's files (path: by default, the root)",
       .answer = listing_schema(),
       .queries = {"path", recursive},
       .handler = handler([](FileCalls& calls, const http::Request& request) {
         return answer_listing(calls, request);
       })});
  add({.method = "GET",
       .path = "/v1/sessions/{session}/files/{path...}",
       .summary = "A file of a session, as bytes; with a Range header, some of them",
       .errors = {416},
       .answer_type = "*/*",
       .handler = handler([](FileCalls& calls, const http::Request& request) {
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
       .handler = handler([](FileCalls& calls, http::Request request) {
         return answer_write(calls, std::move(request));
       })});
  add({.method = "DELETE",
       .path = "/v1/sessions/{session}/files/{path...}",
       .summary = "Remove a file of a session; with recursive=true, a directory and all in it",
       .queries = {recursive},
       .success = 204,
       .handler = handler([](FileCalls& calls, const http::Request& request) {
         return answer_removal(calls, request);
       })});
}

}  // namespace skerry::api
