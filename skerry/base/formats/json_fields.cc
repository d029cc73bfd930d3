// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_fields.h"

namespace skerry {

using nlohmann::json;

const json* field(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Status must_be(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError(name + " must be " + what);
}

std::string text_at(const json& object, const char* name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::string> text_field(const json& object, const char* name) {
  const json* found = field(object, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return must_be(name, "a text");
  return found->get<std::string>();
}

Result<bool> bool_field(const json& object, const char* name) {
  const json* found = field(object, name);
  if (found == nullptr) return false;
  if (!found->is_boolean()) return must_be(name, "true or false");
  return found->get<bool>();
}

}  // namespace skerry
