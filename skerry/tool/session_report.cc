// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/session_report.h"

#include <ctime>
#include <utility>

#include "skerry/base/time_text.h"

namespace skerry::tool {

using nlohmann::ordered_json;

ordered_json json_of(const session::SessionInfo& info) {
  return {{"name", info.name},
          {"template", info.template_name},
          {"head", info.head},
          {"revisions", info.revisions},
          {"runs", info.runs},
          {"bytes", info.bytes},
          {"created_unix_ns", info.created_unix_ns},
          {"used_unix_ns", info.used_unix_ns}};
}

ordered_json json_of(const session::RevisionInfo& info) {
  ordered_json json{{"revision", info.number},       {"parent", nullptr},
                    {"head", info.is_head},          {"created_unix_ns", info.created_unix_ns},
                    {"first_line", info.first_line}, {"outcome", info.outcome},
                    {"label", info.label},           {"bytes", info.bytes},
                    {"pages", info.pages},           {"durable", info.is_durable}};
  if (info.parent) json["parent"] = *info.parent;
  return json;
}

Result<SessionLog> session_log(session::SessionStore& store, const session::SessionName& name) {
  SessionLog log;
  auto revisions = store.revisions(name);
  SKERRY_ASSIGN(log.events, store.events(name));
  // A session that went may still have something to tell: why.
  if (!revisions.ok() && log.events.empty()) return revisions.status();
  if (revisions.ok()) log.revisions = *std::move(revisions);
  return log;
}

ordered_json json_of(const SessionLog& log) {
  ordered_json json{{"revisions", ordered_json::array()}, {"events", ordered_json::array()}};
  for (const auto& each : log.revisions) json["revisions"].push_back(json_of(each));
  for (const auto& each : log.events) {
    json["events"].push_back({{"at_unix_ns", each.at_unix_ns}, {"text", each.text}});
  }
  return json;
}

std::string checkpoint_label() {
  return "checkpoint " + local_time(std::int64_t{std::time(nullptr)} * 1'000'000'000);
}

}  // namespace skerry::tool
