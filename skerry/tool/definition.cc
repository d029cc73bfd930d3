// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/definition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace skerry::tool {
namespace {

using nlohmann::json;

// Integers cross gRPC as doubles, which tell them apart up to here.
constexpr double kMaxInteger = 9007199254740992.0;  // 2^53
constexpr std::size_t kMaxNamed = 10;               // unknown parameters in a message
constexpr std::size_t kMaxName = 64;

std::string_view name_of(Parameter::Type type) {
  switch (type) {
    case Parameter::Type::kString:
      return "string";
    case Parameter::Type::kInteger:
      return "integer";
    case Parameter::Type::kNumber:
      return "number";
    case Parameter::Type::kBoolean:
      return "boolean";
    case Parameter::Type::kArray:
      return "array";
    case Parameter::Type::kObject:
      return "object";
  }
  return "string";
}

std::optional<std::int64_t> integer_in(const json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) != number || std::abs(number) > kMaxInteger) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The value as one of the parameter's type; none when it is of another.
std::optional<json> as_type(Parameter::Type type, json value) {
  using Type = Parameter::Type;
  if (type == Type::kInteger) {
    const auto number = integer_in(value);
    return number ? std::optional<json>(*number) : std::nullopt;
  }
  const bool fits =
      (type == Type::kString && value.is_string()) ||
      (type == Type::kNumber && value.is_number() && std::isfinite(value.get<double>())) ||
      (type == Type::kBoolean && value.is_boolean()) ||
      (type == Type::kArray && value.is_array()) || (type == Type::kObject && value.is_object());
  return fits ? std::optional<json>(std::move(value)) : std::nullopt;
}

Result<json> checked(const Parameter& parameter, json value) {
  const char* const given = value.type_name();
  std::optional<json> typed;
  if (!parameter.is_exact || !value.is_string()) typed = as_type(parameter.type, std::move(value));
  if (!typed) {
    return absl::InvalidArgumentError(fmt::format("Parameter '{}' must be of type {}, got {}",
                                                  parameter.name, name_of(parameter.type), given));
  }
  if (!typed->is_number()) return *std::move(typed);
  const auto number = typed->get<double>();
  if (!std::isfinite(number)) {
    return absl::InvalidArgumentError(
        fmt::format("Parameter '{}' must be a finite number", parameter.name));
  }
  if (parameter.minimum && number < *parameter.minimum) {
    return absl::InvalidArgumentError(fmt::format("Parameter '{}' must be at least {}, got {}",
                                                  parameter.name, *parameter.minimum, number));
  }
  if (!parameter.maximum || number <= *parameter.maximum) return *std::move(typed);
  if (parameter.is_capped) return *as_type(parameter.type, json(*parameter.maximum));
  return absl::InvalidArgumentError(fmt::format("Parameter '{}' must be at most {}, got {}",
                                                parameter.name, *parameter.maximum, number));
}

Status check_known(const Definition& definition, const json& given) {
  std::string unknown;
  std::size_t count = 0;
  for (const auto& item : given.items()) {
    const auto& parameters = definition.parameters;
    if (std::any_of(parameters.begin(), parameters.end(),
                    [&](const Parameter& each) { return each.name == item.key(); })) {
      continue;
    }
    if (++count > kMaxNamed) continue;
    unknown += (unknown.empty() ? "" : ", ") + item.key().substr(0, kMaxName);
  }
  if (count == 0) return ok_status();
  if (count > kMaxNamed) unknown += fmt::format(" and {} more", count - kMaxNamed);
  return absl::InvalidArgumentError(
      fmt::format("Unknown parameters for {}: {}", definition.name, unknown));
}

}  // namespace

Result<Arguments> Arguments::check(const Definition& definition, json given) {
  if (!given.is_object()) {
    return absl::InvalidArgumentError("Parameters must be an object of names and values");
  }
  Arguments arguments;
  for (const Parameter& parameter : definition.parameters) {
    const auto found = given.find(parameter.name);
    if (found != given.end() && !(found->is_null() && !parameter.is_required)) {
      SKERRY_ASSIGN(arguments.values_[parameter.name], checked(parameter, std::move(*found)));
    } else if (parameter.is_required) {
      return absl::InvalidArgumentError(
          fmt::format("Required parameter '{}' is missing", parameter.name));
    } else if (!parameter.default_value.is_null()) {
      arguments.values_[parameter.name] = parameter.default_value;
    }
  }
  SKERRY_TRY(check_known(definition, given));
  return arguments;
}

const std::string& Arguments::text(std::string_view name) const {
  return values_.at(name).get_ref<const std::string&>();
}

std::string Arguments::take_text(std::string_view name) {
  return std::move(values_.at(name).get_ref<std::string&>());
}

std::int64_t Arguments::integer(std::string_view name) const {
  return values_.at(name).get<std::int64_t>();
}

Result<std::vector<std::string>> Arguments::take_texts(std::string_view name) {
  std::vector<std::string> texts;
  if (!has(name)) return texts;
  for (json& each : values_.at(name)) {
    if (!each.is_string()) {
      return absl::InvalidArgumentError(
          fmt::format("Parameter '{}' must hold nothing but strings", name));
    }
    texts.push_back(std::move(each.get_ref<std::string&>()));
  }
  return texts;
}

nlohmann::ordered_json schema_of(const Definition& definition) {
  nlohmann::ordered_json schema{{"type", "object"},
                                {"properties", nlohmann::ordered_json::object()},
                                {"required", nlohmann::ordered_json::array()},
                                {"additionalProperties", false}};
  for (const Parameter& parameter : definition.parameters) {
    nlohmann::ordered_json property{{"type", name_of(parameter.type)},
                                    {"description", parameter.description}};
    if (!parameter.default_value.is_null()) property["default"] = parameter.default_value;
    if (parameter.minimum) property["minimum"] = *as_type(parameter.type, *parameter.minimum);
    if (parameter.maximum) property["maximum"] = *as_type(parameter.type, *parameter.maximum);
    if (!parameter.form.is_null()) property.update(parameter.form);
    schema["properties"][parameter.name] = std::move(property);
    if (parameter.is_required) schema["required"].push_back(parameter.name);
  }
  return schema;
}

}  // namespace skerry::tool
