// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/upload_routes.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "skerry/api/byte_range.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/time_text.h"
#include "skerry/http/json_schema.h"

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using http::error_response;
using http::integer_schema;
using http::json_response;
using http::object_of;
using http::Reply;
using http::response_of;
using http::text_schema;
using nlohmann::ordered_json;
using upload::StoredFile;
using upload::Uploads;

constexpr std::size_t kPage = 1000;  // files of a list
constexpr const char* kIdPattern = "^[0-9a-f]{64}$";

/// Bytes of a file, read while they are sent.
class FilePieces final : public http::BodySource {
 public:
  FilePieces(loop::Pool& pool, std::string tenant, OwnedFd file, ByteRange range)
      : pool_(pool), tenant_(std::move(tenant)), file_(std::move(file)), range_(range) {}

  std::optional<std::uint64_t> size() const override { return size_; }

  awaitable<Result<std::string>> next() override {
    auto work = [this]() -> Result<std::string> {
      std::string piece(std::min(kBodyPiece, range_.length), '\0');
      if (piece.empty()) return piece;
      SKERRY_ASSIGN(const ssize_t got, syscall_result("pread", "upload", [&] {
                      return ::pread(file_.get(), piece.data(), piece.size(),
                                     static_cast<off_t>(range_.first));
                    }));
      if (got == 0) return absl::DataLossError("the file ends before its end");
      piece.resize(static_cast<std::size_t>(got));
      range_.first += piece.size();
      range_.length -= piece.size();
      return piece;
    };
    auto reading = pool_.run(tenant_, std::move(work));
    co_return co_await std::move(reading);
  }

 private:
  loop::Pool& pool_;
  const std::string tenant_;
  const OwnedFd file_;
  ByteRange range_;
  const std::uint64_t size_ = range_.length;
};

std::string time_text(std::chrono::system_clock::time_point time) {
  return utc_time(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

ordered_json json_of(const StoredFile& file) {
  return {{"id", file.id},
          {"sha256", file.id},
          {"size", file.size},
          {"expires", time_text(file.expires)}};
}

ordered_json file_schema() {
  return object_of({{"id", text_schema()},
                    {"sha256", text_schema()},
                    {"size", integer_schema()},
                    {"expires", text_schema()}},
                   {"id", "sha256", "size", "expires"});
}

/// Of a store that is full: what lies there must go, a second try does not help.
http::Response failure_of(const Status& status) {
  if (status.code() != StatusCode::kResourceExhausted) return response_of(status);
  return error_response(507, message_of(status));
}

awaitable<Reply> answer_upload(Uploads& uploads, http::Request request) {
  auto putting = uploads.put(request.principal.tenant, std::move(request.body));
  const auto stored = co_await std::move(putting);
  if (!stored.ok()) co_return failure_of(stored.status());
  co_return json_response(json_of(*stored), 201);
}

awaitable<Reply> answer_content(Uploads& uploads, loop::Pool& pool, const http::Request& request) {
  auto opening = uploads.open_file(request.principal.tenant, request.variables.at("file"));
  auto opened = co_await std::move(opening);
  if (!opened.ok()) co_return response_of(opened.status());
  http::Response response{.content_type = kBytesType};
  const ByteRange range = apply_range(request, opened->size, response);
  if (response.status == 416) co_return response;
  response.source =
      std::make_shared<FilePieces>(pool, request.principal.tenant, std::move(opened->file), range);
  co_return response;
}

awaitable<Reply> answer_list(Uploads& uploads, const http::Request& request) {
  const auto given = request.query.find("after");
  const std::string after = given == request.query.end() ? std::string() : given->second;
  if (const Status checked = after.empty() ? ok_status() : upload::check_file_id(after);
      !checked.ok()) {
    co_return response_of(checked);
  }
  auto listing = uploads.list(request.principal.tenant, after, kPage);
  const auto listed = co_await std::move(listing);
  if (!listed.ok()) co_return response_of(listed.status());
  ordered_json files = ordered_json::array();
  for (const StoredFile& each : listed->files) files.push_back(json_of(each));
  ordered_json next = listed->has_more ? ordered_json(listed->files.back().id) : ordered_json();
  co_return json_response({{"files", std::move(files)},
                           {"next", std::move(next)},
                           {"used", listed->used},
                           {"quota", uploads.options().quota.value}});
}

awaitable<Reply> answer_removal(Uploads& uploads, const http::Request& request) {
  auto removing = uploads.remove(request.principal.tenant, request.variables.at("file"));
  const Status removed = co_await std::move(removing);
  if (!removed.ok()) co_return response_of(removed);
  co_return http::Response{.status = 204, .body = {}};
}

}  // namespace

void add_upload_routes(Uploads& uploads, loop::Pool& pool, http::Router& router) {
  const auto handler = [&uploads](auto function) {
    return [&uploads, function](http::Request request, http::EventStream&) -> awaitable<Reply> {
      auto answering = function(uploads, std::move(request));
      co_return co_await std::move(answering);
    };
  };
  const auto add = [&](http::Route route) {
    route.errors.insert(route.errors.end(), {400, 403, 404, 429, 500, 503});
    route.needs_permission_to_run = true;
    router.add(std::move(route));
  };
  router.describe("file", {{"type", "string"}, {"pattern", kIdPattern}});
  add({.method = "POST",
       .path = "/v1/files",
       .summary = "Keep a file, sent as bytes, for runs: they name it by its id",
       .body = {{"type", "string"}, {"format", "binary"}},
       .answer = file_schema(),
       .errors = {413, 507},
       .success = 201,
       .max_body = uploads.options().largest.value,
       .may_lack_body = true,
       .body_type = kBytesType,
       .handler = handler([](Uploads& all, http::Request request) {
         return answer_upload(all, std::move(request));
       })});
  add({.method = "GET",
       .path = "/v1/files",
       .summary = "The files that are kept, by id, at most 1,000; `next` is what `after` is for "
                  "the next page",
       .answer = object_of({{"files", http::list_schema(file_schema())},
                            {"next", {{"type", {"string", "null"}}}},
                            {"used", integer_schema()},
                            {"quota", integer_schema()}},
                           {"files", "next", "used", "quota"}),
       .queries = {http::RouteParameter("after",
                                        {{"type", "string"}, {"pattern", "^([0-9a-f]{64})?$"}})},
       .handler = handler(
           [](Uploads& all, const http::Request& request) { return answer_list(all, request); })});
  add({.method = "GET",
       .path = "/v1/files/{file}",
       .summary = "A file that is kept, or that a run made or changed, as bytes; with a Range "
                  "header, some of them",
       .errors = {416},
       .answer_type = "*/*",
       .handler = handler([&pool](Uploads& all, const http::Request& request) {
         return answer_content(all, pool, request);
       })});
  add({.method = "DELETE",
       .path = "/v1/files/{file}",
       .summary = "Remove a file before its time",
       .success = 204,
       .handler = handler([](Uploads& all, const http::Request& request) {
         return answer_removal(all, request);
       })});
}

}  // namespace skerry::api
