// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry::jail {

/// What the processes of one control group may use together. A value.
struct GroupLimits {
  ByteSize memory;                 ///< pages, the kernel's own for it included; no swap
  std::uint32_t cpu_weight = 100;  ///< share of a busy core against its neighbours; 1 to 10,000
  std::uint32_t processes = 1;     ///< threads count, too
};

/// A control group (version 2) for one process after another. Destroying it kills what is in it,
/// waits up to 0.1 s for its end and removes it; should it last longer, the next
/// `ControlGroups::divide` removes it. Confined to one thread.
class ControlGroup {
 public:
  ControlGroup(ControlGroup&&) noexcept = default;
  ControlGroup& operator=(ControlGroup&&) noexcept;
  ~ControlGroup();

  /// Its directory, for `Placement::cgroup`.
  int fd() const { return directory_.get(); }

  /// All limits at once, for a new process: also after `yield_processor`. What runs out of memory
  /// ends as a whole.
  Status set_limits(const GroupLimits& limits);

  /// Another memory limit, for a process that lives. Only ever raise it: the kernel would reclaim
  /// what is above a lower one while the caller waits, and kill when it finds nothing.
  Status raise_memory(ByteSize limit);

  /// From now on its processes run only when no other process wants the processor.
  Status yield_processor();

  /// Memory that it holds now, caches of files included.
  Result<ByteSize> memory_held() const;

  /// Since it was made, whoever was in it.
  struct MemoryEvents {
    std::uint64_t limit_hits = 0;  ///< it needed more than its own limit
    std::uint64_t kills = 0;  ///< processes ended for want of memory, its own or all the host's
  };
  Result<MemoryEvents> memory_events() const;

 private:
  friend class ControlGroups;
  ControlGroup(std::filesystem::path path, OwnedFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  Status write(std::string_view file, std::string_view text) const;
  void remove();

  std::filesystem::path path_;
  OwnedFd directory_;
};

/// The part of the host's control groups that is this service's own: delegated by systemd
/// (`Delegate=yes`), or a container's. A value; const calls may run concurrently.
class ControlGroups {
 public:
  /// The group that this process was started in. kUnavailable, with the reason, when version 2 does
  /// not have memory, processors and processes here; when the group is the host's own or others are
  /// in it, too; or when we may not write in it.
  static Result<ControlGroups> own();

  /// A group's directory, as it is: for tests.
  static ControlGroups at(std::filesystem::path directory);

  /// How much of the hierarchy this process sees: a container's begins at its own group.
  enum class View { kPart, kWhole };
  /// What `own` asks of the group at `directory`. kUnavailable when it may not be divided.
  static Status check(const std::filesystem::path& directory, View view);

  /// Moves what is in the group into one named "service" beside the workers' and turns the
  /// controllers on for them: a group that divides may hold no process itself. Removes what an
  /// earlier service has left. kUnavailable when the kernel refuses.
  Status divide() const;

  /// How the names of groups begin that `create` makes and `divide` may remove.
  static constexpr std::string_view kPrefix = "skerry-";

  /// Makes the group `name`, one path component that begins with `kPrefix`.
  Result<ControlGroup> create(std::string_view name, const GroupLimits& limits) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ControlGroups(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace skerry::jail
