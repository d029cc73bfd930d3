// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/files/file_path.h"
#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::api {

/// A file's bytes, or those that a Range header asks for, as the type that its name tells.
http::Response content_response(const http::Request& request, const files::FilePath& path,
                                std::string content);

/// Adds `/v1/sessions/{session}/files…`, `…/archive` and `…/move`: the files of a session, as
/// bytes. Both must outlive the router.
void add_file_routes(workspace::FileCalls& files, loop::Pool& pool, http::Router& router);

}  // namespace skerry::api
