// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/wire.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "skerry/base/formats/json_writer.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;

// Messages of one batch.
constexpr std::size_t kMaxBatch = 64;
// What is serialized before others get their turn.
constexpr std::size_t kPiece = 64 * 1024;

awaitable<std::optional<ordered_json>> answer_one(Server& server, const Request& like, json value) {
  json id;
  auto read = read_message(std::move(value), id);
  if (const auto* error = std::get_if<Error>(&read)) co_return error_message(id, *error);
  Request request = like;
  request.message = std::get<Message>(std::move(read));
  if (request.message.kind == Message::Kind::kNotification) server.notified(request);
  if (request.message.kind != Message::Kind::kRequest) co_return std::nullopt;
  auto answering = server.answer(std::move(request));
  Answer answer = co_await std::move(answering);
  if (std::holds_alternative<Cancelled>(answer)) co_return std::nullopt;
  co_return response_to(id, std::move(answer));
}

}  // namespace

ordered_json response_to(const json& id, Answer answer) {
  if (auto* reply = std::get_if<Reply>(&answer)) {
    return result_message(id, std::move(reply->result));
  }
  const auto* const error = std::get_if<Error>(&answer);
  return error_message(id, error != nullptr ? *error : Error{.message = "cancelled"});
}

awaitable<std::string> text_of(ordered_json message) {
  JsonWriter writer(std::move(message));
  std::string text = writer.next(kPiece);
  while (!writer.is_done()) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto turn = boost::asio::post(executor, boost::asio::use_awaitable);
    co_await std::move(turn);
    text += writer.next(kPiece);
  }
  co_return text;
}

std::optional<Error> batch_fault(Revision revision, const json& messages) {
  Error fault{.code = ErrorCode::kInvalidRequest};
  if (revision != Revision::kMarch2025) {
    fault.message = "this revision has no batches";
    return fault;
  }
  if (!messages.empty() && messages.size() <= kMaxBatch) return std::nullopt;
  fault.message = fmt::format("a batch has 1 to {} messages", kMaxBatch);
  return fault;
}

awaitable<ordered_json> answer_batch(Server& server, const Request& like, json messages) {
  ordered_json responses = ordered_json::array();
  for (json& each : messages) {
    auto answering = answer_one(server, like, std::move(each));
    auto response = co_await std::move(answering);
    if (response) responses.push_back(*std::move(response));
  }
  co_return responses;
}

}  // namespace skerry::mcp
