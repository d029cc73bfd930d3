// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "skerry/base/status.h"
#include "skerry/tool/run_report.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// What a run comes to as the result of a tool: its standard output as the output, in metadata
/// everything else there is to tell. `failure` begins the error of a run that did not succeed;
/// what it wrote to standard error follows.
ToolResult result_of(RunReport report, std::string_view failure);

/// The result where there was no run.
ToolResult result_of(const Status& why);

}  // namespace skerry::tool
