// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/resources/resources.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "skerry/base/formats/base64.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/retry_after.h"
#include "skerry/base/time_text.h"
#include "skerry/base/utf8.h"
#include "skerry/files/media_type.h"
#include "skerry/mcp/content.h"
#include "skerry/mcp/resources/resource_uri.h"
#include "skerry/session/session_report.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using files::FilePath;
using files::ListedFile;
using nlohmann::json;
using nlohmann::ordered_json;
using store::SessionName;

// Resources in one answer.
constexpr std::size_t kMaxListed = 500;
// Of their URIs: with a name beside each, the list is made on the event loop.
constexpr std::size_t kMaxListedBytes = std::size_t{512} << 10;
// Sessions whose files are listed, those that were used last: a client that lists all there is
// would otherwise open every session that the tenant ever had.
constexpr std::size_t kMaxSessionsWithFiles = 32;
// What a file that holds more becomes a text on the pool.
constexpr std::size_t kLargeFile = std::size_t{64} << 10;
// The type of a file whose name tells none.
constexpr std::string_view kUnknownType = "application/octet-stream";

// --------------------------------------------------------------------------------------- failures

/// What a failure is in the protocol. Refusals have no code of their own there.
Error error_of(const Status& status, const Request& request, const std::string& uri = {}) {
  if (status.code() == StatusCode::kNotFound) {
    const bool is_old = !is_stateless(request.revision);
    return {.code = is_old ? ErrorCode::kResourceNotFound : ErrorCode::kInvalidParameters,
            .message = "Resource not found",
            .data = {{"uri", to_utf8(uri)}}};
  }
  // A precondition: that it is a file, and not too large a one.
  const bool is_of_uri = status.code() == StatusCode::kInvalidArgument ||
                         status.code() == StatusCode::kFailedPrecondition;
  if (is_of_uri) {
    return {.code = ErrorCode::kInvalidParameters, .message = failure_text(status)};
  }
  return {.code = ErrorCode::kInternal,
          .message = failure_text(status),
          .data = {{"reason", absl::StatusCodeToString(status.code())}}};
}

/// A result that clients do not keep: programs change files at any time.
Reply fresh_reply(const Request& request) {
  Reply reply;
  if (!is_stateless(request.revision)) return reply;
  // Here and not behind the contents: an object copies its members when it grows.
  reply.result["resultType"] = "complete";
  reply.result["_meta"] = ordered_json::object();
  make_cacheable(request, reply.result, std::chrono::milliseconds(0));
  return reply;
}

// ----------------------------------------------------------------------------------------- listing

ordered_json log_entry(const SessionName& session) {
  return {{"uri", uri_of(LogResource{.session = session})},
          {"name", session.text() + "/log"},
          {"title", "History of session " + session.text()},
          {"description", "Its revisions, and what else happened"},
          {"mimeType", "application/json"}};
}

ordered_json file_entry(const SessionName& session, const FilePath& path, const ListedFile& file) {
  ordered_json entry{{"uri", uri_of(FileResource{.session = session, .path = path})},
                     {"name", fmt::format("{}/{}", session.text(), path.below())}};
  const std::string_view type = files::media_type_of(file.name);
  if (type != kUnknownType) entry["mimeType"] = type;
  entry["size"] = file.size;
  const auto modified = std::chrono::nanoseconds(file.modified).count();
  if (modified > 0) entry["annotations"] = {{"lastModified", utc_time(modified)}};
  return entry;
}

/// Where a part of the list begins: behind a resource, whose URI is the cursor.
struct Start {
  std::string session = {};
  std::string file = {};  // empty: behind its log

  bool is_behind_log_of(const SessionName& name) const { return session == name.text(); }
};

/// Of an untrusted cursor; none for what is no cursor of ours.
std::optional<Start> start_of(const json& cursor) {
  if (cursor.is_null()) return Start();
  if (!cursor.is_string()) return std::nullopt;
  const auto resource = resource_at(cursor.get_ref<const std::string&>());
  if (!resource.ok()) return std::nullopt;
  if (const auto* log = std::get_if<LogResource>(&*resource)) {
    return Start{.session = log->session.text()};
  }
  const auto* file = std::get_if<FileResource>(&*resource);
  if (file == nullptr) return std::nullopt;
  return Start{.session = file->session.text(), .file = file->path.below()};
}

/// Whether a failure has to do with the caller, or with how busy the service is, and not with the
/// session.
bool is_of_caller(const Status& status) {
  constexpr std::array kBusy{StatusCode::kCancelled, StatusCode::kUnavailable,
                             StatusCode::kDeadlineExceeded};
  return retry_after(status) || std::find(kBusy.begin(), kBusy.end(), status.code()) != kBusy.end();
}

/// Fills one part of the list.
class Listing {
 public:
  Listing(workspace::FileCalls& files, const Request& request, Start start)
      : files_(files), caller_(request.caller), start_(std::move(start)) {}

  /// Adds a session's resources. A failure is one of the whole list.
  awaitable<Status> add(SessionName session, bool has_files) {
    if (!start_.is_behind_log_of(session)) push(log_entry(session));
    if (!has_files) co_return ok_status();
    if (is_full()) {
      leave_rest();
      co_return ok_status();
    }
    workspace::Scope scope{.principal = caller_, .session = session};
    operation::ListFiles asked{.path = *FilePath::parse(".")};
    asked.order.depth = files::Depth::kAll;
    auto listing = files_.list(std::move(scope), std::move(asked));
    auto listed = co_await std::move(listing);
    // The list is one call, whatever it looks into.
    caller_.is_admitted = true;
    if (!listed.ok()) co_return note(session, listed.status());
    std::sort(listed->files.begin(), listed->files.end(),
              [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; });
    for (const ListedFile& each : listed->files) add_file(session, each);
    co_return ok_status();
  }

  bool is_full() const { return resources_.size() >= kMaxListed || bytes_ >= kMaxListedBytes; }
  /// That there is more than this part has.
  void leave_rest() { has_rest_ = true; }

  ordered_json take(ordered_json result) {
    if (has_rest_) result["nextCursor"] = last_;
    result["resources"] = std::move(resources_);
    return result;
  }

 private:
  void push(ordered_json entry) {
    last_ = entry.at("uri").get<std::string>();
    bytes_ += last_.size();
    resources_.push_back(std::move(entry));
  }

  void add_file(const SessionName& session, const ListedFile& file) {
    if (!file.is_file) return;
    if (start_.is_behind_log_of(session) && file.path <= start_.file) return;
    if (is_full()) return leave_rest();
    const auto path = FilePath::parse_below(FilePath::Root::kWorkspace, file.path);
    if (path.ok()) push(file_entry(session, *path, file));
  }

  /// A session whose files cannot be listed does not keep others from being: its log says why.
  Status note(const SessionName& session, const Status& status) {
    if (status.code() == StatusCode::kNotFound) return ok_status();
    if (is_of_caller(status) || start_.is_behind_log_of(session)) return status;
    resources_.back()["description"] =
        "Its revisions, and what else happened. Its files could not be listed: " +
        failure_text(status);
    return ok_status();
  }

  workspace::FileCalls& files_;
  access::Principal caller_;
  const Start start_;
  ordered_json resources_ = ordered_json::array();
  std::string last_;
  std::size_t bytes_ = 0;  // of URIs
  bool has_rest_ = false;
};

/// The names of those that were used last.
std::set<std::string> recent_of(const std::vector<store::SessionInfo>& sessions) {
  std::set<std::string> names;
  for (const auto& each : sessions) {
    if (names.size() == kMaxSessionsWithFiles) break;
    names.insert(each.name);
  }
  return names;
}

awaitable<Answer> list(const ResourceSources& sources, const Request& request) {
  const Status status = request.caller.check_may_run();
  if (!status.ok()) co_return error_of(status, request);
  const auto start = start_of(request.message.params.value("cursor", json()));
  if (!start) {
    co_return error_of(absl::InvalidArgumentError("there is no such cursor"), request);
  }
  auto asking = sources.sessions.list(request.caller);
  auto sessions = co_await std::move(asking);
  if (!sessions.ok()) co_return error_of(sessions.status(), request);
  const std::set<std::string> recent = recent_of(*sessions);
  std::sort(sessions->begin(), sessions->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  Listing listing(sources.files, request, *start);
  for (const auto& each : *sessions) {
    auto name = SessionName::parse(each.name);
    if (!name.ok() || each.name < start->session) continue;
    if (listing.is_full()) {
      listing.leave_rest();
      break;
    }
    auto adding = listing.add(*std::move(name), recent.contains(each.name));
    const Status added = co_await std::move(adding);
    if (!added.ok()) co_return error_of(added, request);
  }
  Reply reply = fresh_reply(request);
  reply.result = listing.take(std::move(reply.result));
  co_return reply;
}

awaitable<Answer> list_templates(const Request& request) {
  const auto described = [](const char* uri, const char* name, const char* title,
                            const char* what) -> ordered_json {
    return {{"uriTemplate", uri}, {"name", name}, {"title", title}, {"description", what}};
  };
  ordered_json all = ordered_json::array();
  all.push_back(described(kFileTemplate, "file", "File of a session",
                          "A file as the session's last run left it"));
  all.push_back(described(kLogTemplate, "log", "History of a session",
                          "Its revisions, and what else happened"));
  all.back()["mimeType"] = "application/json";
  all.push_back(described(kImageTemplate, "image", "Image of a run",
                          "An image that a run showed and that its answer had no room for"));
  Reply reply{.result = {{"resourceTemplates", std::move(all)}}};
  make_cacheable(request, reply.result);
  co_return reply;
}

// ----------------------------------------------------------------------------------------- reading

/// The contents of a resource, of which "text" or "blob" comes last: it may be large.
ordered_json contents_of(const std::string& uri, std::string_view type, std::size_t size,
                         const char* form, std::string text) {
  ordered_json contents{
      {"uri", uri}, {"mimeType", type}, {"_meta", {{"size", size}}}, {form, nullptr}};
  contents[form] = std::move(text);
  return contents;
}

awaitable<Result<ordered_json>> read_log(const ResourceSources& sources, const Request& request,
                                         const std::string& uri, const LogResource& resource) {
  session::SessionRef ref{.principal = request.caller, .name = resource.session.text()};
  auto reading = sources.sessions.log(std::move(ref));
  const auto log = co_await std::move(reading);
  if (!log.ok()) co_return log.status();
  std::string text = dump_json(session::json_of(*log));
  const std::size_t size = text.size();
  co_return contents_of(uri, "application/json", size, "text", std::move(text));
}

/// As a text where it is one, else in base64.
ordered_json contents_of_file(const std::string& uri, const FilePath& path, std::string bytes) {
  const std::size_t size = bytes.size();
  const std::string_view type = files::media_type_of(path.name());
  if (is_utf8(bytes) && bytes.find('\0') == bytes.npos) {
    const std::string_view known = type == kUnknownType ? "text/plain" : type;
    return contents_of(uri, known, size, "text", std::move(bytes));
  }
  return contents_of(uri, type, size, "blob", absl::Base64Escape(bytes));
}

awaitable<Result<ordered_json>> read_file(const ResourceSources& sources, const Request& request,
                                          const std::string& uri, const FileResource& resource) {
  workspace::Scope scope{.principal = request.caller, .session = resource.session};
  operation::ReadFile asked{.path = resource.path,
                            .most = sources.files.options().read,
                            .encoding = operation::Encoding::kBytes};
  auto reading = sources.files.read(std::move(scope), std::move(asked));
  auto content = co_await std::move(reading);
  if (!content.ok()) co_return content.status();
  if (content->text.size() <= kLargeFile) {
    co_return contents_of_file(uri, resource.path, std::move(content->text));
  }
  auto work = [&] { return contents_of_file(uri, resource.path, std::move(content->text)); };
  auto working = sources.pool.run(request.caller.tenant, std::move(work));
  co_return co_await std::move(working);
}

Result<ordered_json> read_image(const ResourceSources& sources, const Request& request,
                                const std::string& uri, const ImageResource& resource) {
  const auto* const image = sources.images.find(request.caller.tenant, resource.id);
  if (image == nullptr) return absl::NotFoundError("there is no such image, or not any more");
  return contents_of(uri, image->type, base64_size(image->base64), "blob", image->base64);
}

awaitable<Result<ordered_json>> contents_at(const ResourceSources& sources, const Request& request,
                                            const std::string& uri) {
  auto resource = resource_at(uri);
  if (!resource.ok()) co_return resource.status();
  if (const auto* image = std::get_if<ImageResource>(&*resource)) {
    co_return read_image(sources, request, uri, *image);
  }
  const auto* file = std::get_if<FileResource>(&*resource);
  auto reading = file != nullptr
                     ? read_file(sources, request, uri, *file)
                     : read_log(sources, request, uri, std::get<LogResource>(*resource));
  co_return co_await std::move(reading);
}

awaitable<Answer> read(const ResourceSources& sources, const Request& request) {
  const Status status = request.caller.check_may_run();
  if (!status.ok()) co_return error_of(status, request);
  const json given = request.message.params.value("uri", json());
  if (!given.is_string()) {
    co_return error_of(absl::InvalidArgumentError(R"("uri" must be a text)"), request);
  }
  const auto uri = given.get<std::string>();
  auto reading = contents_at(sources, request, uri);
  auto contents = co_await std::move(reading);
  if (!contents.ok()) co_return error_of(contents.status(), request, uri);
  Reply reply = fresh_reply(request);
  reply.result["contents"] = ordered_json::array();
  reply.result["contents"].push_back(*std::move(contents));
  co_return reply;
}

}  // namespace

void add_resources(Server& server, const ResourceSources& sources) {
  server.declare("resources", Era::kBoth, ordered_json::object());
  server.add("resources/list", Era::kBoth,
             [sources](Request& request) { return list(sources, request); });
  server.add("resources/templates/list", Era::kBoth,
             [](Request& request) { return list_templates(request); });
  server.add("resources/read", Era::kBoth,
             [sources](Request& request) { return read(sources, request); });
}

}  // namespace skerry::mcp
