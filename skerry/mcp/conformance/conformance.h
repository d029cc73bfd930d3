// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/mcp/server.h"

namespace skerry::mcp {

/// Adds the tools, prompts and resources that the protocol's official conformance suite expects to
/// find: content of every kind, questions to the client, errors. None of them does anything.
void add_conformance_fixtures(Server& server);

}  // namespace skerry::mcp
