// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "skerry/base/status.h"
#include "skerry/http/message.h"

namespace skerry::api {

/// The content type of bytes of which nothing else is known.
inline constexpr const char* kBytesType = "application/octet-stream";

/// Bytes of a body that are sent at a time: each has a client's time, and counts as unsent by
/// itself.
inline constexpr std::size_t kBodyPiece = std::size_t{256} << 10;

/// Bytes of something that follow one another.
struct ByteRange {
  std::size_t first = 0;
  std::size_t length = 0;
};

/// What a request's Range header asks for of `size` bytes: all of them where it has none, or one of
/// another form than a single range (RFC 9110, 14.2). Gives the response the status and the headers
/// that belong to it: 206 for a part, 416 with an error and an empty range for one behind the end.
ByteRange apply_range(const http::Request& request, std::size_t size, http::Response& response);

/// Bytes of a text, piece by piece, without a copy of it. What is on its way so is bounded, over
/// all protocols: kUnavailable above that.
Result<std::shared_ptr<http::BodySource>> pieces_of(std::string text, ByteRange range);

/// Makes bytes of a text the response's body, without a copy: a large one is sent piece by piece,
/// and fails as `pieces_of`.
Status put_body(std::string text, ByteRange range, http::Response& response);

}  // namespace skerry::api
