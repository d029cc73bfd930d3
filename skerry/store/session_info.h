// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace skerry::store {

/// One revision, as it is told about.
struct RevisionInfo {
  std::int64_t number = 0;             ///< within its session; 0 is the template
  std::optional<std::int64_t> parent;  ///< its number; none of revision 0
  std::int64_t created_unix_ns = 0;
  std::string first_line;  ///< of the program that made it
  std::string outcome;
  std::string label;       ///< of a checkpoint; else empty
  std::int64_t bytes = 0;  ///< that it added to the disk
  std::int64_t pages = 0;  ///< that differ from the template
  bool is_durable = false;
  bool is_head = false;
};

/// One session, as it is told about.
struct SessionInfo {
  std::string name;
  std::string template_name;
  std::int64_t head = 0;
  std::int64_t revisions = 0;  ///< kept, of its own
  std::int64_t runs = 0;       ///< committed ever
  std::int64_t bytes = 0;      ///< of its own revisions
  std::int64_t created_unix_ns = 0;
  std::int64_t used_unix_ns = 0;
};

/// What happened to a session besides its revisions: "rewound to revision 3".
struct Event {
  std::int64_t at_unix_ns = 0;
  std::string text;
};

}  // namespace skerry::store
