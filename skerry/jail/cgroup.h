// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/fd.h"
#include "skerry/base/status.h"

namespace skerry::jail {

/// What the processes of one control group may use together.
struct GroupLimits {
  ByteSize memory;                 ///< pages, the kernel's own for it included; no swap
  std::uint32_t cpu_weight = 100;  ///< share of a busy core against its neighbours; 1 to 10,000
  /// Processor time in thousandths of a core; none: as much as is idle.
  std::optional<std::uint32_t> cpu_millicores;
  std::uint32_t processes = 1;  ///< threads count, too
};

/// A control group (version 2) for one worker. Destroying it kills what is in it and removes it; a
/// group whose processes are not reaped yet stays behind, empty, and is taken over by the next of
/// its name. Confined to one thread.
class ControlGroup {
 public:
  ControlGroup(ControlGroup&&) noexcept = default;
  ControlGroup& operator=(ControlGroup&&) = delete;
  ~ControlGroup();

  /// Its directory, for `Placement::cgroup`.
  int fd() const { return directory_.get(); }

  Status set_limits(const GroupLimits& limits);

  /// How often the kernel has killed in it for want of memory: what tells that SIGKILL from others.
  Result<std::uint64_t> memory_kills() const;

 private:
  friend class ControlGroups;
  ControlGroup(std::filesystem::path path, OwnedFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  Status write(std::string_view file, std::string_view text);
  std::filesystem::path path_;
  OwnedFd directory_;
};

/// The part of the host's control groups that is this service's own: delegated by systemd
/// (`Delegate=yes`), a container's, or root's. Confined to one thread.
class ControlGroups {
 public:
  /// This process's own group. kUnavailable when version 2 does not have memory and processor time
  /// here, or the group is not ours to divide.
  static Result<ControlGroups> own();

  /// A group's directory, as it is: for tests.
  static ControlGroups at(std::filesystem::path directory);

  /// Moves this process into a group "service" beside the workers' and turns the controllers on for
  /// them: a group that divides may hold no process itself. kUnavailable when others are in it.
  Status divide();

  /// Makes the group `name`, one path component.
  Result<ControlGroup> create(std::string_view name, const GroupLimits& limits);

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ControlGroups(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace skerry::jail
