// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "skerry/base/status.h"
#include "skerry/runtime/runtime.h"

namespace skerry::runtime {

/// Parts of runtimes that a package brings along with the programs: a directory for each runtime,
/// which may hold some of its parts or none. Nothing is written there. A value. Const calls may run
/// concurrently.
class ShippedParts {
 public:
  /// None.
  ShippedParts() = default;
  /// Those in `directory`, which need not exist.
  explicit ShippedParts(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// Those of the running program: `../share/skerry/runtimes` of the directory that it lies in, as
  /// packages have it.
  static ShippedParts of_program();

  std::filesystem::path of(std::string_view runtime) const { return directory_ / runtime; }
  bool has(std::string_view runtime, const Part& part) const;

  /// Puts a copy of the part into the directory `to`, sealed, in place of what is there. kDataLoss
  /// when what was shipped is not the pinned part: then `to` is as it was.
  Status copy(std::string_view runtime, const Part& part, const std::filesystem::path& to) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace skerry::runtime
