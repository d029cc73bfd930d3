// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/api/run_order.h"
#include "skerry/mcp/resources/kept_images.h"
#include "skerry/mcp/tool.h"
#include "skerry/tool/runs.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::mcp {

/// What a run is made of, and where clients can read what is too large for its answer. All must
/// outlive the tool.
struct RunSources {
  tool::Runs& runs;
  workspace::FileCalls& files;
  KeptImages& images;
};

/// `run_python`: a run as `/v1/run` has it, whose output is its progress. `rules` are the
/// service's.
Tool run_tool(const RunSources& sources, const api::RunRules& rules);

}  // namespace skerry::mcp
