// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "skerry/http/message.h"

namespace skerry::api {

/// The content type of bytes of which nothing else is known.
inline constexpr const char* kBytesType = "application/octet-stream";

/// Bytes of something that follow one another.
struct ByteRange {
  std::size_t first = 0;
  std::size_t length = 0;
};

/// What a request's Range header asks for of `size` bytes: all of them where it has none, or one of
/// another form than a single range (RFC 9110, 14.2). Gives the response the status and the headers
/// that belong to it: 206 for a part, 416 with an error and an empty range for one behind the end.
ByteRange apply_range(const http::Request& request, std::size_t size, http::Response& response);

}  // namespace skerry::api
