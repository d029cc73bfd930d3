// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/tool/definition.h"

namespace skerry::tool {

/// Where modules may lie that callers name by their path.
struct ModuleFiles {
  /// Each with all that lies beneath it. None: no path is taken.
  std::vector<std::filesystem::path> allowed_paths = {};
  /// The interpreter of calls that name none; chosen by who runs the service, so anywhere.
  std::optional<std::filesystem::path> interpreter = {};

  /// kInvalidArgument naming what is not there, or is no directory or regular file.
  Status check() const;
};

/// Fetches the modules that calls bring or name. Confined to the event loop's thread; what takes
/// long is done on threads of its own, which it waits for when it is destroyed.
class ModuleSource {
 public:
  using Module = std::shared_ptr<const std::string>;

  /// Opens the directories: what is put in their place later is not looked at. A failure is
  /// `ModuleFiles::check`'s.
  static Result<std::unique_ptr<ModuleSource>> open(const ModuleFiles& files);
  ~ModuleSource();

  /// Each of these is kInvalidArgument, with the words that clients of the reference know, for what
  /// cannot be had, is larger than 50 MiB, or does not begin as a module does. What a path is
  /// refused for is not said: it would tell what lies outside.
  boost::asio::awaitable<Result<Module>> from_base64(const std::string& text,
                                                     std::string parameter);
  boost::asio::awaitable<Result<Module>> from_path(const std::string& path);
  boost::asio::awaitable<Result<Module>> from_text(std::string text);
  /// The one that is set for calls that bring none.
  boost::asio::awaitable<Result<Module>> interpreter();

 private:
  struct Directory {
    std::filesystem::path as_given;  ///< absolute
    std::filesystem::path path;      ///< without links
    OwnedFd fd;
  };
  ModuleSource(std::vector<Directory> directories, std::optional<std::filesystem::path> interpreter)
      : directories_(std::move(directories)), interpreter_(std::move(interpreter)) {}
  Result<OwnedFd> find(const std::filesystem::path& path) const;
  Result<Module> read(const std::string& path) const;

  const std::vector<Directory> directories_;
  const std::optional<std::filesystem::path> interpreter_;
  boost::asio::thread_pool pool_{2};
};

}  // namespace skerry::tool
