// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/config/settings.h"

namespace skerry::config {

/// One thing that can be told: how it is called, checked and shown.
struct Key {
  const char* name;  ///< "wasi.memory_limit_bytes"
  /// Takes a value as it is given: text (also for numbers), a list or an object. Its message says
  /// what was expected.
  std::function<Status(Settings&, const nlohmann::json&)> take;
  std::function<nlohmann::json(const Settings&)> show;
  bool is_reloaded = false;
};

/// A variable of the environment that stands for a key.
struct Variable {
  const char* name;
  const char* key;
  double scale = 1;         ///< what its number is multiplied with
  const char* before = "";  ///< what its text is put behind
};

/// A variable that means something to the reference, and nothing here.
struct ForeignVariable {
  const char* name;
  const char* why;
};

const std::vector<Key>& keys();
const std::vector<Variable>& variables();
const std::vector<ForeignVariable>& foreign_variables();
/// Those of the language model.
std::vector<Key> model_keys();

}  // namespace skerry::config
