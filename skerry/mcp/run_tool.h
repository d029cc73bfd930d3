// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/api/run_order.h"
#include "skerry/mcp/tool.h"
#include "skerry/tool/runs.h"

namespace skerry::mcp {

/// `run_python`: a run as `/v1/run` has it, whose output is its progress. `rules` are the
/// service's; `runs` must outlive the tool.
Tool run_tool(tool::Runs& runs, const api::RunRules& rules);

}  // namespace skerry::mcp
