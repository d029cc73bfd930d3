// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"

// The lines of logs: one JSON object each.

namespace skerry::access {

/// Now, as "2026-01-31T12:00:00.000Z".
std::string log_time();

/// Something that was done on a principal's behalf. The texts are borrowed for a call; names that
/// callers chose may have any length and are cut.
struct AuditEvent {
  std::string_view action;        ///< "call", "session.export", "file.write"
  std::string_view tool = {};     ///< of a call
  std::string_view object = {};   ///< what else it was done to: a fork's name, a path
  std::string_view outcome = {};  ///< "ok", "failed", "unauthenticated"
  std::chrono::nanoseconds took{0};
};

/// The line of an event: who, what and how it ended; never code, input, output or keys.
nlohmann::ordered_json audit_line(const Principal& principal, const AuditEvent& event);

}  // namespace skerry::access
