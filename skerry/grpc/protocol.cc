// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/protocol.h"

#include <charconv>
#include <cstdint>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/retry_after.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace skerry::grpc {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kMaxTimeoutDigits = 8;
// Clients take 8 KiB of metadata, and encoded it may become three times as long.
constexpr std::size_t kMaxMessage = 2048;
// Longer than any call lasts, and far from overflow.
constexpr std::chrono::hours kMaxTimeout{24 * 365};

std::optional<nanoseconds> unit_of(char letter) {
  switch (letter) {
    case 'H':
      return std::chrono::hours(1);
    case 'M':
      return std::chrono::minutes(1);
    case 'S':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::milliseconds(1);
    case 'u':
      return std::chrono::microseconds(1);
    case 'n':
      return nanoseconds(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_call(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) return false;
  content_type.remove_prefix(kType.size());
  return content_type.empty() || content_type[0] == '+' || content_type[0] == ';';
}

Result<std::optional<nanoseconds>> timeout_in(const http::Headers& headers) {
  const std::string_view text = headers.get("grpc-timeout");
  if (text.empty()) return std::nullopt;
  Status malformed = absl::InternalError("grpc-timeout is not a number and a unit");
  const std::string_view digits = text.substr(0, text.size() - 1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits.size() > kMaxTimeoutDigits || error != std::errc() ||
      end != digits.data() + digits.size() || number < 0) {
    return malformed;
  }
  const auto unit = unit_of(text.back());
  if (!unit) return malformed;
  if (number > kMaxTimeout / *unit) return kMaxTimeout;
  return number * *unit;
}

http::Headers trailers_of(const Status& status) {
  http::Headers trailers{{"grpc-status", std::to_string(static_cast<int>(status.code()))}};
  if (status.ok()) return trailers;
  const std::string_view message = clip(message_of(status), kMaxMessage);
  trailers.add("grpc-message", percent_encoded(message));
  const auto wait = retry_after(status);
  if (!wait) return trailers;
  trailers.add("retry-after", std::to_string(retry_seconds(*wait).count()));
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(message));
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(wait->count() / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int>(wait->count() % 1000 * 1'000'000));
  details.add_details()->PackFrom(retry);
  trailers.add("grpc-status-details-bin", encode_binary(details.SerializeAsString()));
  return trailers;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Result<std::string> decode_binary(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  // Accepts text without padding.
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) {
    return absl::InternalError("binary metadata is not base64");
  }
  return bytes;
}

std::string encode_binary(std::string_view bytes) {
  std::string text = absl::Base64Escape({bytes.data(), bytes.size()});
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace skerry::grpc
