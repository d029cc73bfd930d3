// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/store/session_info.h"
#include "skerry/task/session_tasks.h"

// A session as Shannon's gateway tells of it: the state that runs left, and the tasks filed under
// its name. Either may be missing.

namespace skerry::shannon {

/// One session. A value.
struct SessionView {
  std::optional<store::SessionInfo> state = {};  ///< none: nothing ran in it, or that has expired
  task::TaskSession tasks;                       ///< with the session's name

  /// The earliest and the latest that is known of it.
  std::int64_t created_unix_ns() const;
  std::int64_t active_unix_ns() const;
};

/// All sessions of a tenant, last used first. A title from before a session's state was made
/// belonged to an earlier one of that name, and is left out, unless tasks kept the session.
std::vector<SessionView> views_of(std::vector<store::SessionInfo> states,
                                  std::vector<task::TaskSession> tasks);

/// Who asks and when, and how long a state that nobody uses is kept.
struct Viewpoint {
  std::string user;
  std::int64_t now_unix_ns = 0;
  std::chrono::seconds time_to_live{0};
};

/// Who a caller is to Shannon's clients: the user that it names, else its key, else "default".
std::string user_of(const access::Principal& caller);

/// A session in a list.
nlohmann::ordered_json session_summary_json(const SessionView& session, const Viewpoint& from);
nlohmann::ordered_json session_summary_schema();

/// One session.
nlohmann::ordered_json session_json(const SessionView& session, const Viewpoint& from);
nlohmann::ordered_json session_schema();

}  // namespace skerry::shannon
