// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_json.h"

#include <cstdint>
#include <string>
#include <utility>

#include "skerry/http/json_schema.h"
#include "skerry/run/text_format.h"

namespace skerry::run {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::ordered_json;

// NOLINTBEGIN(misc-no-recursion): as deep as a message's type

/// One value of a field: of its list at `index`, or the only one.
ordered_json value_of(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_list = field->is_repeated();
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return is_list ? reflection.GetRepeatedBool(message, field, index)
                     : reflection.GetBool(message, field);
    case FieldDescriptor::CPPTYPE_INT32:
      return is_list ? reflection.GetRepeatedInt32(message, field, index)
                     : reflection.GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return is_list ? reflection.GetRepeatedUInt32(message, field, index)
                     : reflection.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return is_list ? reflection.GetRepeatedInt64(message, field, index)
                     : reflection.GetInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return is_list ? reflection.GetRepeatedUInt64(message, field, index)
                     : reflection.GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return is_list ? reflection.GetRepeatedFloat(message, field, index)
                     : reflection.GetFloat(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return is_list ? reflection.GetRepeatedDouble(message, field, index)
                     : reflection.GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return (is_list ? reflection.GetRepeatedEnum(message, field, index)
                      : reflection.GetEnum(message, field))
          ->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return is_list ? reflection.GetRepeatedStringReference(message, field, index, &scratch)
                     : reflection.GetStringReference(message, field, &scratch);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return document_of(is_list ? reflection.GetRepeatedMessage(message, field, index)
                                 : reflection.GetMessage(message, field));
  }
  return nullptr;
}

ordered_json map_of(const Message& message, const FieldDescriptor* field) {
  ordered_json object = ordered_json::object();
  const auto* key = field->message_type()->map_key();
  const auto* value = field->message_type()->map_value();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
    object[value_of(entry, key, 0).get<std::string>()] = value_of(entry, value, 0);
  }
  return object;
}

ordered_json list_of(const Message& message, const FieldDescriptor* field) {
  ordered_json list = ordered_json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    list.push_back(value_of(message, field, i));
  }
  return list;
}

ordered_json field_of(const Message& message, const FieldDescriptor* field) {
  if (field->is_map()) return map_of(message, field);
  if (field->is_repeated()) return list_of(message, field);
  return value_of(message, field, 0);
}

bool is_inlined(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated() &&
         rules_of(field).inlined();
}

void add_fields(const Message& message, ordered_json& object) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (is_inlined(*field)) {
      add_fields(message.GetReflection()->GetMessage(message, field), object);
      continue;
    }
    const bool is_absent =
        field->has_presence() && !message.GetReflection()->HasField(message, field);
    object[field->name()] = is_absent ? ordered_json() : field_of(message, field);
  }
}

ordered_json schema_of_value(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "integer"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() != FieldDescriptor::TYPE_BYTES) return {{"type", "string"}};
      return {{"type", "string"}, {"format", "byte"}, {"contentEncoding", "base64"}};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return schema_of(*field.message_type());
  }
  return ordered_json::object();
}

ordered_json schema_of_type(const FieldDescriptor& field) {
  if (field.is_map()) {
    return {{"type", "object"},
            {"additionalProperties", schema_of_value(*field.message_type()->map_value())}};
  }
  ordered_json schema = schema_of_value(field);
  if (field.is_repeated()) return {{"type", "array"}, {"items", std::move(schema)}};
  return schema;
}

void add_properties(const Descriptor& type, ordered_json& properties, ordered_json& required) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (is_inlined(field)) {
      add_properties(*field.message_type(), properties, required);
      continue;
    }
    ordered_json schema = schema_of(field, rules_of(field));
    properties[field.name()] =
        field.has_presence() ? http::nullable(std::move(schema)) : std::move(schema);
    required.push_back(field.name());
  }
}

/// A bound as JSON has it: an integer's is one.
ordered_json bound(const FieldDescriptor& field, double value) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) return value;
  return static_cast<std::int64_t>(value);
}

}  // namespace

ordered_json document_of(const Message& message) {
  ordered_json object = ordered_json::object();
  add_fields(message, object);
  return object;
}

bool is_choice(const Descriptor& type) {
  if (type.real_oneof_decl_count() != 1) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (field.real_containing_oneof() == nullptr || !is_text) return false;
  }
  return true;
}

const std::string& json_name_of(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_BYTES ? field.json_name() : field.name();
}

ordered_json schema_of(const Descriptor& type) {
  ordered_json properties = ordered_json::object();
  if (is_choice(type)) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      properties[json_name_of(field)] = schema_of(field, rules_of(field));
    }
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"minProperties", 1},
            {"maxProperties", 1},
            {"additionalProperties", false}};
  }
  ordered_json required = ordered_json::array();
  add_properties(type, properties, required);
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

const v1::FieldRules& rules_of(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::rules);
}

ordered_json schema_of(const FieldDescriptor& field, const v1::FieldRules& rules) {
  ordered_json schema = schema_of_type(field);
  if (rules.or_integer()) schema["type"] = {"integer", "string"};
  if (!rules.description().empty()) schema["description"] = rules.description();
  if (rules.has_default_()) schema["default"] = default_of(field, rules);
  if (rules.has_minimum()) schema["minimum"] = bound(field, rules.minimum());
  if (rules.has_maximum()) schema["maximum"] = bound(field, rules.maximum());
  if (rules.choices_size() > 0) schema["enum"] = rules.choices();
  if (const TextFormat* format = find_text_format(rules.format())) schema.update(format->schema);
  return schema;
}

// NOLINTEND(misc-no-recursion)

nlohmann::json default_of(const FieldDescriptor& field, const v1::FieldRules& rules) {
  if (!rules.has_default_()) return nullptr;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return rules.default_();
  return nlohmann::json::parse(rules.default_());
}

}  // namespace skerry::run
