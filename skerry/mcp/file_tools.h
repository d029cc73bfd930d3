// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "skerry/mcp/tool.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::mcp {

/// `files_list`, `files_read` and `files_write`: files of a session, between its runs. `files` must
/// outlive the tools.
std::vector<Tool> file_tools(workspace::FileCalls& files);

}  // namespace skerry::mcp
