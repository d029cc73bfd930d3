// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/run/message_json.h"
#include "skerry/store/session_store.h"
#include "skerry/v1/skerry.pb.h"

/// Sessions as the command line and the service tell them: docs/outcomes.md has the keys.
namespace skerry::session {

v1::Session proto_of(const store::SessionInfo& info);
v1::Revision proto_of(const store::RevisionInfo& info);
v1::CheckpointResponse proto_of(const store::SessionStore::Checkpoint& made);
/// All of them.
v1::ListSessionsResponse proto_of(const std::vector<store::SessionInfo>& sessions);

/// What `log` tells of one session.
struct SessionLog {
  std::vector<store::RevisionInfo> revisions;
  std::vector<store::Event> events;
};
/// kNotFound when there is no session of that name, and nothing to tell of an earlier one.
Result<SessionLog> session_log(store::SessionStore& store, const store::SessionName& name);
v1::SessionLog proto_of(const SessionLog& log);

/// Any of these as JSON.
template <typename Value>
  requires requires(const Value& value) { proto_of(value); }
nlohmann::ordered_json json_of(const Value& value) {
  return run::document_of(proto_of(value));
}

/// A label for a checkpoint that has none: the local time.
std::string checkpoint_label();

}  // namespace skerry::session
