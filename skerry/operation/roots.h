// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/files/file_path.h"

namespace skerry::operation {

/// The roots that an operation works on, of a session's workspace and its user's memory.
struct Roots {
  bool workspace = false;
  bool memory = false;

  static Roots of(files::FilePath::Root root) {
    const bool is_memory = root == files::FilePath::Root::kMemory;
    return {.workspace = !is_memory, .memory = is_memory};
  }
  void add(Roots other) {
    workspace = workspace || other.workspace;
    memory = memory || other.memory;
  }
};

}  // namespace skerry::operation
