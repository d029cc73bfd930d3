// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "skerry/access/audit_log.h"
#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/session/sessions.h"
#include "skerry/shannon/gateway/session_view.h"
#include "skerry/task/tasks.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::shannon {

/// What the gateway's routes of sessions and files work with; all of it must outlive the router.
struct SessionApi {
  loop::Pool& pool;
  session::Sessions& sessions;
  task::Tasks& tasks;
  workspace::FileCalls& files;
  access::AuditLog& audit;
  std::chrono::seconds time_to_live;  ///< of a session's state that nobody uses
};

/// The session of this name, of the caller's tenant. kNotFound "Session not found" when it has
/// neither state nor tasks; kInvalidArgument for a name that is none; else as the stores do.
boost::asio::awaitable<Result<SessionView>> find_session(const SessionApi& api,
                                                         access::Principal caller,
                                                         std::string name);

/// Adds `/api/v1/sessions…` but for their files.
void add_session_routes(const SessionApi& api, http::Router& router);

/// Adds `/api/v1/sessions/{session}/files…` and `/api/v1/memory/files…`.
void add_file_routes(const SessionApi& api, http::Router& router);

}  // namespace skerry::shannon
