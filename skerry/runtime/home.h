// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::runtime {

/// Where everything that outlives a run lies: $SKERRY_HOME, by default `skerry` in the XDG data
/// folder. A value.
struct Home {
  std::filesystem::path root;

  /// From the environment: SKERRY_HOME, XDG_DATA_HOME, HOME. kFailedPrecondition when none is set.
  static Result<Home> from_environment();

  /// Of the runtime with this name: what it is made of.
  std::filesystem::path parts(std::string_view runtime) const {
    return root / "runtimes" / runtime;
  }
  std::filesystem::path native_cache() const { return root / "native"; }
  std::filesystem::path module_cache() const { return root / "modules"; }
  std::filesystem::path templates() const { return root / "templates"; }
  std::filesystem::path store() const { return root / "store"; }
  std::filesystem::path keys() const { return root / "keys.json"; }
  std::filesystem::path logs() const { return root / "logs"; }
  std::filesystem::path tasks() const { return root / "tasks"; }
  std::filesystem::path uploads() const { return root / "uploads"; }
  std::filesystem::path lock() const { return root / "setup.lock"; }
};

}  // namespace skerry::runtime
