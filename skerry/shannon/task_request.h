// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/base/status.h"
#include "skerry/task/task.h"
#include "skerry/tool/tool.h"

#include "shannon/orchestrator.pb.h"

// What clients ask of tasks, made into checked types. All fail with kInvalidArgument that names
// what does not fit.

namespace skerry::shannon {

/// Bytes of a submission, and of the reason for a cancellation or a pause.
inline constexpr std::size_t kMaxSubmission = std::size_t{40} << 20;
inline constexpr std::size_t kMaxReason = 1000;

/// The body of `POST /api/v1/tasks`. Names it does not know are let be, as clients send more than
/// has a meaning here; what is for the model goes into the context.
Result<task::Submission> submission_of(nlohmann::json body, const access::Principal& caller);
/// Its JSON Schema.
nlohmann::ordered_json submission_schema();

/// The same over gRPC. kUnimplemented for what is refused, rather than left undone.
Result<task::Submission> submission_of(::shannon::orchestrator::SubmitTaskRequest&& request,
                                       const access::Principal& caller);

using Query = std::map<std::string, std::string>;

/// The largest number that an event or a place in a list may have.
inline constexpr std::int64_t kFarthestOffset = INT64_MAX - 1;

/// A number in a query; `otherwise` when it is not there.
Result<std::int64_t> number_in(const Query& query, const char* name, std::int64_t fallback,
                               std::int64_t least, std::int64_t most);
/// "true" or "false" in a query; false when it is not there.
Result<bool> flag_in(const Query& query, const char* name);
/// `limit`, `offset`, `session_id`, `status`.
Result<task::Filter> filter_in(const Query& query);

/// Where to go on, and with which events.
struct Following {
  std::string id;
  std::set<std::string, std::less<>> types = {};  ///< none: all
  std::int64_t after = 0;

  bool wants(std::string_view type) const { return types.empty() || types.contains(type); }
};

/// `workflow_id`, `types`, `last_event_id`; the header of that name goes before the latter.
Result<Following> following_in(const Query& query, const std::string* last_event_id);
Result<Following> following_in(const std::string& id, std::set<std::string, std::less<>> types,
                               std::uint64_t after);

}  // namespace skerry::shannon
