// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/struct.pb.h>
#include <nlohmann/json.hpp>

namespace skerry::shannon {

/// Protobuf's own form of JSON and ours. Numbers are doubles there: integers beyond 2^53 lose their
/// last digits. Texts must be UTF-8.
/// Texts are moved: they may have tens of megabytes.
nlohmann::json json_of(google::protobuf::Value&& value);
nlohmann::json json_of(google::protobuf::Struct&& object);

google::protobuf::Value value_of(const nlohmann::json& json);
/// `json` must be an object.
google::protobuf::Struct struct_of(const nlohmann::json& json);

}  // namespace skerry::shannon
