// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_decoder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "skerry/base/formats/base64.h"
#include "skerry/http/json_schema.h"
#include "skerry/run/message_json.h"

namespace skerry::run {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;
using nlohmann::ordered_json;

// Up to here a double tells integers apart: 3.0 is 3, and 1e300 is no integer.
constexpr double kMaxInteger = 9007199254740992.0;  // 2^53
constexpr std::size_t kMaxNamed = 10;               // unknown parameters in a message
constexpr std::size_t kMaxName = 64;

template <typename... Arguments>
Status refused(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// A field's type as JSON has it, or null for one that no request may have.
const char* type_name(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "string";
    case FieldDescriptor::CPPTYPE_INT64:
      return "integer";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    default:
      return nullptr;
  }
}

/// Of a list or a map, the field of its values; else the field.
const FieldDescriptor* value_field(const FieldDescriptor* field) {
  return field->is_map() ? field->message_type()->map_value() : field;
}

/// Whether it is a map to choices.
bool is_map_of_choices(const FieldDescriptor& field) {
  if (!field.is_map()) return false;
  const Descriptor* type = field.message_type()->map_value()->message_type();
  return type != nullptr && is_choice(*type);
}

/// "text, base64 or id", for a type that is a choice.
std::string names_of(const Descriptor& choice) {
  std::string names;
  for (int i = 0; i < choice.field_count(); ++i) {
    if (i > 0) names += i + 1 == choice.field_count() ? " or " : ", ";
    names += json_name_of(*choice.field(i));
  }
  return names;
}

/// Whether a request may have such a field.
bool is_taken(const FieldDescriptor& field) {
  if (is_map_of_choices(field)) return true;
  const bool has_names = !field.is_map() || field.message_type()->map_key()->cpp_type() ==
                                                FieldDescriptor::CPPTYPE_STRING;
  return has_names && type_name(*value_field(&field)) != nullptr;
}

std::optional<std::int64_t> integer_in(const json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > kMaxInteger) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

/// Puts a value into a field, or at the end of its list. False when it is of another type.
bool put(json value, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const auto store = [&](auto set, auto add, auto&& typed) {
    using Value = decltype(typed);
    (reflection.*(field.is_repeated() ? add : set))(&message, &field, std::forward<Value>(typed));
    return true;
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return value.is_string() && store(&Reflection::SetString, &Reflection::AddString,
                                        std::move(value.get_ref<std::string&>()));
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto number = integer_in(value);
      return number && store(&Reflection::SetInt64, &Reflection::AddInt64, *number);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return value.is_number() &&
             store(&Reflection::SetDouble, &Reflection::AddDouble, value.get<double>());
    default:
      return value.is_boolean() &&
             store(&Reflection::SetBool, &Reflection::AddBool, value.get<bool>());
  }
}

/// The same for all values of a list or a map, of which `value` is one.
bool put_all(json value, const FieldDescriptor& field, Message& message) {
  for (auto& [key, each] : value.items()) {
    if (!field.is_map()) {
      if (!put(std::move(each), field, message)) return false;
      continue;
    }
    Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    const FieldDescriptor* name = field.message_type()->map_key();
    entry.GetReflection()->SetString(&entry, name, key);
    if (!put(std::move(each), *value_field(&field), entry)) return false;
  }
  return true;
}

/// The choice that an object of one member makes, into its empty message.
Status put_choice(const std::string& name, json given, Message& choice) {
  const Descriptor& type = *choice.GetDescriptor();
  Status refusal =
      refused("Parameter '{}' must hold objects with one text each: {}", name, names_of(type));
  if (!given.is_object() || given.size() != 1) return refusal;
  json& value = given.begin().value();
  if (!value.is_string()) return refusal;
  auto& text = value.get_ref<std::string&>();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (given.begin().key() != json_name_of(field)) continue;
    if (field.type() == FieldDescriptor::TYPE_BYTES) {
      auto bytes = decode_base64(text);
      if (!bytes.ok()) return annotate(bytes.status(), fmt::format("Parameter '{}'", name));
      text = *std::move(bytes);
    }
    choice.GetReflection()->SetString(&choice, &field, std::move(text));
    return ok_status();
  }
  return refusal;
}

/// Whether one is made, and is as the options of its field say.
Status check_choice_made(const std::string& name, const Message& choice) {
  const Descriptor& type = *choice.GetDescriptor();
  const Reflection& reflection = *choice.GetReflection();
  const FieldDescriptor* field = reflection.GetOneofFieldDescriptor(choice, type.oneof_decl(0));
  if (field == nullptr) {
    return refused("Parameter '{}' must have one of {}", name, names_of(type));
  }
  const TextFormat* format = find_text_format(rules_of(*field).format());
  if (format == nullptr) return ok_status();
  std::string scratch;
  return annotate(format->check(reflection.GetStringReference(choice, field, &scratch)),
                  fmt::format("Parameter '{}'", name));
}

Status check_bounds(const std::string& name, const v1::FieldRules& rules, double number) {
  if (!std::isfinite(number)) return refused("Parameter '{}' must be a finite number", name);
  if (rules.has_minimum() && number < rules.minimum()) {
    return refused("Parameter '{}' must be at least {}, got {}", name, rules.minimum(), number);
  }
  if (rules.has_maximum() && number > rules.maximum()) {
    return refused("Parameter '{}' must be at most {}, got {}", name, rules.maximum(), number);
  }
  return ok_status();
}

Status check_choice(const std::string& name, const v1::FieldRules& rules, const std::string& text) {
  const auto& choices = rules.choices();
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return ok_status();
  }
  if (!rules.unlisted().empty()) {
    return refused("Parameter '{}' is {}, expected one of {}", name, rules.unlisted(),
                   fmt::join(choices, ", "));
  }
  return refused("Parameter '{}' must be \"{}\"", name, fmt::join(choices, "\" or \""));
}

}  // namespace

MessageDecoder::MessageDecoder(const Descriptor& type, std::string name, const Rules& rules)
    : name_(std::move(name)) {
  for (const auto& [field, more] : rules) {
    if (type.FindFieldByName(field) == nullptr) std::abort();
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& descriptor = *type.field(i);
    v1::FieldRules all = rules_of(descriptor);
    if (all.in_path()) continue;
    if (const auto more = rules.find(descriptor.name()); more != rules.end()) {
      all.MergeFrom(more->second);
    }
    if (all.refused()) {
      refused_.push_back(&descriptor);
      continue;
    }
    const TextFormat* const format = find_text_format(all.format());
    if (!is_taken(descriptor) || (format == nullptr && !all.format().empty())) std::abort();
    fields_.push_back({.descriptor = &descriptor,
                       .rules = all,
                       .format = format,
                       .default_value = default_of(descriptor, all)});
  }
}

ordered_json MessageDecoder::schema() const {
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const auto& [descriptor, rules, format, default_value] : fields_) {
    ordered_json property = schema_of(*descriptor, rules);
    const bool is_integer =
        !descriptor->is_repeated() &&
        (descriptor->cpp_type() == FieldDescriptor::CPPTYPE_INT64 || rules.or_integer());
    if (is_integer && !rules.has_minimum()) property["minimum"] = INT64_MIN;
    if (is_integer && !rules.has_maximum()) property["maximum"] = INT64_MAX;
    if (rules.required()) {
      required.push_back(descriptor->name());
    } else {
      property = http::nullable(std::move(property));
    }
    properties[descriptor->name()] = std::move(property);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Status MessageDecoder::parse(json given, Message& message) const {
  if (!given.is_object()) {
    return absl::InvalidArgumentError("Parameters must be an object of names and values");
  }
  for (const Field& field : fields_) {
    const auto found = given.find(field.descriptor->name());
    const bool is_there = found != given.end();
    if (is_there && (field.rules.required() || !found->is_null())) {
      SKERRY_TRY(read(field, std::move(*found), message));
    } else if (field.rules.required()) {
      return missing(field);
    }
  }
  SKERRY_TRY(check_known(given));
  add_defaults(message);
  return ok_status();
}

Status MessageDecoder::complete(Message& message) const {
  const Reflection& reflection = *message.GetReflection();
  for (const FieldDescriptor* each : refused_) {
    if (reflection.HasField(message, each)) return unknown(each->name());
  }
  for (const Field& field : fields_) {
    if (is_map_of_choices(*field.descriptor)) {
      SKERRY_TRY(check_choices(field, message));
    }
    if (field.descriptor->is_repeated()) continue;
    if (reflection.HasField(message, field.descriptor)) {
      SKERRY_TRY(check(field, message));
    } else if (field.rules.required() && field.format != nullptr && !field.format->check("").ok()) {
      return missing(field);
    }
  }
  add_defaults(message);
  return ok_status();
}

Status MessageDecoder::read(const Field& field, json value, Message& message) {
  const FieldDescriptor& descriptor = *field.descriptor;
  const char* const given = value.type_name();
  if (descriptor.is_repeated()) {
    if (descriptor.is_map() ? !value.is_object() : !value.is_array()) {
      return refused("Parameter '{}' must be of type {}, got {}", descriptor.name(),
                     descriptor.is_map() ? "object" : "array", given);
    }
    if (is_map_of_choices(descriptor)) return read_choices(field, std::move(value), message);
    if (put_all(std::move(value), descriptor, message)) return ok_status();
    return refused("Parameter '{}' must hold nothing but {}s", descriptor.name(),
                   type_name(*value_field(&descriptor)));
  }
  if (field.rules.or_integer()) {
    if (const auto number = integer_in(value)) {
      SKERRY_TRY(check_bounds(descriptor.name(), field.rules, static_cast<double>(*number)));
      value = std::to_string(*number);
    }
  }
  if (put(std::move(value), descriptor, message)) return check(field, message);
  return refused("Parameter '{}' must be of type {}{}, got {}", descriptor.name(),
                 field.rules.or_integer() ? "integer or " : "", type_name(descriptor), given);
}

Status MessageDecoder::read_choices(const Field& field, json given, Message& message) {
  const FieldDescriptor& descriptor = *field.descriptor;
  for (auto& [key, each] : given.items()) {
    Message& entry = *message.GetReflection()->AddMessage(&message, &descriptor);
    const Reflection& reflection = *entry.GetReflection();
    reflection.SetString(&entry, descriptor.message_type()->map_key(), key);
    Message* const value =
        reflection.MutableMessage(&entry, descriptor.message_type()->map_value());
    SKERRY_TRY(put_choice(descriptor.name(), std::move(each), *value));
  }
  return check_choices(field, message);
}

Status MessageDecoder::check_choices(const Field& field, const Message& message) {
  const FieldDescriptor& descriptor = *field.descriptor;
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &descriptor); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &descriptor, i);
    SKERRY_TRY(check_choice_made(
        descriptor.name(),
        entry.GetReflection()->GetMessage(entry, descriptor.message_type()->map_value())));
  }
  return ok_status();
}

Status MessageDecoder::check(const Field& field, const Message& message) {
  const FieldDescriptor& descriptor = *field.descriptor;
  const Reflection& reflection = *message.GetReflection();
  switch (descriptor.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return check_bounds(descriptor.name(), field.rules,
                          static_cast<double>(reflection.GetInt64(message, &descriptor)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return check_bounds(descriptor.name(), field.rules,
                          reflection.GetDouble(message, &descriptor));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = reflection.GetStringReference(message, &descriptor, &scratch);
      SKERRY_TRY(check_choice(descriptor.name(), field.rules, text));
      return field.format == nullptr ? ok_status() : field.format->check(text);
    }
    default:
      return ok_status();
  }
}

Status MessageDecoder::missing(const Field& field) {
  return refused("Required parameter '{}' is missing", field.descriptor->name());
}

Status MessageDecoder::check_known(const json& given) const {
  std::string unknown;
  std::size_t count = 0;
  for (const auto& item : given.items()) {
    if (std::any_of(fields_.begin(), fields_.end(),
                    [&](const Field& each) { return each.descriptor->name() == item.key(); })) {
      continue;
    }
    if (++count > kMaxNamed) continue;
    unknown += (unknown.empty() ? "" : ", ") + item.key().substr(0, kMaxName);
  }
  if (count == 0) return ok_status();
  if (count > kMaxNamed) unknown += fmt::format(" and {} more", count - kMaxNamed);
  return this->unknown(unknown);
}

Status MessageDecoder::unknown(std::string_view names) const {
  return refused("Unknown parameters for {}: {}", name_, names);
}

void MessageDecoder::add_defaults(Message& message) const {
  for (const Field& field : fields_) {
    if (field.default_value.is_null()) continue;
    if (message.GetReflection()->HasField(message, field.descriptor)) continue;
    (void)put(field.default_value, *field.descriptor, message);
  }
}

}  // namespace skerry::run
