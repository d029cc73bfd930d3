// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace skerry::task {

/// Where a task stands. The numbers are those of Shannon's orchestrator, and of the database.
enum class State {
  kQueued = 1,
  kRunning = 2,
  kCompleted = 3,
  kFailed = 4,
  kCancelled = 5,
  kTimeout = 6,
  kPaused = 7,
};

/// "TASK_STATUS_QUEUED" and so on.
std::string_view name_of(State state);
/// The state of such a name, in any case of letters and with or without its prefix.
std::optional<State> state_named(std::string_view name);
/// Whether nothing will happen to the task any more.
bool is_final(State state);

/// Whether `text` can be a task's or session's id: 1 to 128 letters, digits, and : _ - .
bool is_id(std::string_view text);

/// A new id that nobody can guess: `prefix` and 32 hexadecimal digits in the groups of a UUID.
std::string new_id(std::string_view prefix);

/// What somebody wants to be done.
struct Submission {
  std::string tenant = "default";
  std::string user = {};
  std::string key = {};  ///< id of the API key; empty: none
  /// That its caller might call when it was submitted; null: all.
  std::shared_ptr<const std::vector<std::string>> tools = {};
  std::string session = {};  ///< what the task is filed under
  /// Whether its runs go on in that session. One that we named ourselves is a label and no more.
  bool runs_in_session = false;
  std::string query = {};
  nlohmann::json context = nlohmann::json::object();
  std::string mode = {};  ///< "simple", "standard", "complex", "supervisor"; empty: not said
  /// When the service stopped in mid-run: begin anew. Else it has failed.
  bool retry_on_restart = false;
};

/// Makes a submission that comes twice count once.
struct IdempotencyKey {
  std::string text;
  std::string digest;  ///< of all that was asked: the same key with another is an error
};

/// A submission that was taken, and will be done or reported.
struct Accepted {
  std::string id;
  std::string session;
  std::int64_t created_unix_ns = 0;
  bool is_replay = false;  ///< it was taken before, under this key
};

/// Who asked that a task pause or end, and why.
struct ControlRequest {
  std::int64_t at_unix_ns = 0;  ///< 0: nobody
  std::string reason = {};
  std::string by = {};
};

/// A task. Texts are UTF-8.
struct Task {
  std::int64_t row = 0;  ///< what the database knows it by
  std::string id;
  Submission submission;  ///< in lists, with the query's beginning and without the context
  State state = State::kQueued;
  std::int64_t created_unix_ns = 0;
  std::int64_t started_unix_ns = 0;  ///< 0: not yet
  std::int64_t updated_unix_ns = 0;
  std::int64_t finished_unix_ns = 0;  ///< 0: not yet
  std::int64_t attempts = 0;          ///< how often it began
  bool is_pausing = false;            ///< it runs, and pauses before its next call
  ControlRequest pause = {};
  ControlRequest cancel = {};
  std::string result = {};
  std::string error = {};
  nlohmann::json executions =
      nlohmann::json::array();  ///< calls of tools, as `/agent/query` has it
  /// What a model had to do with it, as `/agent/query` has it in its metadata; empty: none had.
  nlohmann::json model = nlohmann::json::object();
  double progress = 0;  ///< 0 to 1
};

/// Something that happened to a task.
struct Event {
  std::int64_t seq = 0;  ///< within the task, from 1; grows, and may leave numbers out
  std::int64_t at_unix_ns = 0;
  std::string type;
  std::string agent = "skerry";
  std::string message = {};
  nlohmann::json payload = nullptr;  ///< null or an object
};
using EventPointer = std::shared_ptr<const Event>;

/// Which of a tenant's tasks to list, newest first.
struct Filter {
  std::int64_t limit = 20;  ///< 1 to 100
  std::int64_t offset = 0;
  std::optional<std::string> session = {};
  std::optional<std::string> user = {};
  std::optional<State> state = {};
};

struct Page {
  std::vector<Task> tasks;
  std::int64_t total = 0;  ///< of all that fit, not of this page
};

/// `value` as the tables keep it. Bytes that are not UTF-8 become U+FFFD.
std::string stored_json(const nlohmann::json& value);

enum class Action { kCancel, kPause, kResume };

}  // namespace skerry::task
