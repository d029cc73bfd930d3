// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/operation/request.h"

/// Requests for tests and fuzz targets.
namespace skerry::operation::testing {

inline files::FilePath path(std::string_view text) { return files::FilePath::parse(text).value(); }

/// One of each kind, in the order of `Request`.
inline std::vector<Request> one_of_each() {
  return {
      ReadFile{.path = path("a"), .most = mib(1)},
      WriteFile{.path = path("d/b"), .content = "text", .makes_directories = true},
      ListFiles{.path = path("."), .order = {.pattern = "*", .depth = files::Depth::kAll}},
      RunCommand{.command = Command::parse("cp a memory/b").value()},
      SearchFiles{.path = path("."), .search = {.query = "x", .context = 2}},
      EditFile{.path = path("a"), .old_text = "x", .new_text = "y", .most = mib(1)},
      DeleteFiles{.path = path("."), .pattern = "*.tmp", .depth = files::Depth::kAll},
  };
}

}  // namespace skerry::operation::testing
