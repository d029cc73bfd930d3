// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/home.h"

#include <cstdlib>

namespace skerry::runtime {
namespace {

const char* value_of(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Result<Home> Home::from_environment() {
  if (const char* home = value_of("SKERRY_HOME")) return Home{std::filesystem::absolute(home)};
  if (const char* data = value_of("XDG_DATA_HOME")) {
    return Home{std::filesystem::path(data) / "skerry"};
  }
  if (const char* user = value_of("HOME")) {
    return Home{std::filesystem::path(user) / ".local" / "share" / "skerry"};
  }
  return absl::FailedPreconditionError(
      "set SKERRY_HOME to a directory for runtimes and templates (HOME is not set)");
}

}  // namespace skerry::runtime
