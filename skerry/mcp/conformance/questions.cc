// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/conformance/questions.h"

#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace skerry::mcp {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{20};

}  // namespace

boost::asio::awaitable<std::optional<json>> Questions::ask(const Request& request,
                                                           const char* method,
                                                           nlohmann::ordered_json params) {
  if (request.exchange == nullptr || request.connection.empty()) co_return std::nullopt;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, kPatience);
  const std::string id = fmt::format("skerry-{}", ++asked_);
  Question question{.timer = timer};
  const std::string key = request.key_of(id);
  waiting_.emplace(key, &question);
  request.exchange->send(
      {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  auto waiting = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  (void)co_await std::move(waiting);
  waiting_.erase(key);
  co_return std::move(question.result);
}

void Questions::responded(const Request& response) {
  const auto found = waiting_.find(response.key_of(response.message.id));
  if (found == waiting_.end()) return;
  const json& message = response.message.params;
  if (const auto result = message.find("result"); result != message.end()) {
    found->second->result = *result;
  }
  found->second->timer.cancel();
}

}  // namespace skerry::mcp
