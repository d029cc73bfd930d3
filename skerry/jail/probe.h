// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/jail/wall.h"

namespace skerry::jail {

/// Whether one wall stands on this host.
struct WallFinding {
  Wall wall;
  Status state;      ///< OK, or what the host answered
  std::string mend;  ///< what an operator can do about it; empty when it stands
};

/// The finding that `state` is of `wall`, with its remedy.
WallFinding finding_of(Wall wall, Status state);

/// Which walls stand, in the order of `kWalls`. A value.
struct WallReport {
  std::vector<WallFinding> findings;

  /// What to hand to `spawn`.
  WallSet standing() const;

  /// Puts `finding` in the place of what was found of its wall.
  void replace(const WallFinding& finding);

  /// kFailedPrecondition unless all of `walls` stand; names each that does not, why, and how to
  /// mend it.
  Status require(WallSet walls) const;
};

/// Tries every wall in a process of its own that ends at once; changes nothing. The control group
/// is looked at only: it stands when a service that is started as this process was would have
/// groups to give. Takes about 30 ms. Call it from a process with one thread.
WallReport probe_walls();

/// What `attempt` returns for all walls but `left_out`; where that `is_refusal` of the host's, for
/// those of them that stand here. Asking takes longer than a small run: it is done only then.
template <typename Attempt, typename IsRefusal>
auto within_standing_walls(WallSet left_out, const Attempt& attempt, const IsRefusal& is_refusal)
    -> decltype(attempt(left_out)) {
  const WallSet all = WallSet::all().without(left_out);
  auto result = attempt(all);
  if (!is_refusal(result)) return result;
  const WallSet standing = probe_walls().standing().without(left_out);
  if (standing == all) return result;
  return attempt(standing);
}

}  // namespace skerry::jail
