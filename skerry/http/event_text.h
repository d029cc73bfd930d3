// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/http/message.h"

namespace skerry::http {

/// Events as the text of a response's body: text/event-stream, or a line each. A value.
class EventText {
 public:
  static constexpr const char* kContentType = "text/event-stream";
  /// A comment, sent so that the client sees the response's head.
  static constexpr const char* kOpening = ": here are events\n\n";

  void use_lines() { is_lines_ = true; }
  /// What keeps proxies from closing a silent stream; nothing where events are lines.
  const char* heartbeat() const { return is_lines_ ? "" : ": still there\n\n"; }

  void append(const StreamEvent& event, std::string& to) const {
    if (!is_lines_) {
      if (!event.id.empty()) to.append("id: ").append(event.id).append("\n");
      to.append("event: ").append(event.name).append("\ndata: ");
    }
    to.append(event.data).append(is_lines_ ? "\n" : "\n\n");
  }

 private:
  bool is_lines_ = false;
};

}  // namespace skerry::http
