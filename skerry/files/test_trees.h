// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/files/tree.h"
#include "skerry/wasi/files/host_files.h"

namespace skerry::files {

/// Trees for tests: a root as the runtime lays it out, and a user's memory if there is to be one.
class TestTrees final : public Trees {
 public:
  enum class Memory { kNone, kThere };
  explicit TestTrees(Memory with = Memory::kNone) : memory_(with) {
    lay_out(files);
    lay_out(memory_files);
  }

  Result<Tree*> tree(FilePath::Root root) override {
    if (root == FilePath::Root::kWorkspace) return &workspace;
    if (memory_ == Memory::kNone) return absl::PermissionDeniedError("no user_id was given");
    return &memory;
  }

  /// As a guest would leave it.
  void add(const std::string& path, std::string_view content) {
    (void)wasi::add_file(files, "/" + path, as_bytes(content));
  }
  void add_link(const std::string& path, std::string_view target) {
    (void)wasi::add_symlink(files, "/" + path, target);
  }
  std::string content(const std::string& path) {
    return workspace.read(path, mib(1)).value_or("nothing");
  }
  bool has(const std::string& path) { return workspace.find_itself(path).ok(); }

  wasi::FileSystem files;
  wasi::FileSystem memory_files;
  Tree workspace{files, wasi::Nanoseconds(1'000'000'000)};
  Tree memory{memory_files, wasi::Nanoseconds(1'000'000'000)};

 private:
  static void lay_out(wasi::FileSystem& files) {
    (void)wasi::make_directory(files, "/tmp");
    (void)wasi::make_directory(files, "/usr", {.access = wasi::Access::kReadOnly});
    (void)wasi::add_symlink(files, "/workspace", ".");
  }
  Memory memory_;
};

}  // namespace skerry::files
