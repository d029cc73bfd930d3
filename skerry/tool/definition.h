// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::tool {

/// What a tool takes under one name.
struct Parameter {
  enum class Type { kString, kInteger, kNumber, kBoolean, kArray, kObject };

  std::string name;
  Type type = Type::kString;
  std::string description = {};
  bool is_required = false;
  nlohmann::json default_value = {};  ///< null: none
  std::optional<double> minimum = {};
  std::optional<double> maximum = {};
  bool is_capped = false;            ///< what is above `maximum` counts as that, and is no error
  bool is_exact = false;             ///< numeric text does not count as an integer
  nlohmann::ordered_json form = {};  ///< more of its JSON Schema: what the tool itself checks
};

/// What a tool says about itself: to people, to models, to the check of its arguments.
struct Definition {
  std::string name;
  std::string version;      ///< "2.0.0"
  std::string description;  ///< models read it, too
  std::string category;     ///< "code"; lists of tools can be narrowed to some
  std::vector<Parameter> parameters;
  std::vector<std::string> tags = {};
  /// Models are offered the tool only where a request names it; lists can leave it out.
  bool is_dangerous = false;
  // Clients are told these three, and nothing enforces them. The tool itself keeps to its limits.
  bool is_sandboxed = true;          ///< no call runs code outside a sandbox
  std::chrono::seconds timeout{30};  ///< the longest that a call takes
  int memory_mb = 256;               ///< the most that a call takes
  /// By each key, or by each tenant without keys; the toolbox refuses what is above. 0: not
  /// limited.
  int calls_per_minute = 0;
  double cost_usd = 0;                        ///< of one call
  std::vector<nlohmann::json> examples = {};  ///< arguments that show what it is for
};

/// Arguments that a definition has checked: exactly its parameters, those left out with their
/// defaults. A parameter without a default may be missing.
class Arguments {
 public:
  /// kInvalidArgument naming what is missing, unknown, of the wrong type or out of its bounds.
  /// Integral numbers and numeric text count as integers, as Shannon's clients expect.
  static Result<Arguments> check(const Definition& definition, nlohmann::json given);

  bool has(std::string_view name) const { return values_.contains(name); }
  /// Whether there is a text under this name that is not empty: models send empty ones for what
  /// they leave out.
  bool has_text(std::string_view name) const { return has(name) && !text(name).empty(); }
  /// The value of a parameter of that type, which must be there.
  const std::string& text(std::string_view name) const;
  /// The same, moved out: a text may have 70 MiB, which takes tens of milliseconds to copy.
  std::string take_text(std::string_view name);
  std::int64_t integer(std::string_view name) const;
  /// Moves the texts out of a list; none where there is no list. kInvalidArgument when it holds
  /// others.
  Result<std::vector<std::string>> take_texts(std::string_view name);
  const nlohmann::json& value(std::string_view name) const { return values_.at(name); }
  /// All of them, by name.
  const nlohmann::json& all() const { return values_; }

 private:
  nlohmann::json values_ = nlohmann::json::object();
};

/// The parameters as JSON Schema: an object, with nothing besides them.
nlohmann::ordered_json schema_of(const Definition& definition);

}  // namespace skerry::tool
