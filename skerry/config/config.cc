// SPDX-License-Identifier: Apache-2.0
#include "skerry/config/config.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "skerry/base/os/file.h"
#include "skerry/config/keys.h"

namespace skerry::config {
namespace {

using nlohmann::json;

constexpr ByteSize kMaxFile = mib(1);
constexpr int kMaxLevels = 32;
constexpr int kMaxNodes = 10'000;  // of one value

const Key* find(std::string_view name) {
  const auto found =
      std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return key.name == name; });
  return found == keys().end() ? nullptr : &*found;
}

/// Whether there are keys below it.
bool is_section(const std::string& name) {
  return std::any_of(keys().begin(), keys().end(), [&](const Key& key) {
    return std::string_view(key.name).starts_with(name + ".");
  });
}

/// A value as keys take it: scalars are text. `left` nodes may follow: an anchor can name itself.
Result<json> value_of(const YAML::Node& node, int level, int& left) {
  if (level > kMaxLevels || --left < 0) {
    return absl::InvalidArgumentError("nested too deep, or too much of it");
  }
  if (node.IsScalar()) return json(node.Scalar());
  json value = json::array();
  if (node.IsSequence()) {
    for (const YAML::Node& each : node) {
      SKERRY_ASSIGN(json item, value_of(each, level + 1, left));
      value.push_back(std::move(item));
    }
    return value;
  }
  if (!node.IsMap()) return json(nullptr);
  value = json::object();
  for (const auto& each : node) {
    if (value.contains(each.first.Scalar())) {
      return absl::InvalidArgumentError(fmt::format("\"{}\" is given twice", each.first.Scalar()));
    }
    SKERRY_ASSIGN(value[each.first.Scalar()], value_of(each.second, level + 1, left));
  }
  return value;
}

/// A file's keys, as the walk finds them.
struct Given {
  std::string key;
  json value;
  int line = 0;
};

/// Finds the keys below `prefix`. Messages begin with the line.
Status walk(const YAML::Node& node, const std::string& prefix, int level,
            std::vector<Given>& given) {
  if (level > kMaxLevels) return absl::InvalidArgumentError("1: nested too deep");
  std::set<std::string> seen;
  for (const auto& each : node) {
    const int line = each.first.Mark().line + 1;
    const auto refuse = [line](const std::string& why) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", line, why));
    };
    if (!each.first.IsScalar()) return refuse("a key must be a text");
    const std::string name = prefix + each.first.Scalar();
    if (!seen.insert(name).second) return refuse(fmt::format("\"{}\" is given twice", name));
    if (find(name) != nullptr) {
      int left = kMaxNodes;
      auto value = value_of(each.second, level, left);
      if (!value.ok()) return refuse(std::string(message_of(value.status())));
      if (value->is_null()) return refuse(fmt::format("\"{}\" has no value", name));
      given.push_back({name, *std::move(value), line});
    } else if (!is_section(name)) {
      return refuse(fmt::format("unknown key \"{}\"; `skerry config` names them all", name));
    } else if (each.second.IsMap()) {
      SKERRY_TRY(walk(each.second, name + ".", level + 1, given));
    } else if (!each.second.IsNull()) {
      return refuse(fmt::format("\"{}\" is a section: expected keys below it", name));
    }
  }
  return ok_status();
}

/// The keys of a file. The library throws what it does not understand.
Status keys_in(const std::string& text, std::vector<Given>& given) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return ok_status();
    if (!root.IsMap()) return absl::InvalidArgumentError("1: expected keys and values");
    return walk(root, "", 0, given);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", error.mark.line + 1, error.msg));
  }
}

/// Two names of one thing in one file.
Status check_twins(const std::vector<Given>& given) {
  const Given* in_ms = nullptr;
  const Given* in_seconds = nullptr;
  for (const Given& each : given) {
    if (each.key == "wasi.execution_timeout_ms") in_ms = &each;
    if (each.key == "wasi.execution_timeout_secs") in_seconds = &each;
  }
  if (in_ms == nullptr || in_seconds == nullptr) return ok_status();
  return absl::InvalidArgumentError(
      fmt::format("{}: \"{}\" contradicts \"{}\" in line {}: give one of them",
                  std::max(in_ms->line, in_seconds->line), in_seconds->key, in_ms->key,
                  std::min(in_ms->line, in_seconds->line)));
}

}  // namespace

std::vector<std::filesystem::path> Config::default_files(const Environment& environment) {
  std::vector<std::filesystem::path> files;
  const auto add_if_there = [&files](const std::filesystem::path& file) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) files.push_back(file);
  };
  add_if_there("config/shannon.yaml");
  if (const auto named = environment("AGENT_CONFIG_PATH")) {
    files.emplace_back(*named);
  } else {
    add_if_there("config/agent.yaml");
  }
  if (const auto named = environment("CONFIG_PATH")) files.emplace_back(*named);
  return files;
}

Result<Config> Config::load(const std::vector<std::filesystem::path>& files,
                            const Environment& environment) {
  Config config;
  for (const auto& file : files) SKERRY_TRY(config.read_file(file));
  SKERRY_TRY(config.read_environment(environment));
  return config;
}

Status Config::set(std::string_view key, const json& value, std::string from) {
  const Key* found = find(key);
  if (found == nullptr) return absl::InvalidArgumentError("unknown key " + std::string(key));
  SKERRY_TRY(found->take(settings_, value));
  from_[std::string(key)] = std::move(from);
  return ok_status();
}

Status Config::read_file(const std::filesystem::path& file) {
  SKERRY_ASSIGN(const std::string text, skerry::read_file(file, kMaxFile));
  std::vector<Given> given;
  if (const Status status = keys_in(text, given); !status.ok()) {
    return absl::InvalidArgumentError(file.native() + ":" + std::string(message_of(status)));
  }
  if (const Status status = check_twins(given); !status.ok()) {
    return absl::InvalidArgumentError(file.native() + ":" + std::string(message_of(status)));
  }
  for (const Given& each : given) {
    const std::string where = fmt::format("{}:{}", file.native(), each.line);
    if (const Status status = set(each.key, each.value, where); !status.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}: {}", where, each.key, message_of(status)));
    }
  }
  return ok_status();
}

Status Config::read_environment(const Environment& environment) {
  for (const Variable& variable : variables()) {
    const auto text = environment(variable.name);
    if (!text || text->empty()) continue;
    json value = variable.before + *text;
    double number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (variable.scale != 1 && error == std::errc() && end == text->data() + text->size()) {
      value = number * variable.scale;
    }
    if (const Status status = set(variable.key, value, variable.name); !status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{} is \"{}\": {}: {}", variable.name, *text,
                                                    variable.key, message_of(status)));
    }
  }
  for (const ForeignVariable& foreign : foreign_variables()) {
    const auto text = environment(foreign.name);
    if (!text || text->empty()) continue;
    notes_.push_back(fmt::format("{} is set and not used: {}", foreign.name, foreign.why));
  }
  return ok_status();
}

std::vector<Config::Effective> Config::effective() const {
  std::vector<Effective> all;
  for (const Key& key : keys()) {
    const auto from = from_.find(std::string_view(key.name));
    all.push_back({.key = key.name,
                   .value = key.show(settings_),
                   .from = from == from_.end() ? "default" : from->second,
                   .is_reloaded = key.is_reloaded});
  }
  return all;
}

}  // namespace skerry::config
