// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/http_endpoint.h"

#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/formats/base64.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/utf8.h"
#include "skerry/http/handler.h"
#include "skerry/mcp/wire.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using http::EventStream;
using nlohmann::json;
using nlohmann::ordered_json;
using HttpAnswer = std::optional<http::Response>;

// Of a call: its program and its input, or a file in base64.
constexpr std::size_t kMaxBody = std::size_t{16} << 20;
// Which lead to the client's connection: there its requests' ids are told apart.
constexpr const char* kSessionHeader = "mcp-session-id";
constexpr const char* kVersionHeader = "mcp-protocol-version";

std::string header(const http::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

// -------------------------------------------------------------------------------- what was asked

/// A header's value, which stands in base64 between "=?base64?" and "?=" where it is not plain.
std::string plain(const std::string& value) {
  constexpr std::string_view kBegin = "=?base64?";
  constexpr std::string_view kEnd = "?=";
  const bool is_coded = value.size() >= kBegin.size() + kEnd.size() && value.starts_with(kBegin) &&
                        value.ends_with(kEnd);
  if (!is_coded) return value;
  const auto bytes = decode_base64(
      std::string_view(value).substr(kBegin.size(), value.size() - kBegin.size() - kEnd.size()));
  return bytes.ok() && is_utf8(*bytes) ? *bytes : value;
}

/// The parameter that the header `Mcp-Name` repeats; null: there is none.
const char* name_parameter(const std::string& method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  return method == "resources/read" ? "uri" : nullptr;
}

Error mismatch(std::string message) {
  return {.code = ErrorCode::kHeaderMismatch, .message = std::move(message)};
}

/// Whether the headers say the same as a message that says its version.
std::optional<Error> header_fault(const http::Request& request, const Message& message) {
  const json& version = meta_of(message, kVersionMeta);
  if (!version.is_null() && version != header(request, kVersionHeader)) {
    return mismatch("the header MCP-Protocol-Version is not the version in params._meta");
  }
  if (header(request, "mcp-method") != message.method) {
    return mismatch("the header Mcp-Method is not the message's method");
  }
  const char* const name = name_parameter(message.method);
  if (name == nullptr) return std::nullopt;
  const auto given = message.params.find(name);
  if (given != message.params.end() && given->is_string() &&
      *given != plain(header(request, "mcp-name"))) {
    return mismatch(fmt::format("the header Mcp-Name is not params.{}", name));
  }
  return std::nullopt;
}

/// The revision that a message is of, or why it cannot be told.
std::variant<Revision, Error> revision_of(const http::Request& request, const Message& message) {
  const std::string named = header(request, kVersionHeader);
  const auto known = revision_named(named);
  const bool is_old = named.empty() || (known && !is_stateless(*known));
  if (is_old && !is_stateless(message)) return known.value_or(kUnnamedRevision);
  if (message.kind != Message::Kind::kRequest) {
    if (!known) return unsupported_version(named);
    return *known;
  }
  if (!known && !is_old && meta_of(message, kVersionMeta).is_null()) {
    return unsupported_version(named);
  }
  auto revision = stateless_revision(message);
  // Headers that say otherwise are told of before a version that is not served.
  const auto* const error = std::get_if<Error>(&revision);
  if (error != nullptr && error->code == ErrorCode::kInvalidParameters) return revision;
  if (auto fault = header_fault(request, message)) return *std::move(fault);
  return revision;
}

// ------------------------------------------------------------------------------------- answering

int status_of(const Error& error, Revision revision) {
  if (error.code == ErrorCode::kParse || error.code == ErrorCode::kInvalidRequest) return 400;
  if (!is_stateless(revision) || error.code == ErrorCode::kInternal) return 200;
  return error.code == ErrorCode::kMethodNotFound ? 404 : 400;
}

http::Response refusal(const json& id, const Error& error) {
  return http::json_response(error_message(id, error), 400);
}

/// Of a message that has no answer.
http::Response accepted() { return {.status = 202}; }

/// A request's events, which begin with the first message.
class EventExchange final : public Exchange {
 public:
  explicit EventExchange(EventStream& events) : events_(events) {}
  void send(const ordered_json& message) override {
    has_begun_ = true;
    events_.send("message", message);
  }
  void send_text(std::string_view text) { events_.send({.name = "message", .data = text}); }
  std::size_t unsent() const override { return events_.unsent(); }
  awaitable<void> drained() override { return events_.drained(); }
  bool has_begun() const { return has_begun_; }

 private:
  EventStream& events_;
  bool has_begun_ = false;
};

/// The id of a client's connection: nobody else can guess it.
std::string new_connection() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", source(), source(), source(), source());
}

Request request_of(const http::Request& from, Revision revision, Message message) {
  Request request{.caller = from.principal, .revision = revision, .message = std::move(message)};
  if (!is_stateless(revision)) request.connection = header(from, kSessionHeader);
  return request;
}

awaitable<HttpAnswer> answer_request(Server& server, Request request, bool wants_events,
                                     EventStream& events) {
  EventExchange exchange(events);
  if (wants_events) request.exchange = &exchange;
  const json id = request.message.id;
  const Revision revision = request.revision;
  const bool begins = request.message.method == "initialize" && !is_stateless(revision);
  auto answering = server.answer(std::move(request));
  Answer answer = co_await std::move(answering);
  const auto* const error = std::get_if<Error>(&answer);
  const int status = error == nullptr ? 200 : status_of(*error, revision);
  const auto* const reply = std::get_if<Reply>(&answer);
  const auto memory = reply == nullptr ? nullptr : reply->memory;
  ordered_json message = response_to(id, std::move(answer));
  if (exchange.has_begun()) {
    auto writing = text_of(std::move(message));
    const std::string text = co_await std::move(writing);
    exchange.send_text(text);
    co_return std::nullopt;
  }
  http::Response response = http::json_response(std::move(message), status);
  if (begins) response.headers.emplace_back("Mcp-Session-Id", new_connection());
  if (response.source) response.source = http::kept_with(std::move(response.source), memory);
  co_return response;
}

/// All messages of a body, one after the other.
awaitable<HttpAnswer> answer_all(Server& server, const http::Request& from, json messages) {
  const std::string named = header(from, kVersionHeader);
  Request like{.caller = from.principal, .connection = header(from, kSessionHeader)};
  like.revision =
      named.empty() ? kUnnamedRevision : revision_named(named).value_or(kLatestHandshake);
  if (const auto fault = batch_fault(like.revision, messages)) co_return refusal(nullptr, *fault);
  auto answering = answer_batch(server, like, std::move(messages));
  auto responses = co_await std::move(answering);
  if (responses.empty()) co_return accepted();
  co_return http::json_response(std::move(responses));
}

awaitable<HttpAnswer> answer_post(Server& server, loop::Pool& pool, http::Request request,
                                  EventStream& events) {
  auto parsing = http::parsed_json(pool, request.principal.tenant, std::exchange(request.body, {}),
                                   "the body");
  auto parsed = co_await std::move(parsing);
  if (!parsed.ok()) {
    co_return refusal(nullptr,
                      {.code = ErrorCode::kParse, .message = to_utf8(message_of(parsed.status()))});
  }
  json value = *std::move(parsed);
  if (value.is_array()) {
    auto answering = answer_all(server, request, std::move(value));
    co_return co_await std::move(answering);
  }
  json id;
  auto read = read_message(std::move(value), id);
  if (const auto* error = std::get_if<Error>(&read)) co_return refusal(id, *error);
  auto message = std::get<Message>(std::move(read));
  const auto revision = revision_of(request, message);
  if (const auto* error = std::get_if<Error>(&revision)) co_return refusal(id, *error);
  const auto kind = message.kind;
  Request own = request_of(request, std::get<Revision>(revision), std::move(message));
  if (kind == Message::Kind::kNotification) server.notified(own);
  if (kind == Message::Kind::kResponse) server.responded(own);
  if (kind != Message::Kind::kRequest) co_return accepted();
  auto answering = answer_request(server, std::move(own), request.wants_events, events);
  co_return co_await std::move(answering);
}

}  // namespace

void add_http_endpoint(Server& server, loop::Pool& pool, http::Router& router) {
  router.add({.method = "POST",
              .path = "/mcp",
              .summary = "The Model Context Protocol",
              .max_body = kMaxBody,
              .sends_events = true,
              .is_documented = false,
              .starts_runs = true,
              .handler = [&server, &pool](http::Request request, EventStream& events) {
                return answer_post(server, pool, std::move(request), events);
              }});
}

}  // namespace skerry::mcp
