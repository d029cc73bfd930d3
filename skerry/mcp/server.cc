// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/server.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kInstructions =
    "run_python runs Python in a sandbox. Name a session to keep variables and files from run to "
    "run: any name makes one. Sessions can be checkpointed, rewound and forked at no cost, so try "
    "things in a fork. Files of a session are written and read between its runs with files_write "
    "and files_read, and are resources.";

ordered_json server_info(const std::string& version) {
  return {{"name", "skerry"}, {"title", "Skerry"}, {"version", version}};
}

Error invalid_call(std::string message) {
  return {.code = ErrorCode::kInvalidParameters, .message = std::move(message)};
}

Server::Method immediate(std::function<Answer(const Request&)> respond) {
  return [respond = std::move(respond)](Request& request) -> awaitable<Answer> {
    co_return respond(request);
  };
}

/// What the method makes of the request; a failure of ours is an error, too.
awaitable<Answer> safely(const Server::Method& method, Request& request) {
  try {
    auto working = method(request);
    co_return co_await std::move(working);
  } catch (const std::exception&) {
    co_return Error{.code = ErrorCode::kInternal,
                    .message = "the request could not be carried out"};
  }
}

/// The same in a box: `||` would take a variant apart.
awaitable<std::optional<Answer>> boxed(const Server::Method& method, Request& request) {
  auto working = safely(method, request);
  co_return co_await std::move(working);
}

/// The result of a call as it is sent.
Reply reply_of(ToolResult called, Revision revision) {
  if (!called.other.is_null()) return {.result = std::move(called.other)};
  Reply reply{.result = {{"content", nullptr}}, .memory = std::move(called.memory)};
  ordered_json& result = reply.result;
  if (is_stateless(revision)) {
    // What the server adds to each result, before there is much to copy.
    result["resultType"] = "complete";
    result["_meta"] = ordered_json::object();
  }
  result["isError"] = called.is_error;
  const bool has_value = !called.structured.is_null();
  if (has_value) result["structuredContent"] = nullptr;
  // Last: an object copies its members when it grows, and these may be large.
  result["content"] = std::move(called.content);
  if (has_value) result["structuredContent"] = std::move(called.structured);
  return reply;
}

}  // namespace

void make_cacheable(const Request& request, ordered_json& result, std::chrono::milliseconds time) {
  if (!is_stateless(request.revision)) return;
  result["ttlMs"] = time.count();
  result["cacheScope"] = "private";
}

Server::Server(Options options) : options_(std::move(options)) { add_methods(); }

void Server::add(std::vector<Tool> tools) {
  for (Tool& each : tools) add(std::move(each));
}

void Server::add(std::string name, Era era, Method method) {
  methods_.insert_or_assign(std::move(name), MethodEntry{.era = era, .method = std::move(method)});
}

void Server::declare(const std::string& name, Era era, const ordered_json& capability) {
  if (era != Era::kStateless) handshake_capabilities_[name] = capability;
  if (era != Era::kHandshake) stateless_capabilities_[name] = capability;
}

void Server::add_methods() {
  declare("tools", Era::kBoth, ordered_json::object());
  add("initialize", Era::kHandshake,
      immediate([this](const Request& request) { return introduction(request); }));
  add("ping", Era::kHandshake, immediate([](const Request&) { return Reply(); }));
  add("server/discover", Era::kStateless,
      immediate([this](const Request& request) { return discovery(request); }));
  add("tools/list", Era::kBoth,
      immediate([this](const Request& request) { return tools_page(request); }));
  add("tools/call", Era::kBoth, [this](Request& request) { return call_tool(request); });
}

Reply Server::introduction(const Request& request) const {
  const json asked = request.message.params.value("protocolVersion", json());
  const auto known = asked.is_string() ? revision_named(asked.get<std::string>()) : std::nullopt;
  const Revision agreed = known && !is_stateless(*known) ? *known : kLatestHandshake;
  return {.result = {{"protocolVersion", name_of(agreed)},
                     {"capabilities", handshake_capabilities_},
                     {"serverInfo", server_info(options_.version)},
                     {"instructions", kInstructions}}};
}

Reply Server::discovery(const Request& request) const {
  ordered_json versions = ordered_json::array();
  for (const Revision each : kRevisions) versions.push_back(name_of(each));
  Reply reply{.result = {{"supportedVersions", std::move(versions)},
                         {"capabilities", stateless_capabilities_},
                         {"instructions", kInstructions}}};
  make_cacheable(request, reply.result);
  return reply;
}

Answer Server::tools_page(const Request& request) const {
  const auto from = options_.page.start(request.message.params.value("cursor", json()));
  if (!from || *from > tools_.size()) return invalid_call("there is no such cursor");
  const auto [begin, end, next] = options_.page.range(*from, tools_.size());
  Reply reply{.result = {{"tools", ordered_json::array()}}};
  for (auto each = begin; each < end; ++each) {
    reply.result["tools"].push_back(tools_[static_cast<std::size_t>(each)].description);
  }
  if (next) reply.result["nextCursor"] = *next;
  make_cacheable(request, reply.result);
  return reply;
}

awaitable<Answer> Server::call_tool(Request& request) {
  json& params = request.message.params;
  const auto name = params.find("name");
  if (name == params.end() || !name->is_string())
    co_return invalid_call(R"("name" must be a text)");
  const auto tool = std::find_if(tools_.begin(), tools_.end(), [&](const Tool& each) {
    return each.name() == name->get_ref<const std::string&>();
  });
  if (tool == tools_.end()) {
    co_return invalid_call(
        fmt::format("Unknown tool: {}", name->get<std::string>().substr(0, 128)));
  }
  // Moved: a program may have megabytes.
  json arguments = std::move(params["arguments"]);
  if (arguments.is_null()) arguments = json::object();
  if (!arguments.is_object()) co_return invalid_call(R"("arguments" must be an object)");
  auto calling = tool->call(request, std::move(arguments));
  auto outcome = co_await std::move(calling);
  if (auto* error = std::get_if<Error>(&outcome)) co_return std::move(*error);
  co_return reply_of(std::get<ToolResult>(std::move(outcome)), request.revision);
}

awaitable<Answer> Server::until_cancelled(Request& request, const Method& method) {
  using boost::asio::experimental::awaitable_operators::operator||;
  constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  boost::asio::steady_timer cancelled(co_await boost::asio::this_coro::executor,
                                      boost::asio::steady_timer::time_point::max());
  // Of two requests with one id, the later one can be cancelled.
  const std::string key = request.key_of(request.message.id);
  under_way_[key] = &cancelled;
  auto either = boxed(method, request) || cancelled.async_wait(kTuple);
  auto first = co_await std::move(either);
  const auto own = under_way_.find(key);
  if (own != under_way_.end() && own->second == &cancelled) under_way_.erase(own);
  if (first.index() != 0) co_return Cancelled();
  co_return *std::get<0>(std::move(first));
}

void Server::notified(const Request& notification) {
  if (notification.message.method != "notifications/cancelled") return;
  const auto id = notification.message.params.find("requestId");
  if (id == notification.message.params.end()) return;
  const auto found = under_way_.find(notification.key_of(*id));
  if (found != under_way_.end()) found->second->cancel();
}

awaitable<Answer> Server::answer(Request request) {
  const auto found = methods_.find(request.message.method);
  const Era era = is_stateless(request.revision) ? Era::kStateless : Era::kHandshake;
  if (found == methods_.end() || (found->second.era != Era::kBoth && found->second.era != era)) {
    co_return Error{
        .code = ErrorCode::kMethodNotFound,
        .message = fmt::format("Method not found: {}", request.message.method.substr(0, 128))};
  }
  const Method& method = found->second.method;
  // What agrees on a revision is not to be cancelled, and what comes next waits for it.
  const bool can_be_cancelled =
      !request.connection.empty() && request.message.method != "initialize";
  auto answering = can_be_cancelled ? until_cancelled(request, method) : safely(method, request);
  Answer answer = co_await std::move(answering);
  auto* const reply = std::get_if<Reply>(&answer);
  if (reply != nullptr && is_stateless(request.revision)) {
    if (!reply->result.contains("resultType")) reply->result["resultType"] = "complete";
    reply->result["_meta"][kServerMeta] = server_info(options_.version);
  }
  co_return answer;
}

}  // namespace skerry::mcp
