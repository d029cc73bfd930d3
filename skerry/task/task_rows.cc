// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/task_rows.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace skerry::task {
namespace {

using nlohmann::json;

constexpr std::size_t kColumnCount = 25;

json parsed(const std::string& text, json fallback) {
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? std::move(fallback) : value;
}

/// The names of tools that a caller was held to. What is no list of names allows nothing.
std::shared_ptr<const std::vector<std::string>> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (const json& each : parsed(text, json::array())) {
    if (each.is_string()) names.push_back(each.get<std::string>());
  }
  return std::make_shared<const std::vector<std::string>>(std::move(names));
}

std::int64_t count_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

State state_of(std::int64_t number) {
  return number >= 1 && number <= 7 ? static_cast<State>(number) : State::kFailed;
}

Cell cell_of(State state) { return Cell::of(static_cast<std::int64_t>(state)); }

Task task_of(const Row& row) {
  Task task;
  task.row = row.integer(0);
  task.id = row.text(1);
  task.submission = {.tenant = row.text(2),
                     .user = row.text(3),
                     .session = row.text(4),
                     .runs_in_session = row.integer(5) != 0,
                     .query = row.text(7),
                     .mode = row.text(6),
                     .retry_on_restart = row.integer(9) != 0};
  task.submission.key = row.text(23);
  if (!row.text(24).empty()) task.submission.tools = names_in(row.text(24));
  task.state = state_of(row.integer(8));
  task.attempts = row.integer(10);
  task.created_unix_ns = row.integer(11);
  task.started_unix_ns = row.integer(12);
  task.updated_unix_ns = row.integer(13);
  task.finished_unix_ns = row.integer(14);
  task.is_pausing = row.integer(15) != 0;
  task.pause = {.at_unix_ns = row.integer(16), .reason = row.text(17), .by = row.text(18)};
  task.cancel = {.at_unix_ns = row.integer(19), .reason = row.text(20), .by = row.text(21)};
  task.progress = is_final(task.state) ? 1 : 0;
  return task;
}

std::string whole_tasks_where(std::string_view condition) {
  return "SELECT " + std::string(kColumns) +
         ", c.query, c.context, c.result, c.error, c.executions, c.model "
         "FROM tasks t JOIN contents c ON c.task = t.id WHERE " +
         std::string(condition);
}

Task whole_task_of(const Row& row) {
  Task task = task_of(row);
  task.submission.query = row.text(kColumnCount);
  task.submission.context = parsed(row.text(kColumnCount + 1), json::object());
  task.result = row.text(kColumnCount + 2);
  task.error = row.text(kColumnCount + 3);
  task.executions = parsed(row.text(kColumnCount + 4), json::array());
  task.model = parsed(row.text(kColumnCount + 5), json::object());
  return task;
}

Event event_of(const Row& row) {
  return {.seq = row.integer(0),
          .at_unix_ns = row.integer(1),
          .type = row.text(2),
          .agent = row.text(3),
          .message = row.text(4),
          .payload = parsed(row.text(5), nullptr)};
}

Spent spent_in(const std::string& model) {
  if (model.empty()) return {};
  const json told = parsed(model, json::object());
  if (!told.is_object()) return {};
  Spent spent{.tokens = count_at(told, "input_tokens") + count_at(told, "output_tokens")};
  const auto cost = told.find("cost_usd");
  if (cost == told.end() || !cost->is_number()) return spent;
  // A price list may be wrong: sums must not overflow.
  const double dollars = cost->get<double>();
  if (dollars > 0 && dollars < 1e6) spent.nanodollars = std::llround(dollars * 1e9);
  return spent;
}

}  // namespace skerry::task
