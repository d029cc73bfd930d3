// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/jail/cgroup.h"
#include "skerry/runtime/home.h"

namespace skerry::broker {

/// How many workers there are, and who may have them. `check` has the bounds.
struct Options {
  std::filesystem::path zygote;  ///< the program `skerry-zygote`
  runtime::Home home;
  /// What the largest template brings into memory: a run may write all of it.
  ByteSize template_memory = bytes(0);
  int workers = 16;  ///< processes at most; 1 to 1,024. More than cores: a long run stops nobody
  int spares = 2;    ///< of them, kept warm and nobody's; 1 to `workers`
  /// Workers that one tenant may hold, at most `workers`; 0: three in four while it is alone, and
  /// of what others leave.
  int share = 0;
  int queue = 64;              ///< runs of one tenant that may wait; 0 to 100,000
  bool require_walls = false;  ///< no start where the host refuses a wall of the jail
  /// What to make workers' control groups in, divided already; none: workers have none.
  std::optional<jail::ControlGroups> groups = {};
  std::chrono::milliseconds idle{60'000};  ///< after which a tenant's idle worker is let go

  /// kInvalidArgument naming what is out of its bounds.
  Status check() const;
};

}  // namespace skerry::broker
