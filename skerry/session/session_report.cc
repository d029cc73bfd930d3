// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_report.h"

#include <ctime>
#include <utility>

#include "skerry/base/time_text.h"

namespace skerry::session {

v1::Session proto_of(const store::SessionInfo& info) {
  v1::Session message;
  message.set_name(info.name);
  message.set_template_(info.template_name);
  message.set_head(info.head);
  message.set_revisions(info.revisions);
  message.set_runs(info.runs);
  message.set_bytes(info.bytes);
  message.set_created_unix_ns(info.created_unix_ns);
  message.set_used_unix_ns(info.used_unix_ns);
  return message;
}

v1::Revision proto_of(const store::RevisionInfo& info) {
  v1::Revision message;
  message.set_revision(info.number);
  if (info.parent) message.set_parent(*info.parent);
  message.set_head(info.is_head);
  message.set_created_unix_ns(info.created_unix_ns);
  message.set_first_line(info.first_line);
  message.set_outcome(info.outcome);
  message.set_label(info.label);
  message.set_bytes(info.bytes);
  message.set_pages(info.pages);
  message.set_durable(info.is_durable);
  return message;
}

v1::CheckpointResponse proto_of(const store::SessionStore::Checkpoint& made) {
  v1::CheckpointResponse message;
  *message.mutable_revision() = proto_of(made.info);
  if (!made.replaced.empty()) message.set_replaced_label(made.replaced);
  if (made.taken) message.set_label_taken_from(*made.taken);
  return message;
}

v1::ListSessionsResponse proto_of(const std::vector<store::SessionInfo>& sessions) {
  v1::ListSessionsResponse message;
  for (const auto& each : sessions) *message.add_sessions() = proto_of(each);
  return message;
}

Result<SessionLog> session_log(store::SessionStore& store, const store::SessionName& name) {
  SessionLog log;
  auto revisions = store.revisions(name);
  SKERRY_ASSIGN(log.events, store.events(name));
  // A session that went may still have something to tell: why.
  if (!revisions.ok() && log.events.empty()) return revisions.status();
  if (revisions.ok()) log.revisions = *std::move(revisions);
  return log;
}

v1::SessionLog proto_of(const SessionLog& log) {
  v1::SessionLog message;
  for (const auto& each : log.revisions) *message.add_revisions() = proto_of(each);
  for (const auto& each : log.events) {
    auto& event = *message.add_events();
    event.set_at_unix_ns(each.at_unix_ns);
    event.set_text(each.text);
  }
  return message;
}

std::string checkpoint_label() {
  return "checkpoint " + local_time(std::int64_t{std::time(nullptr)} * 1'000'000'000);
}

}  // namespace skerry::session
