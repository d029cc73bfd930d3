// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

namespace skerry::api {

/// The fields of a message that are set, under their names: what the same request is as JSON.
/// Numbers stay numbers, bytes are not expected. As deep as the message.
nlohmann::json json_of(const google::protobuf::Message& message);

}  // namespace skerry::api
