// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

// Readers of an object's fields. A field that is null counts as absent. Errors are
// kInvalidArgument and name the field.

namespace skerry {

/// The field; null when it is absent. Points into `object`.
const nlohmann::json* field(const nlohmann::json& object, const char* name);

/// kInvalidArgument: "NAME must be WHAT".
Status must_be(const std::string& name, const std::string& what);

/// A text; empty when it is absent or no text.
std::string text_at(const nlohmann::json& object, const char* name);

/// A text; empty when it is absent.
Result<std::string> text_field(const nlohmann::json& object, const char* name);

/// True or false; false when it is absent.
Result<bool> bool_field(const nlohmann::json& object, const char* name);

}  // namespace skerry
