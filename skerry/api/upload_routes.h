// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/upload/uploads.h"

namespace skerry::api {

/// Adds `/v1/files…`: files that wait for runs, and those that runs left. Both must outlive the
/// router.
void add_upload_routes(upload::Uploads& uploads, loop::Pool& pool, http::Router& router);

}  // namespace skerry::api
