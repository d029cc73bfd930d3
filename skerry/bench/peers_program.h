// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"

namespace skerry::bench {

/// The bench whose program is in Python, `bench/peers/peers.py` of the source tree, not `measure`.
inline constexpr const char* kPeersBench = "peers";

enum class PeersReport { kTable, kJson };

/// Becomes that program, in the environment that `make bench-peers` installed. Returns only why it
/// did not: kFailedPrecondition, with what to do, outside of a source tree or without the peers.
Status become_peers_program(PeersReport report);

}  // namespace skerry::bench
