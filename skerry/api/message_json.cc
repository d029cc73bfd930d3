// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/message_json.h"

#include <string>
#include <vector>

namespace skerry::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;

/// One value of a field: of its list at `index`, or the only one.
json value_of(const Message& message, const FieldDescriptor* field,
              int index) {  // NOLINT(misc-no-recursion)
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
      return json_of(is_list ? reflection.GetRepeatedMessage(message, field, index)
                             : reflection.GetMessage(message, field));
  }
  return nullptr;
}

json map_of(const Message& message, const FieldDescriptor* field) {  // NOLINT(misc-no-recursion)
  json object = json::object();
  const auto* key = field->message_type()->map_key();
  const auto* value = field->message_type()->map_value();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
    object[value_of(entry, key, 0).get<std::string>()] = value_of(entry, value, 0);
  }
  return object;
}

json list_of(const Message& message, const FieldDescriptor* field) {  // NOLINT(misc-no-recursion)
  json list = json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    list.push_back(value_of(message, field, i));
  }
  return list;
}

}  // namespace

json json_of(const Message& message) {  // NOLINT(misc-no-recursion): as deep as the message's type
  json object = json::object();
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    object[field->name()] = field->is_map()        ? map_of(message, field)
                            : field->is_repeated() ? list_of(message, field)
                                                   : value_of(message, field, 0);
  }
  return object;
}

}  // namespace skerry::api
