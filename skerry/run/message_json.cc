// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_json.h"

#include <string>
#include <utility>
#include <vector>

namespace skerry::run {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;
using nlohmann::ordered_json;

// NOLINTBEGIN(misc-no-recursion): as deep as a message's type

template <typename Json>
Json object_of(const Message& message);
template <>
json object_of<json>(const Message& message);
template <>
ordered_json object_of<ordered_json>(const Message& message);

/// One value of a field: of its list at `index`, or the only one.
template <typename Json>
Json value_of(const Message& message, const FieldDescriptor* field, int index) {
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
      return object_of<Json>(is_list ? reflection.GetRepeatedMessage(message, field, index)
                                     : reflection.GetMessage(message, field));
  }
  return nullptr;
}

template <typename Json>
Json map_of(const Message& message, const FieldDescriptor* field) {
  Json object = Json::object();
  const auto* key = field->message_type()->map_key();
  const auto* value = field->message_type()->map_value();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
    object[value_of<json>(entry, key, 0).get<std::string>()] = value_of<Json>(entry, value, 0);
  }
  return object;
}

template <typename Json>
Json list_of(const Message& message, const FieldDescriptor* field) {
  Json list = Json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    list.push_back(value_of<Json>(message, field, i));
  }
  return list;
}

template <typename Json>
Json field_of(const Message& message, const FieldDescriptor* field) {
  if (field->is_map()) return map_of<Json>(message, field);
  if (field->is_repeated()) return list_of<Json>(message, field);
  return value_of<Json>(message, field, 0);
}

template <>
json object_of<json>(const Message& message) {
  json object = json::object();
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) object[field->name()] = field_of<json>(message, field);
  return object;
}

template <>
ordered_json object_of<ordered_json>(const Message& message) {
  ordered_json object = ordered_json::object();
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const bool is_absent =
        field->has_presence() && !message.GetReflection()->HasField(message, field);
    object[field->name()] = is_absent ? ordered_json() : field_of<ordered_json>(message, field);
  }
  return object;
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
    case FieldDescriptor::CPPTYPE_STRING:
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return schema_of(*field.message_type());
  }
  return ordered_json::object();
}

ordered_json schema_of_field(const FieldDescriptor& field) {
  if (field.is_map()) {
    return {{"type", "object"},
            {"additionalProperties", schema_of_value(*field.message_type()->map_value())}};
  }
  ordered_json schema = schema_of_value(field);
  if (field.is_repeated()) return {{"type", "array"}, {"items", std::move(schema)}};
  if (field.has_presence()) schema["type"] = {schema["type"], "null"};
  return schema;
}

// NOLINTEND(misc-no-recursion)

}  // namespace

json fields_of(const Message& message) { return object_of<json>(message); }

ordered_json document_of(const Message& message) { return object_of<ordered_json>(message); }

ordered_json schema_of(const Descriptor& type) {  // NOLINT(misc-no-recursion): as above
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (int i = 0; i < type.field_count(); ++i) {
    properties[type.field(i)->name()] = schema_of_field(*type.field(i));
    required.push_back(type.field(i)->name());
  }
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

}  // namespace skerry::run
