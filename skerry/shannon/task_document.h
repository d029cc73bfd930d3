// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/task/task.h"

// Tasks and events as HTTP clients read them.

namespace skerry::shannon {

/// A state's name without its prefix, as Shannon's gateway has it in documents of sessions.
std::string_view short_name_of(task::State state);
/// The names of the states there are, as a schema.
nlohmann::ordered_json status_names();

/// The status document.
nlohmann::ordered_json status_json(const task::Task& task);
nlohmann::ordered_json status_schema();

/// A task in a list.
nlohmann::ordered_json summary_json(const task::Task& task);
nlohmann::ordered_json summary_schema();

/// Whether a task pauses or ends, who asked for that, and why.
nlohmann::ordered_json control_json(const task::Task& task);
nlohmann::ordered_json control_schema();

/// An event as it is in lists and WebSockets.
nlohmann::ordered_json event_json(std::string_view workflow, const task::Event& event);
nlohmann::ordered_json event_schema();

/// An event of text/event-stream.
struct NamedEvent {
  std::string name;
  std::string data;
};
/// Some have other names and data there than elsewhere.
NamedEvent stream_event(std::string_view workflow, const task::Event& event);

}  // namespace skerry::shannon
