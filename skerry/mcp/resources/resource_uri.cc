// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/resources/resource_uri.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace skerry::mcp {
namespace {

using files::FilePath;
using store::SessionName;

constexpr std::string_view kSessions = "skerry://sessions/";
constexpr std::string_view kImages = "skerry://images/";
// A path of 4,096 bytes, each of them escaped, and the rest.
constexpr std::size_t kMaxUri = 3 * 4096 + 512;

/// Whether a byte of a path stands for itself: what RFC 3986 calls pchar, and the slash.
bool is_plain(char byte) {
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool is_digit = byte >= '0' && byte <= '9';
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/";
  return is_letter || is_digit || kMarks.find(byte) != kMarks.npos;
}

int digit_of(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  return -1;
}

std::string escaped(std::string_view text) {
  std::string all;
  for (const char byte : text) {
    if (is_plain(byte)) {
      all += byte;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto value = static_cast<unsigned char>(byte);
      all += {'%', kDigits[value >> 4], kDigits[value & 0xF]};
    }
  }
  return all;
}

/// The text of which this is the escaped form; none where an escape is cut or no number.
std::optional<std::string> unescaped(std::string_view text) {
  std::string all;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      all += text[at];
      continue;
    }
    const int high = at + 1 < text.size() ? digit_of(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? digit_of(text[at + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    all += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return all;
}

Status bad_uri(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("the URI cannot be: {}", why));
}

Status no_such_resource() { return absl::NotFoundError("Resource not found"); }

/// What stands behind "skerry://sessions/".
Result<Resource> resource_of_session(std::string_view rest) {
  constexpr std::string_view kFiles = "files/";
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos) return no_such_resource();
  const std::string_view below = rest.substr(slash + 1);
  if (below != "log" && !below.starts_with(kFiles)) return no_such_resource();
  const auto name = unescaped(rest.substr(0, slash));
  if (!name) return bad_uri("an escape has two hexadecimal digits");
  auto session = SessionName::parse(*name);
  if (!session.ok()) return bad_uri(message_of(session.status()));
  if (below == "log") return LogResource{.session = *std::move(session)};
  const auto text = unescaped(below.substr(kFiles.size()));
  if (!text) return bad_uri("an escape has two hexadecimal digits");
  auto path = FilePath::parse_below(FilePath::Root::kWorkspace, *text);
  if (!path.ok()) return bad_uri(message_of(path.status()));
  if (path->is_root()) return no_such_resource();
  return FileResource{.session = *std::move(session), .path = *std::move(path)};
}

struct Writer {
  std::string operator()(const LogResource& log) const {
    return fmt::format("{}{}/log", kSessions, escaped(log.session.text()));
  }
  std::string operator()(const FileResource& file) const {
    return fmt::format("{}{}/files/{}", kSessions, escaped(file.session.text()),
                       escaped(file.path.below()));
  }
  std::string operator()(const ImageResource& image) const {
    return fmt::format("{}{}", kImages, image.id);
  }
};

}  // namespace

Result<Resource> resource_at(std::string_view uri) {
  if (uri.size() > kMaxUri) {
    return bad_uri(fmt::format("it has {} bytes, at most {}", uri.size(), kMaxUri));
  }
  if (uri.find_first_of("?#") != uri.npos) return no_such_resource();
  if (uri.starts_with(kSessions)) return resource_of_session(uri.substr(kSessions.size()));
  if (!uri.starts_with(kImages)) return no_such_resource();
  return ImageResource{.id = std::string(uri.substr(kImages.size()))};
}

std::string uri_of(const Resource& resource) { return std::visit(Writer{}, resource); }

}  // namespace skerry::mcp
