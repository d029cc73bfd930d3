// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

#include "skerry/v1/options.pb.h"

namespace skerry::run {

// Messages of skerry.v1 as JSON, by reflection, so that each thing is described once. Unlike
// Protobuf's own mapping, names are those of the fields and numbers of 64 bits stay numbers.

/// All fields, in the order of the message: an answer as JSON. Optional fields and messages that
/// are not set are null; an inlined message's fields stand in place of it.
nlohmann::ordered_json document_of(const google::protobuf::Message& message);

/// The JSON Schema of such a document.
nlohmann::ordered_json schema_of(const google::protobuf::Descriptor& type);

/// Whether a message is one of several texts or bytes: all its fields, in one `oneof`.
bool is_choice(const google::protobuf::Descriptor& type);

/// A field's name in JSON: bytes have that of their text form, "base64".
const std::string& json_name_of(const google::protobuf::FieldDescriptor& field);

/// What the field's options say of it. Lives as long as the description does.
const v1::FieldRules& rules_of(const google::protobuf::FieldDescriptor& field);

/// The JSON Schema of one field, of which `rules` say what its type does not.
nlohmann::ordered_json schema_of(const google::protobuf::FieldDescriptor& field,
                                 const v1::FieldRules& rules);

/// The default that `rules` have for the field, as JSON; null: none.
nlohmann::json default_of(const google::protobuf::FieldDescriptor& field,
                          const v1::FieldRules& rules);

}  // namespace skerry::run
