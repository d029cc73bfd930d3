// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/session/sessions.h"

namespace skerry::api {

/// Adds `/v1/sessions…`: what there is to do with sessions besides running in them. `sessions` must
/// outlive the router.
void add_session_routes(session::Sessions& sessions, loop::Pool& pool, http::Router& router);

}  // namespace skerry::api
