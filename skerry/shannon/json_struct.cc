// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/json_struct.h"

#include <utility>

namespace skerry::shannon {

using google::protobuf::Struct;
using google::protobuf::Value;
using nlohmann::json;

// Values that come over the wire are no deeper than Protobuf's parser allows, a hundred.
json json_of(Value&& value) {  // NOLINT(misc-no-recursion)
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return value.number_value();
    case Value::kStringValue:
      return std::move(*value.mutable_string_value());
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kStructValue:
      return json_of(std::move(*value.mutable_struct_value()));
    case Value::kListValue: {
      json list = json::array();
      for (Value& each : *value.mutable_list_value()->mutable_values()) {
        list.push_back(json_of(std::move(each)));
      }
      return list;
    }
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

json json_of(Struct&& object) {  // NOLINT(misc-no-recursion)
  json result = json::object();
  for (auto& [name, value] : *object.mutable_fields()) result[name] = json_of(std::move(value));
  return result;
}

Value value_of(const json& from) {  // NOLINT(misc-no-recursion): as deep as what was parsed
  Value value;
  switch (from.type()) {
    case json::value_t::boolean:
      value.set_bool_value(from.get<bool>());
      break;
    case json::value_t::string:
      value.set_string_value(from.get_ref<const std::string&>());
      break;
    case json::value_t::object:
      *value.mutable_struct_value() = struct_of(from);
      break;
    case json::value_t::array:
      value.mutable_list_value();
      for (const json& each : from) *value.mutable_list_value()->add_values() = value_of(each);
      break;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      value.set_number_value(from.get<double>());
      break;
    default:
      value.set_null_value(google::protobuf::NULL_VALUE);
  }
  return value;
}

Struct struct_of(const json& from) {  // NOLINT(misc-no-recursion)
  Struct object;
  for (const auto& item : from.items()) {
    (*object.mutable_fields())[item.key()] = value_of(item.value());
  }
  return object;
}

}  // namespace skerry::shannon
