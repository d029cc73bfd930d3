// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/status.h"
#include "skerry/runtime/blobs.h"
#include "skerry/runtime/home.h"

namespace skerry::runtime {

/// The fact of an image's manifest that names the template it was added to.
inline constexpr std::string_view kBaseFact = "base";

/// A package in a template, as it was fetched.
struct LockedPackage {
  std::string name;
  std::string version;
  std::string file;
  std::string sha256;
  bool operator==(const LockedPackage&) const = default;
};

/// What a template was built of. Stored beside it as JSON. A value.
struct TemplateLock {
  std::string name;
  std::string base;                     ///< the template that it was added to
  std::string base_id;                  ///< the recipe of that, as it was then
  std::vector<LockedPackage> packages;  ///< in the order of their names
  std::string program_sha256;           ///< of the program that was run in it; empty: none
  std::string command;                  ///< builds it again
  std::int64_t created_unix = 0;

  /// SHA-256 of all that shapes the template: not of when and how it was asked for.
  std::string id() const;
  std::string to_json() const;
  /// kDataLoss when the text is no lock.
  static Result<TemplateLock> parse(std::string_view text);
};

/// The templates of a Home that were built of others by adding packages: each a directory that is
/// named by its id, with the image, the packages' files and the lock; and a name that refers to it.
/// A value: all is derived from files. Const calls may run concurrently, in several processes;
/// `keep`, `remove` and `collect` only by who holds the lock of `begin`.
class BuiltTemplates {
 public:
  explicit BuiltTemplates(const Home& home) : home_(home) {}

  /// kInvalidArgument unless it is a name as sessions have.
  static Status check_name(std::string_view name);

  /// All names, sorted.
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;

  /// Of what `name` refers to now; a path that is not there when it refers to nothing.
  std::filesystem::path image_file(std::string_view name) const;
  /// kNotFound when there is no such template, kDataLoss when its lock is damaged.
  Result<TemplateLock> lock_of(std::string_view name) const;

  /// The packages' files of all templates, those included that sessions still rest on.
  std::vector<std::filesystem::path> file_directories() const;

  /// Waits until nobody else builds or removes, and calls `wait` before it has to; then removes
  /// what an interrupted build left.
  Result<FileLock> begin(const std::function<void()>& wait = {}) const;
  /// An empty directory to build in, which `keep` takes.
  Result<std::filesystem::path> work_directory() const;
  static std::filesystem::path image_in(const std::filesystem::path& directory);
  /// Makes what was built in `work` the template `lock.name`: at once and whole.
  Status keep(const std::filesystem::path& work, const TemplateLock& lock) const;
  /// kNotFound when there is no such template.
  Status remove(std::string_view name) const;

 private:
  std::filesystem::path objects() const { return home_.templates() / "objects"; }
  std::filesystem::path named() const { return home_.templates() / "named"; }
  void collect() const;

  Home home_;
};

}  // namespace skerry::runtime
