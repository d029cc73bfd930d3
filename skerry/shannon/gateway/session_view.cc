// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/session_view.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "skerry/base/time_text.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/task_document.h"

namespace skerry::shannon {
namespace {

using http::boolean_schema;
using http::count_schema;
using http::object_of;
using http::object_schema;
using http::text_schema;
using nlohmann::ordered_json;

// As Shannon's gateway has it.
constexpr std::int64_t kActiveFor = std::int64_t{24} * 3600 * 1'000'000'000;

std::string owner_of(const SessionView& session, const Viewpoint& from) {
  if (!session.tasks.user.empty()) return session.tasks.user;
  return session.tasks.key.empty() ? from.user : session.tasks.key;
}

/// Where there is a title, the context that clients look for it in.
void add_context(const SessionView& session, ordered_json& told) {
  if (!session.tasks.title.empty()) told["context"] = {{"title", session.tasks.title}};
}

void add_times(const SessionView& session, const Viewpoint& from, ordered_json& told) {
  told["created_at"] = utc_time(session.created_unix_ns());
  told["updated_at"] = utc_time(session.active_unix_ns());
  if (!session.state) return;
  const std::int64_t life = std::chrono::nanoseconds(from.time_to_live).count();
  told["expires_at"] = utc_time(session.state->used_unix_ns + life);
}

ordered_json number_schema() { return {{"type", "number"}, {"minimum", 0}}; }

}  // namespace

std::int64_t SessionView::created_unix_ns() const {
  if (!state) return tasks.created_unix_ns;
  if (tasks.tasks == 0) return state->created_unix_ns;
  return std::min(state->created_unix_ns, tasks.created_unix_ns);
}

std::int64_t SessionView::active_unix_ns() const {
  return std::max(state ? state->used_unix_ns : 0, tasks.active_unix_ns);
}

std::vector<SessionView> views_of(std::vector<store::SessionInfo> states,
                                  std::vector<task::TaskSession> tasks) {
  std::map<std::string, SessionView, std::less<>> by_name;
  for (store::SessionInfo& each : states) {
    SessionView& view = by_name[each.name];
    view.tasks.name = each.name;
    view.state = std::move(each);
  }
  for (task::TaskSession& each : tasks) by_name[each.name].tasks = std::move(each);
  std::vector<SessionView> views;
  for (auto& [name, view] : by_name) {
    if (!view.state && view.tasks.tasks == 0) continue;
    // Tasks may have been filed before any that are kept: they do not tell when it was made.
    const bool is_older = view.tasks.titled_unix_ns < view.created_unix_ns();
    if (view.tasks.tasks == 0 && is_older) view.tasks.title.clear();
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(), [](const SessionView& a, const SessionView& b) {
    return std::pair(b.active_unix_ns(), std::string_view(a.tasks.name)) <
           std::pair(a.active_unix_ns(), std::string_view(b.tasks.name));
  });
  return views;
}

std::string user_of(const access::Principal& caller) {
  if (!caller.user.empty()) return caller.user;
  return caller.key.empty() ? "default" : caller.key;
}

ordered_json session_summary_json(const SessionView& session, const Viewpoint& from) {
  const task::TaskSession& tasks = session.tasks;
  const double dollars = static_cast<double>(tasks.nanodollars) / 1e9;
  const double count = static_cast<double>(std::max<std::int64_t>(tasks.tasks, 1));
  ordered_json told{{"session_id", tasks.name}, {"user_id", owner_of(session, from)}};
  if (!tasks.title.empty()) told["title"] = tasks.title;
  told["task_count"] = tasks.tasks;
  told["tokens_used"] = tasks.tokens;
  add_times(session, from, told);
  add_context(session, told);
  told["last_activity_at"] = utc_time(session.active_unix_ns());
  told["is_active"] = from.now_unix_ns - session.active_unix_ns() < kActiveFor;
  told["successful_tasks"] = tasks.completed;
  told["failed_tasks"] = tasks.failed;
  told["success_rate"] = static_cast<double>(tasks.completed) / count;
  told["total_cost_usd"] = dollars;
  told["average_cost_per_task"] = dollars / count;
  told["is_near_budget_limit"] = false;
  if (tasks.tasks > 0) {
    told["latest_task_query"] = tasks.latest_query;
    told["latest_task_status"] = short_name_of(tasks.latest_state);
  }
  told["is_research_session"] = false;
  if (!tasks.first_mode.empty()) told["first_task_mode"] = tasks.first_mode;
  return told;
}

ordered_json session_summary_schema() {
  return object_of({{"session_id", text_schema()},
                    {"user_id", text_schema()},
                    {"title", text_schema()},
                    {"task_count", count_schema()},
                    {"tokens_used", count_schema()},
                    {"created_at", text_schema()},
                    {"updated_at", text_schema()},
                    {"expires_at", text_schema()},
                    {"context", object_schema()},
                    {"last_activity_at", text_schema()},
                    {"is_active", boolean_schema()},
                    {"successful_tasks", count_schema()},
                    {"failed_tasks", count_schema()},
                    {"success_rate", number_schema()},
                    {"total_cost_usd", number_schema()},
                    {"average_cost_per_task", number_schema()},
                    {"is_near_budget_limit", boolean_schema()},
                    {"latest_task_query", text_schema()},
                    {"latest_task_status", text_schema()},
                    {"is_research_session", boolean_schema()},
                    {"first_task_mode", text_schema()}},
                   {"session_id", "user_id", "task_count", "tokens_used", "created_at", "is_active",
                    "successful_tasks", "failed_tasks", "success_rate", "total_cost_usd",
                    "average_cost_per_task", "is_near_budget_limit", "is_research_session"});
}

ordered_json session_json(const SessionView& session, const Viewpoint& from) {
  ordered_json told{{"session_id", session.tasks.name}, {"user_id", owner_of(session, from)}};
  add_context(session, told);
  told["tokens_used"] = session.tasks.tokens;
  told["task_count"] = session.tasks.tasks;
  add_times(session, from, told);
  told["is_research_session"] = false;
  return told;
}

ordered_json session_schema() {
  return object_of(
      {{"session_id", text_schema()},
       {"user_id", text_schema()},
       {"context", object_schema()},
       {"tokens_used", count_schema()},
       {"task_count", count_schema()},
       {"created_at", text_schema()},
       {"updated_at", text_schema()},
       {"expires_at", text_schema()},
       {"is_research_session", boolean_schema()}},
      {"session_id", "user_id", "tokens_used", "task_count", "created_at", "is_research_session"});
}

}  // namespace skerry::shannon
