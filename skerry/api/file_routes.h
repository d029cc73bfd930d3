// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::api {

/// Adds `/v1/sessions/{session}/files…`, `…/archive` and `…/move`: the files of a session, as
/// bytes. Both must outlive the router.
void add_file_routes(workspace::FileCalls& files, loop::Pool& pool, http::Router& router);

}  // namespace skerry::api
