// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/file_routes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <absl/strings/escaping.h>

#include "skerry/base/utf8.h"
#include "skerry/files/media_type.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/gateway/session_api.h"
#include "skerry/shannon/sandbox_service.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using files::FilePath;
using http::json_response;
using http::object_of;
using http::Reply;
using http::response_of;
using http::text_schema;
using nlohmann::ordered_json;
using workspace::Scope;
using Root = FilePath::Root;

constexpr std::string_view kUnknownType = "application/octet-stream";

/// A file or directory, and whose it is.
struct FileLocation {
  Scope scope;
  FilePath path;
};

/// A path below `root`, which it may name or not, as everywhere. kInvalidArgument for one that
/// leads out of it.
Result<FilePath> path_below(Root root, const std::string& text) {
  auto path = FilePath::parse(text);
  if (path.ok() && path->root() != root) path = FilePath::parse_below(root, text);
  if (path.ok()) return path;
  return absl::InvalidArgumentError("invalid path: " + std::string(message_of(path.status())));
}

/// The memory's owner: the one that a query names, as gRPC's requests do, or else the caller.
Result<store::SessionName> memory_owner_of(const http::Request& request) {
  const auto given = request.query.find("user_id");
  return user_named(given == request.query.end() ? user_of(request.principal) : given->second);
}

/// What a request about memory, or about a session that is there, is about.
awaitable<Result<FileLocation>> location_of(const SessionApi& api, const http::Request& request,
                                            Root root, std::string text) {
  auto path = path_below(root, text.empty() ? "." : text);
  if (!path.ok()) co_return path.status();
  if (root == Root::kMemory) {
    auto owner = memory_owner_of(request);
    if (!owner.ok()) co_return owner.status();
    auto none = store::SessionName::parse("memory");  // no session's files are touched
    if (!none.ok()) co_return none.status();
    co_return FileLocation{.scope = {.principal = request.principal,
                                     .session = *std::move(none),
                                     .user = *std::move(owner)},
                           .path = *std::move(path)};
  }
  auto session = store::SessionName::parse(request.variables.at("session"));
  if (!session.ok()) co_return session.status();
  auto finding = find_session(api, request.principal, session->text());
  const auto found = co_await std::move(finding);
  if (!found.ok()) co_return found.status();
  co_return FileLocation{.scope = {.principal = request.principal, .session = *std::move(session)},
                         .path = *std::move(path)};
}

/// A failure of a call on files: what is not of the kind that was asked for is the request's fault.
http::Response file_failure(const Status& status) {
  if (status.code() != StatusCode::kFailedPrecondition) return response_of(status);
  return response_of(absl::InvalidArgumentError(std::string(message_of(status))));
}

awaitable<Reply> list_files(const SessionApi& api, const http::Request& request, Root root) {
  const auto given = request.query.find("path");
  auto locating =
      location_of(api, request, root, given == request.query.end() ? "" : given->second);
  auto location = co_await std::move(locating);
  if (!location.ok()) co_return response_of(location.status());
  operation::ListFiles order{.path = location->path, .order = {.has_hidden = true}};
  auto listing = api.files.list(std::move(location->scope), std::move(order));
  auto listed = co_await std::move(listing);
  if (!listed.ok() && listed.status().code() != StatusCode::kNotFound) {
    co_return file_failure(listed.status());
  }
  files::Listed none;
  files::Listed& all = listed.ok() ? *listed : none;
  const std::string below = location->path.is_root() ? "" : location->path.below() + "/";
  auto work = [&] {
    ordered_json entries = ordered_json::array();
    for (files::ListedFile& each : all.files) {
      std::string path = below + each.name;
      entries.push_back({{"name", std::move(each.name)},
                         {"path", std::move(path)},
                         {"is_dir", !each.is_file},
                         {"size_bytes", each.size}});
    }
    return json_response(
        {{"success", true}, {"files", std::move(entries)}, {"truncated", all.was_cut}});
  };
  auto writing = api.pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

/// A file's type as Shannon's gateway names it: its clients tell by it what is text.
std::string_view gateway_type_of(const FilePath& path) {
  using Row = std::pair<std::string_view, std::string_view>;
  static constexpr std::array kOtherNames{
      Row{".go", "text/x-go"},   Row{".rs", "text/x-rust"},     Row{".sh", "text/x-shellscript"},
      Row{".toml", "text/toml"}, Row{".ts", "text/typescript"}, Row{".xml", "text/xml"},
      Row{".yaml", "text/yaml"}, Row{".yml", "text/yaml"}};
  const std::string name = path.name();
  for (const auto& [ending, type] : kOtherNames) {
    if (name.size() > ending.size() && name.ends_with(ending)) return type;
  }
  return files::media_type_of(name);
}

/// A file in JSON: its text, or in base64 what is none.
http::Response file_document(const FilePath& path, std::string content) {
  std::string_view type = gateway_type_of(path);
  bool is_text =
      type.starts_with("text/") || type == "application/json" || type == "application/xml";
  if (is_text && !is_utf8(content)) {
    is_text = false;
    type = kUnknownType;
  }
  const std::size_t size = content.size();
  if (!is_text) content = absl::Base64Escape(content);
  return json_response({{"success", true},
                        {"content", std::move(content)},
                        {"content_type", type},
                        {"size_bytes", size}});
}

/// Whether an `Accept` header takes JSON: one that names it, or everything, or is not there.
bool takes_json(const http::Request& request) {
  const auto header = request.headers.find("accept");
  if (header == request.headers.end() || header->second.empty()) return true;
  const std::string& accept = header->second;
  const auto names = [&accept](std::string_view type) { return accept.find(type) != accept.npos; };
  return names("application/json") || names("*/*") || names("application/*");
}

awaitable<Reply> read_file(const SessionApi& api, const http::Request& request, Root root) {
  auto locating = location_of(api, request, root, request.variables.at("path"));
  auto location = co_await std::move(locating);
  if (!location.ok()) co_return response_of(location.status());
  const FilePath path = location->path;
  operation::ReadFile order{
      .path = path, .most = api.files.options().read, .encoding = operation::Encoding::kBytes};
  auto reading = api.files.read(std::move(location->scope), std::move(order));
  auto content = co_await std::move(reading);
  if (!content.ok()) co_return file_failure(content.status());
  if (!takes_json(request)) {
    co_return api::content_response(request, path, std::move(content->text));
  }
  auto work = [&] { return file_document(path, std::move(content->text)); };
  auto writing = api.pool.run(request.principal.tenant, std::move(work));
  co_return co_await std::move(writing);
}

ordered_json file_list_schema() {
  ordered_json entry = object_of({{"name", text_schema()},
                                  {"path", text_schema()},
                                  {"is_dir", http::boolean_schema()},
                                  {"size_bytes", http::count_schema()}},
                                 {"name", "path", "is_dir", "size_bytes"});
  return object_of({{"success", http::boolean_schema()},
                    {"files", http::list_schema(std::move(entry))},
                    {"truncated", http::boolean_schema()}},
                   {"success", "files", "truncated"});
}

ordered_json file_document_schema() {
  return object_of({{"success", http::boolean_schema()},
                    {"content", text_schema()},
                    {"content_type", text_schema()},
                    {"size_bytes", http::count_schema()}},
                   {"success", "content", "content_type", "size_bytes"});
}

}  // namespace

void add_file_routes(const SessionApi& api, http::Router& router) {
  struct Kind {
    Root root;
    const char* path;
    const char* list;
    const char* read;
    std::vector<http::RouteParameter> queries;
  };
  const http::RouteParameter owner("user_id",
                                   {{"type", "string"}, {"pattern", "^[A-Za-z0-9_-]{1,128}$"}});
  for (const Kind& each : std::vector<Kind>{
           {Root::kWorkspace,
            "/api/v1/sessions/{session}/files",
            "What is in a directory of a session's files (path: by default, the root)",
            "A file of a session: text, or base64; as bytes where Accept takes no JSON",
            {}},
           {Root::kMemory,
            "/api/v1/memory/files",
            "What is in a directory of the caller's memory, or of the user's that is named",
            "A file of that memory: text, or base64; as bytes where Accept takes no JSON",
            {owner}}}) {
    http::Route list{.method = "GET", .path = each.path, .summary = each.list};
    list.answer = file_list_schema();
    list.errors = {400, 403, 404, 429, 500, 503, 504};
    list.queries = each.queries;
    list.queries.emplace_back("path");
    list.needs_permission_to_run = true;
    list.handler = http::keeping([api, root = each.root](const http::Request& request) {
      return list_files(api, request, root);
    });
    router.add(std::move(list));
    http::Route read{
        .method = "GET", .path = std::string(each.path) + "/{path...}", .summary = each.read};
    read.answer = file_document_schema();
    read.errors = {400, 403, 404, 416, 429, 500, 503, 504};
    read.queries = each.queries;
    read.other_answer_type = "*/*";
    read.needs_permission_to_run = true;
    read.handler = http::keeping([api, root = each.root](const http::Request& request) {
      return read_file(api, request, root);
    });
    router.add(std::move(read));
  }
}

}  // namespace skerry::shannon
