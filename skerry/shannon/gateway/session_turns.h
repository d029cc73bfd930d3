// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/task/session_tasks.h"

// What happened in a session, as Shannon's gateway tells of it. Texts may be megabytes: this is not
// for the event loop.

namespace skerry::shannon {

/// All tasks of a session, oldest first.
nlohmann::ordered_json session_history_json(std::string_view session, const task::Turns& turns);
nlohmann::ordered_json session_history_schema();

/// What to tell of turns: the first one's number, and whether events have their payloads.
struct TurnsView {
  std::int64_t first = 1;
  bool has_payloads = false;
  std::int64_t now_unix_ns = 0;
};

/// Some turns of a session, each with its events.
nlohmann::ordered_json session_turns_json(std::string_view session, const task::Turns& turns,
                                          const TurnsView& view);
nlohmann::ordered_json session_turns_schema();

}  // namespace skerry::shannon
