// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/status.h"
#include "skerry/engine/engine.h"
#include "skerry/engine/limited_process.h"

namespace skerry::engine {

/// Native code on disk, compiled once and mapped by every process. Lies in a directory that only
/// its owner may write, under names that we compute: the module's hash and the engine's
/// fingerprint. Confined to one thread; several processes may use one directory.
class NativeCache {
 public:
  /// Told how far compiling has come, 0 to 1, several times a second. An estimate from processor
  /// time.
  using Progress = std::function<void(double)>;

  /// Makes the directory if need be. kPermissionDenied when others may write in it.
  static Result<NativeCache> open(const std::filesystem::path& directory);

  /// Where the code of the module with this SHA-256 lies, or would.
  std::filesystem::path path_of(const std::string& module_sha256, Metering metering) const;

  /// kNotFound when it is not there, kDataLoss when it is damaged.
  Status check(const std::string& module_sha256, Metering metering, SealedFile::Depth depth) const;

  /// Compiles `module` in a process of its own, within `budget`, and stores the code.
  /// kInvalidArgument when the module is not valid; kResourceExhausted when the budget did not do.
  Status compile(std::span<const std::byte> module, const std::string& module_sha256,
                 Metering metering, const CompileBudget& budget, const Progress& progress) const;

  /// Maps code that `check` finds good. Damaged code is removed, and reported as kDataLoss.
  Result<std::shared_ptr<const CompiledModule>> load(Engine& engine,
                                                     const std::string& module_sha256) const;

  /// The code that `check` finds good, open for reading: for a process that is to map it and may
  /// open nothing. Damaged code is removed, and reported as kDataLoss.
  Result<OwnedFd> open_code(const std::string& module_sha256, Metering metering) const;

  /// Removes the oldest code until what is left takes at most `size`.
  void prune(ByteSize size) const;

 private:
  Status check_or_remove(const std::filesystem::path& path) const;
  explicit NativeCache(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path directory_;
};

}  // namespace skerry::engine
