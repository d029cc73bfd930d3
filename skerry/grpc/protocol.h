// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/http/message.h"

// What stands in the headers and trailers of a call.

namespace skerry::grpc {

/// Whether a request's content type says that it is a call: application/grpc, also with "+proto".
bool is_call(std::string_view content_type);

/// The time that a client gives a call; none where it gives none. kInternal for what is no time.
Result<std::optional<std::chrono::nanoseconds>> timeout_in(const http::Headers& headers);

/// How a call ended: `grpc-status`, `grpc-message`, and details in `grpc-status-details-bin` where
/// the status says when to try again, which is also in `retry-after`.
http::Headers trailers_of(const Status& status);

/// A text as `grpc-message` has it: printable ASCII, with other bytes as %XX.
std::string percent_encoded(std::string_view text);

/// Metadata of names that end with "-bin", as bytes: base64 with or without padding. kInternal when
/// it is none.
Result<std::string> decode_binary(std::string_view text);
std::string encode_binary(std::string_view bytes);

}  // namespace skerry::grpc
