// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "skerry/base/status.h"

namespace skerry::files {

/// Where a client's path leads: to something below the root of a session's files, or of its user's
/// memory. A checked value.
class FilePath {
 public:
  enum class Root { kWorkspace, kMemory };

  /// "a/b", "workspace/a/b" and "/workspace/a/b" are the same file of the workspace; "memory/a" and
  /// "/memory/a" lie in the user's memory. kPermissionDenied for other absolute paths and for "..";
  /// kInvalidArgument for what is not UTF-8, has NUL in it or is longer than 4,096 bytes.
  static Result<FilePath> parse(std::string_view text);
  /// The path from a root on, as `below` gives it. Fails as `parse`.
  static Result<FilePath> parse_below(Root root, std::string_view text);

  Root root() const { return root_; }
  /// From the root on, without empty and "." parts: "a/b"; "." for the root itself.
  const std::string& below() const { return below_; }
  bool is_root() const { return below_ == "."; }
  /// As clients write it: "a/b", "memory/a"; "." for the workspace.
  std::string shown() const;
  /// The last part; empty for a root.
  std::string name() const;

  /// One that the trees themselves have, so that nobody need check it.
  FilePath at(std::string below) const { return {root_, std::move(below)}; }
  FilePath child(std::string_view name) const;

 private:
  FilePath(Root root, std::string below) : root_(root), below_(std::move(below)) {}
  Root root_;
  std::string below_;
};

}  // namespace skerry::files
