// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/byte_range.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace skerry::api {
namespace {

// Bytes of texts that are being sent so. Of the event loop's thread alone.
constexpr std::size_t kMaxHeld = std::size_t{512} << 20;
std::size_t& held() {
  static std::size_t bytes = 0;
  return bytes;
}

/// A text, piece by piece.
class TextPieces final : public http::BodySource {
 public:
  TextPieces(std::string text, ByteRange range) : text_(std::move(text)), range_(range) {
    held() += text_.size();
  }
  ~TextPieces() override { held() -= text_.size(); }

  std::optional<std::uint64_t> size() const override { return size_; }
  boost::asio::awaitable<Result<std::string>> next() override {
    const std::size_t piece = std::min(kBodyPiece, range_.length);
    std::string taken = text_.substr(range_.first, piece);
    range_.first += piece;
    range_.length -= piece;
    co_return taken;
  }

 private:
  const std::string text_;
  ByteRange range_;
  const std::uint64_t size_ = range_.length;
};

/// The range of `size` bytes that a header asks for. None: all of them. One that lies behind the
/// end has length 0.
std::optional<ByteRange> range_of(std::string_view header, std::size_t size) {
  if (!header.starts_with("bytes=")) return std::nullopt;
  header.remove_prefix(6);
  const auto dash = header.find('-');
  if (dash == header.npos) return std::nullopt;
  const auto number = [](std::string_view text) -> std::optional<std::size_t> {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  const std::string_view first = header.substr(0, dash);
  const std::string_view last = header.substr(dash + 1);
  if (first.empty()) {
    const auto count = number(last);
    if (!count) return std::nullopt;
    const std::size_t length = std::min(*count, size);
    return ByteRange{.first = size - length, .length = length};
  }
  const auto begin = number(first);
  const auto end = last.empty() ? std::optional(size) : number(last);
  if (!begin || !end || (!last.empty() && *end < *begin)) return std::nullopt;
  if (*begin >= size) return ByteRange{.first = *begin, .length = 0};
  return ByteRange{.first = *begin, .length = std::min(*end, size - 1) - *begin + 1};
}

}  // namespace

ByteRange apply_range(const http::Request& request, std::size_t size, http::Response& response) {
  response.headers.emplace_back("Accept-Ranges", "bytes");
  // A program may have written it: no page of this origin.
  response.headers.emplace_back("Content-Security-Policy", "sandbox");
  const ByteRange all{.first = 0, .length = size};
  const auto header = request.headers.find("range");
  if (header == request.headers.end()) return all;
  const auto range = range_of(header->second, size);
  if (!range) return all;
  if (range->length == 0) {
    response = http::error_response(416, fmt::format("the file has {} bytes", size));
    response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    return {};
  }
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range",
      fmt::format("bytes {}-{}/{}", range->first, range->first + range->length - 1, size));
  return *range;
}

Result<std::shared_ptr<http::BodySource>> pieces_of(std::string text, ByteRange range) {
  if (held() + text.size() > kMaxHeld) {
    return absl::UnavailableError("too many large files are being sent: try again in a moment");
  }
  return std::make_shared<TextPieces>(std::move(text), range);
}

Status put_body(std::string text, ByteRange range, http::Response& response) {
  if (text.size() <= kBodyPiece) {
    response.body = text.substr(range.first, range.length);
    return ok_status();
  }
  SKERRY_ASSIGN(response.source, pieces_of(std::move(text), range));
  return ok_status();
}

}  // namespace skerry::api
