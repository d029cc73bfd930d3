// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "skerry/mcp/tool.h"
#include "skerry/session/sessions.h"

namespace skerry::mcp {

/// `session_list`, `session_log`, `session_checkpoint`, `session_rewind`, `session_fork` and
/// `session_diff`: as `/v1/sessions` has them. `sessions` must outlive the tools.
std::vector<Tool> session_tools(session::Sessions& sessions);

}  // namespace skerry::mcp
