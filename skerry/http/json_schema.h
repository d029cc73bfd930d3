// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

/// JSON Schemas of what routes take and answer.
namespace skerry::http {

inline nlohmann::ordered_json text_schema() { return {{"type", "string"}}; }
inline nlohmann::ordered_json integer_schema() { return {{"type", "integer"}}; }
inline nlohmann::ordered_json boolean_schema() { return {{"type", "boolean"}}; }
inline nlohmann::ordered_json object_schema() { return {{"type", "object"}}; }
inline nlohmann::ordered_json list_schema(nlohmann::ordered_json of) {
  return {{"type", "array"}, {"items", std::move(of)}};
}
inline nlohmann::ordered_json count_schema() { return {{"type", "integer"}, {"minimum", 0}}; }
/// A whole number in a query, which may be left out.
inline nlohmann::ordered_json range_schema(std::int64_t least, std::int64_t most,
                                           std::int64_t fallback) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}, {"default", fallback}};
}
/// What `schema` describes, or null.
inline nlohmann::ordered_json nullable(nlohmann::ordered_json schema) {
  schema["type"] = {schema["type"], "null"};
  if (const auto words = schema.find("enum"); words != schema.end()) words->push_back(nullptr);
  return schema;
}
inline nlohmann::ordered_json object_of(nlohmann::ordered_json properties,
                                        std::vector<std::string> required) {
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

}  // namespace skerry::http
