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
/// The largest reply, encoded: twice a search whose lines are as long and as many as they may be,
/// or a file of 10 MiB in base64.
inline constexpr std::size_t kMaxReply = std::size_t{32} << 20;

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
