// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/message.h"

#include <algorithm>
#include <charconv>
#include <random>

#include <fmt/format.h>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/formats/json_writer.h"
#include "skerry/base/retry_after.h"
#include "skerry/base/utf8.h"

namespace skerry::http {
namespace {

// Up to here a response is serialized at once and has a Content-Length.
constexpr std::size_t kJsonPiece = 64 * 1024;

/// The rest of a large value. Each piece takes some 0.1 ms of the event loop.
class JsonBody final : public BodySource {
 public:
  explicit JsonBody(JsonWriter writer) : writer_(std::move(writer)) {}
  boost::asio::awaitable<Result<std::string>> next() override {
    co_return writer_.next(kJsonPiece);
  }

 private:
  JsonWriter writer_;
};

}  // namespace

std::string_view Headers::get(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [name](const auto& field) { return field.first == name; });
  return found == fields_.end() ? std::string_view() : found->second;
}

std::string Headers::joined(std::string_view name) const {
  std::string all;
  for (const auto& [each, value] : fields_) {
    if (each != name) continue;
    if (!all.empty()) all += ", ";
    all += value;
  }
  return all;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [name](const auto& field) { return field.first == name; }));
}

std::shared_ptr<BodySource> kept_with(std::shared_ptr<BodySource> source,
                                      std::shared_ptr<const void> owner) {
  BodySource* const body = source.get();
  using Both = std::pair<std::shared_ptr<const void>, std::shared_ptr<BodySource>>;
  return {std::make_shared<Both>(std::move(owner), std::move(source)), body};
}

Response json_response(nlohmann::ordered_json json, int status) {
  JsonWriter writer(std::move(json));
  Response response{.status = status, .body = writer.next(kJsonPiece)};
  if (!writer.is_done()) response.source = std::make_shared<JsonBody>(std::move(writer));
  return response;
}

Response error_response(int status, std::string_view message) {
  return json_response({{"error", message}}, status);
}

Response retry_response(int status, std::string_view message, std::chrono::milliseconds wait) {
  Response response = error_response(status, message);
  response.headers.emplace_back("Retry-After", std::to_string(retry_seconds(wait).count()));
  return response;
}

Response response_of(const Status& status) {
  const std::string_view message = message_of(status);
  const auto wait = retry_after(status).value_or(std::chrono::seconds(1));
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
      return error_response(400, message);
    case StatusCode::kUnauthenticated: {
      Response response = error_response(401, message);
      response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return response;
    }
    case StatusCode::kPermissionDenied:
      return error_response(403, message);
    case StatusCode::kNotFound:
      return error_response(404, message);
    case StatusCode::kResourceExhausted:
      return retry_response(429, message, wait);
    case StatusCode::kFailedPrecondition:
    case StatusCode::kAlreadyExists:
    case StatusCode::kAborted:
      return error_response(409, message);
    case StatusCode::kUnimplemented:
      return error_response(501, message);
    case StatusCode::kUnavailable:
      return retry_response(503, message, wait);
    case StatusCode::kDeadlineExceeded:
      return error_response(504, message);
    default:
      return error_response(500, message);
  }
}

boost::asio::awaitable<Result<std::string>> EventStream::receive(std::chrono::milliseconds) {
  co_return absl::CancelledError("this client sends no messages");
}

void EventStream::send(std::string_view name, const nlohmann::ordered_json& data) {
  const std::string text = dump_json(data);
  send({.name = name, .data = text});
}

std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      int value = 0;
      const std::string_view digits = text.substr(i + 1, 2);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return {};
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += is_query && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!is_utf8(plain) || plain.find('\0') != plain.npos) return {};
  return plain;
}

bool is_local_host(std::string_view host) {
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

std::string_view bearer_in(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[i]) return {};
  }
  return authorization.substr(kScheme.size());
}

std::string request_id_of(std::string_view given) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  if (!given.empty() && given.size() <= 64 && given.find_first_not_of(kLetters) == given.npos) {
    return std::string(given);
  }
  // Unique enough to find a request in a log; no secret.
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

}  // namespace skerry::http
