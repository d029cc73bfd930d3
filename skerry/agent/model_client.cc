// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model_client.h"

#include <charconv>
#include <ctime>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/agent/chat_format.h"
#include "skerry/agent/event_reader.h"
#include "skerry/base/retry_after.h"
#include "skerry/base/utf8.h"

namespace skerry::agent {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxEvent = std::size_t{4} << 20;       // 1 MiB of arguments, escaped
constexpr std::size_t kMaxWhole = std::size_t{16} << 20;      // of a reply that comes at once
constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10;  // of a failure's body
constexpr std::int64_t kMaxPatience = 86'400;                 // seconds that a server may ask for

/// Retry-After: seconds, or a date.
std::optional<std::chrono::seconds> wait_of(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::tm date{};
    const char* rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (text.empty() || rest == nullptr || *rest != '\0') return std::nullopt;
    seconds = ::timegm(&date) - std::time(nullptr);
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMaxPatience));
}

/// The text without the key, which a server may give back.
std::string without(std::string text, const std::string& key) {
  if (key.empty()) return text;
  for (auto at = text.find(key); at != text.npos; at = text.find(key, at)) {
    text.replace(at, key.size(), "[key]");
  }
  return text;
}

/// The whole of a body that is short, or as much of it.
awaitable<Result<std::string>> read_whole(HttpExchange& exchange, std::size_t most) {
  std::string whole;
  for (;;) {
    auto piece = co_await exchange.next();
    if (!piece.ok()) co_return piece.status();
    if (!piece->has_value()) co_return whole;
    whole += **piece;
    if (whole.size() > most) {
      co_return absl::UnavailableError("the model server answers with more than " +
                                       std::to_string(most) + " bytes");
    }
  }
}

awaitable<Status> read_events(HttpExchange& exchange, ReplyReader& reply) {
  EventReader events(kMaxEvent);
  const EventReader::OnEvent take = [&reply](std::string_view data) {
    return reply.take_event(data);
  };
  while (!reply.is_done()) {
    auto piece = co_await exchange.next();
    if (!piece.ok()) co_return piece.status();
    const Status status = piece->has_value() ? events.take(**piece, take) : events.finish(take);
    if (status.code() == StatusCode::kOutOfRange) {
      co_return absl::UnavailableError("the model server's answer cannot be understood: " +
                                       std::string(message_of(status)));
    }
    if (!status.ok()) co_return status;
    if (!piece->has_value()) break;
  }
  co_return ok_status();
}

}  // namespace

Result<std::unique_ptr<ModelClient>> ModelClient::make(asio::io_context& io, ModelOptions options) {
  SKERRY_TRY(options.check());
  SKERRY_ASSIGN(Endpoint endpoint, Endpoint::parse(options.base_url));
  SKERRY_ASSIGN(auto tls, TlsClientContext::make({}));
  return std::unique_ptr<ModelClient>(
      new ModelClient(io, std::move(options), std::move(endpoint), std::move(tls)));
}

ModelClient::ModelClient(asio::io_context& io, ModelOptions options, Endpoint endpoint,
                         std::unique_ptr<TlsClientContext> tls)
    : io_(io), options_(std::move(options)), endpoint_(std::move(endpoint)), tls_(std::move(tls)) {}

awaitable<Result<ModelReply>> ModelClient::ask(ModelRequest request, TextCallback on_text) {
  // A cancelled wait ends with a Status like any other failure.
  co_await asio::this_coro::throw_if_cancelled(false);
  auto reply = co_await ask_once(request, on_text);
  const auto wait = retry_after(reply.status());
  if (reply.ok() || !wait || Clock::now() + *wait >= request.deadline) co_return reply;
  asio::steady_timer pause(io_, *wait);
  const auto [error] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return absl::CancelledError("cancelled");
  co_return co_await ask_once(request, std::move(on_text));
}

awaitable<Result<ModelReply>> ModelClient::ask_once(const ModelRequest& request,
                                                    TextCallback on_text) {
  const Delivery delivery = on_text ? Delivery::kStreamed : Delivery::kWhole;
  // What comes whole begins when the model has said all of it.
  const auto first_byte_time = on_text ? options_.first_byte_time : options_.query_time;
  HttpExchange exchange(io_.get_executor(), *tls_, endpoint_,
                        {.connect_time = options_.connect_time,
                         .first_byte_time = first_byte_time,
                         .pause_time = options_.pause_time,
                         .deadline = request.deadline});
  HttpExchange::Headers headers{{"Content-Type", "application/json"},
                                {"Accept", on_text ? "text/event-stream" : "application/json"}};
  if (!options_.api_key.empty()) {
    headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  }
  if (!request.trace.empty()) headers.emplace_back("traceparent", request.trace);
  std::string target = endpoint_.path + "/chat/completions";
  std::string body = request_body(request, delivery);
  auto head = co_await exchange.post(std::move(target), std::move(headers), std::move(body));
  if (!head.ok()) co_return head.status();
  if (head->status != 200) co_return co_await refusal(exchange, *head);
  if (!head->content_encoding.empty() && head->content_encoding != "identity") {
    co_return absl::UnavailableError(
        "the model server's answer is compressed, which it was not "
        "asked for");
  }
  ReplyReader reply(std::move(on_text));
  // A server that does not stream says so by its type.
  if (head->content_type == "text/event-stream" && delivery == Delivery::kStreamed) {
    const Status status = co_await read_events(exchange, reply);
    if (!status.ok()) co_return status;
  } else if (head->content_type == "application/json") {
    const auto whole = co_await read_whole(exchange, kMaxWhole);
    if (!whole.ok()) co_return whole.status();
    const Status status = reply.take_whole(*whole);
    if (!status.ok()) co_return status;
  } else {
    co_return absl::UnavailableError(
        "the model server's answer is of the type \"" + to_utf8(head->content_type.substr(0, 64)) +
        "\", expected " +
        (delivery == Delivery::kStreamed ? "text/event-stream" : "application/json"));
  }
  co_return reply.finish();
}

/// What a status other than 200 means for who asked.
awaitable<Status> ModelClient::refusal(HttpExchange& exchange, HttpExchange::Head head) const {
  const std::string code = std::to_string(head.status);
  if (head.status == 401 || head.status == 403) {
    co_return absl::FailedPreconditionError("the model server refuses the key (" + code +
                                            "): LLM_API_KEY must hold one that it takes");
  }
  if (head.status >= 300 && head.status < 400) {
    co_return absl::FailedPreconditionError(
        "the model server redirects (" + code +
        "), which is not followed: LLM_BASE_URL must say where it is");
  }
  auto body = co_await read_whole(exchange, kMaxErrorBody);
  if (body.status().code() == StatusCode::kCancelled) co_return body.status();
  std::string said = body.ok() ? error_in(*body) : std::string();
  said = said.empty() ? "" : ": " + without(std::move(said), options_.api_key);
  const auto wait = wait_of(head.retry_after);
  Status status;
  if (head.status == 429) {
    status = absl::ResourceExhaustedError("the model server has too much to do (429)" + said);
  } else if (head.status == 404) {
    co_return absl::FailedPreconditionError(
        "the model server has no such model, or LLM_BASE_URL leads elsewhere (404)" + said);
  } else if (head.status == 400 || head.status == 413 || head.status == 422) {
    co_return absl::InvalidArgumentError("the model server does not take the request (" + code +
                                         ")" + said);
  } else {
    status = absl::UnavailableError("the model server fails (" + code + ")" + said);
  }
  co_return wait ? with_retry_after(std::move(status), *wait) : status;
}

}  // namespace skerry::agent
