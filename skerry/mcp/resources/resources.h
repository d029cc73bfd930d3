// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/loop/pool.h"
#include "skerry/mcp/resources/kept_images.h"
#include "skerry/mcp/server.h"
#include "skerry/session/sessions.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::mcp {

/// What resources are read from. All must outlive the server that has them.
struct ResourceSources {
  session::Sessions& sessions;
  workspace::FileCalls& files;
  const KeptImages& images;
  loop::Pool& pool;  ///< where large files become text
};

/// Adds `resources/list`, `resources/templates/list` and `resources/read`: files and histories of
/// the caller's sessions, and images that its runs showed. Each asks for the permission to run.
void add_resources(Server& server, const ResourceSources& sources);

}  // namespace skerry::mcp
