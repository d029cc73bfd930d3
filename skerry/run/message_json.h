// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

namespace skerry::run {

// Messages of skerry.v1 as JSON, by reflection, so that each thing is described once. Unlike
// Protobuf's own mapping, names are those of the fields and numbers of 64 bits stay numbers.

/// The fields that are set, under their names: a request as JSON has it.
nlohmann::json fields_of(const google::protobuf::Message& message);

/// All fields, in the order of the message: an answer as JSON. Optional fields and messages that
/// are not set are null.
nlohmann::ordered_json document_of(const google::protobuf::Message& message);

/// The JSON Schema of such a document.
nlohmann::ordered_json schema_of(const google::protobuf::Descriptor& type);

}  // namespace skerry::run
