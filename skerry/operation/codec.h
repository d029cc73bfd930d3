// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/operation/request.h"

// Requests and answers as they go between a service and its workers: proto/skerry/operation.proto.
namespace skerry::operation {

/// The largest request, encoded: what gRPC takes as one message, and its other fields.
inline constexpr std::size_t kMaxRequest = std::size_t{72} << 20;
/// The most of a file that is read as bytes, and of an archive.
inline constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
/// The largest reply, encoded: such a file.
inline constexpr std::size_t kMaxReply = std::size_t{66} << 20;

/// kResourceExhausted, naming the sizes, when it is larger than `kMaxRequest`.
Result<std::string> encode(const Request& request);
/// kInternal when `bytes` are no request; else as the checks of its parts.
Result<Request> decode_request(std::string_view bytes);

/// An answer, or why there is none. One that is larger than `kMaxReply` becomes kResourceExhausted.
std::string encode(const Result<Response>& response);

/// Reads what `encode` gave. The bytes are untrusted: paths, names and texts are checked to be
/// UTF-8, what is counted to be as many as there may be, and memory stays within a small multiple
/// of `bytes`. An answer is of the kind that `request` asks for. kInternal, naming the broken rule,
/// when it is none of that; else the failure that was encoded.
Result<Response> decode_response(std::string_view bytes, const Request& request);

}  // namespace skerry::operation
