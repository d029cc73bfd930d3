// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/run_tool.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "skerry/api/output_relay.h"
#include "skerry/api/run_routes.h"
#include "skerry/mcp/content.h"
#include "skerry/mcp/resources/resource_uri.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;

// Of each stream: where there is progress to tell, the answer is one event, made on the event loop.
constexpr ByteSize kMaxOutput = mib(8);
// Notifications of progress, where the call does not say how many.
constexpr int kProgressPerSecond = 20;
// Links to files in one answer.
constexpr std::size_t kMaxLinks = 32;

constexpr const char* kDescription =
    "Runs a Python program (CPython, with numpy and pandas where the template has them) in a "
    "sandbox of its own: no network, no "
    "processes, no files but its own. Returns what it printed, the repr of the last expression's "
    "value, and how it ended. With a session, variables and files stay for its next run; without "
    "one, nothing does.";

/// The service's rules, with what an answer of this protocol can hold.
api::RunRules rules_of(api::RunRules rules) {
  rules.most.output = std::min(rules.most.output, kMaxOutput);
  return rules;
}

/// The options of a run, with the unit in the name of its time: models read no further.
ordered_json input_schema(const api::RunDecoder& decoder) {
  ordered_json schema = decoder.schema();
  ordered_json properties = ordered_json::object();
  for (const auto& [name, property] : schema["properties"].items()) {
    if (name == "output_events_per_second") continue;
    properties[name == "timeout" ? "timeout_seconds" : name] = property;
  }
  schema["properties"] = std::move(properties);
  return schema;
}

Result<run::Request> order_of(const api::RunDecoder& decoder, json arguments) {
  const auto time = arguments.find("timeout_seconds");
  if (time != arguments.end()) {
    json value = std::move(*time);
    arguments.erase(time);
    if (!arguments.emplace("timeout", std::move(value)).second) {
      return absl::InvalidArgumentError("timeout and timeout_seconds are the same");
    }
  }
  return decoder.decode(std::move(arguments));
}

/// What a run prints, as notifications of its progress: bytes so far, and the text where the
/// revision has a place for it.
class Progress {
 public:
  explicit Progress(const Request& request) : request_(request) {}

  void tell(std::string_view text) {
    bytes_ += text.size();
    ordered_json params{{"progressToken", request_.progress_token()}, {"progress", bytes_}};
    if (request_.revision >= Revision::kMarch2025) params["message"] = text;
    request_.exchange->send(notification("notifications/progress", std::move(params)));
  }

 private:
  const Request& request_;
  std::size_t bytes_ = 0;
};

awaitable<Result<tool::RunReport>> watched_run(tool::Runs& runs, const Request& request,
                                               run::Request order) {
  Progress progress(request);
  api::OutputRelay::Client client{
      .send = [&progress](wasi::Stream, std::string_view text) { progress.tell(text); },
      .unsent = [&request] { return request.exchange->unsent(); },
      .drained = [&request] { return request.exchange->drained(); }};
  const int per_second = order.output_events_per_second.value_or(kProgressPerSecond);
  api::OutputRelay relay(co_await boost::asio::this_coro::executor, std::move(client), per_second);
  tool::RunCallbacks callbacks;
  callbacks.output = relay.callback();
  callbacks.keeps_output = true;
  auto running = relay.during(runs.run(request.caller, std::move(order), std::move(callbacks)));
  co_return co_await std::move(running);
}

ToolResult result_of(tool::RunReport report, const Request& request, KeptImages& images) {
  // The program may have done well, and yet what it left is lost.
  const bool is_lost = report.session && !report.session->failure.ok();
  const std::string lost = is_lost ? report.session->message : std::string();
  ToolResult result;
  result.is_error = is_lost || report.outcome.kind != sandbox::OutcomeKind::kCompleted;
  result.memory = report.memory;
  result.structured = tool::json_of(std::move(report));
  if (is_lost) result.structured["error"] = lost;
  const auto keep = [&](std::string type, std::string base64) {
    const std::string id = images.keep(request.caller.tenant, std::move(type), std::move(base64));
    return id.empty() ? id : uri_of(ImageResource{.id = id});
  };
  result.content = content_of_run(result.structured, request.revision, keep);
  return result;
}

// ------------------------------------------------------------------------- files of what was shown

/// A part of a value that was too large to be shown: the guest wrote it to a file of that name.
struct ShownFile {
  std::string type;
  std::string name;
};

/// Those that a run's values say they have. Untrusted: programs write metadata as they like.
std::vector<ShownFile> shown_files(const ordered_json& outcome) {
  std::vector<ShownFile> found;
  const auto results = outcome.find("results");
  if (results == outcome.end()) return found;
  for (const ordered_json& each : *results) {
    const ordered_json& metadata = each.at("metadata");
    const auto files = metadata.is_object() ? metadata.find("files") : metadata.end();
    if (files == metadata.end() || !files->is_object()) continue;
    for (const auto& [type, name] : files->items()) {
      if (found.size() == kMaxLinks) return found;
      if (name.is_string()) found.push_back({.type = type, .name = name.get<std::string>()});
    }
  }
  return found;
}

/// The session's files as the guest names what it could not show; empty when that cannot be found
/// out.
awaitable<std::vector<files::ListedFile>> display_files(workspace::FileCalls& files,
                                                        access::Principal caller,
                                                        store::SessionName session) {
  // A part of the run, which was admitted.
  caller.is_admitted = true;
  workspace::Scope scope{.principal = std::move(caller), .session = std::move(session)};
  operation::ListFiles asked{.path = *files::FilePath::parse(".")};
  asked.order.pattern = "display-*";
  asked.order.depth = files::Depth::kAll;
  auto listing = files.list(std::move(scope), std::move(asked));
  auto listed = co_await std::move(listing);
  if (!listed.ok()) co_return std::vector<files::ListedFile>();
  co_return std::move(listed->files);
}

/// The file of that name that was written last: a program may have gone to any directory.
const files::ListedFile* latest(const std::vector<files::ListedFile>& files,
                                const std::string& name) {
  const files::ListedFile* found = nullptr;
  for (const auto& each : files) {
    if (!each.is_file || each.name != name) continue;
    if (found == nullptr || each.modified > found->modified) found = &each;
  }
  return found;
}

/// Links to the files of a session that have what its run could not show.
awaitable<void> link_files(workspace::FileCalls& files, const Request& request,
                           ToolResult& result) {
  const auto shown = shown_files(result.structured);
  const auto session = result.structured.find("session");
  if (shown.empty() || session == result.structured.end() || !session->is_object()) co_return;
  const auto name = store::SessionName::parse(session->value("name", std::string()));
  if (!name.ok()) co_return;
  auto listing = display_files(files, request.caller, *name);
  const auto listed = co_await std::move(listing);
  for (const ShownFile& each : shown) {
    const auto* const file = latest(listed, each.name);
    if (file == nullptr) continue;
    auto path = files::FilePath::parse_below(files::FilePath::Root::kWorkspace, file->path);
    if (!path.ok()) continue;
    result.content.push_back(
        link_block({.uri = uri_of(FileResource{.session = *name, .path = *std::move(path)}),
                    .name = each.name,
                    .type = each.type,
                    .size = file->size},
                   request.revision));
  }
}

awaitable<Tool::Outcome> call(const RunSources& sources, const api::RunDecoder& decoder,
                              const Request& request, json arguments) {
  auto order = order_of(decoder, std::move(arguments));
  if (!order.ok()) co_return failed_result(order.status());
  auto running = request.progress_token().is_null()
                     ? sources.runs.run(request.caller, *std::move(order), {})
                     : watched_run(sources.runs, request, *std::move(order));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return failed_result(report.status());
  ToolResult result = result_of(*std::move(report), request, sources.images);
  auto linking = link_files(sources.files, request, result);
  co_await std::move(linking);
  co_return result;
}

}  // namespace

Tool run_tool(const RunSources& sources, const api::RunRules& rules) {
  const auto decoder = std::make_shared<const api::RunDecoder>(rules_of(rules));
  return {.description = describe("run_python", "Run Python", kDescription, Effect::kReplaces,
                                  input_schema(*decoder), api::report_schema()),
          .call = [sources, decoder](const Request& request, json arguments) {
            return call(sources, *decoder, request, std::move(arguments));
          }};
}

}  // namespace skerry::mcp
