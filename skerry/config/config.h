// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/config/settings.h"

namespace skerry::config {

/// What the service is told, and by whom: defaults, then files in their order, then the
/// environment, then the command line. A value.
class Config {
 public:
  /// The value of a variable; none when it is not set.
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  /// kInvalidArgument with file and line, or the variable's name, for a key that is unknown, given
  /// twice, out of its bounds, in contradiction to another, or that asks for what a sandbox cannot
  /// grant; kNotFound for a file that is not there.
  static Result<Config> load(const std::vector<std::filesystem::path>& files,
                             const Environment& environment);

  /// The files that are read where nobody names one: `config/shannon.yaml`, then
  /// `AGENT_CONFIG_PATH` or else `config/agent.yaml`, then `CONFIG_PATH`. Those that are named by a
  /// variable must be there.
  static std::vector<std::filesystem::path> default_files(const Environment& environment);

  /// Sets one key; `from` says who does: "--workers". Fails as `load` does.
  Status set(std::string_view key, const nlohmann::json& value, std::string from);

  const Settings& settings() const { return settings_; }

  /// A line for each variable that is set and means nothing here: which, and why.
  const std::vector<std::string>& notes() const { return notes_; }

  /// One key with the value that it has.
  struct Effective {
    std::string key;
    nlohmann::json value;
    std::string from;  ///< "default", "config/agent.yaml:12", "WASI_MEMORY_LIMIT_MB", "--workers"
    bool is_reloaded = false;  ///< whether SIGHUP can change it
  };
  /// All keys, in the order of the document.
  std::vector<Effective> effective() const;

 private:
  Status read_file(const std::filesystem::path& file);
  Status read_environment(const Environment& environment);

  Settings settings_;
  std::vector<std::string> notes_;
  std::map<std::string, std::string, std::less<>> from_;  // by key; none: default
};

}  // namespace skerry::config
