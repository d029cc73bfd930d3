// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/event_budget.h"

#include "skerry/base/wire_budget.h"
#include "skerry/worker/run_events.h"

namespace skerry::worker {

Status check_event(std::string_view bytes) {
  if (bytes.size() <= kUncounted) return ok_status();
  WireBudget nothing{};
  WireBudget output{wire_varint(1, "is_stderr"), wire_bytes(2, "bytes", kMaxEvent),
                    wire_varint(3, "cut")};
  WireBudget change{wire_varint(1, "kind"), wire_bytes(2, "path", kMaxEvent),
                    wire_bytes(3, "content", kMaxEvent), wire_varint(4, "append")};
  WireBudget frame{wire_bytes(1, "file", kMaxEvent), wire_varint(2, "line"),
                   wire_bytes(3, "function", kMaxEvent), wire_bytes(4, "source", kMaxEvent)};
  WireBudget exception{wire_bytes(1, "type", kMaxEvent), wire_bytes(2, "message", kMaxEvent),
                       wire_messages(3, "frames", kMaxFrames, frame)};
  WireBudget limit{wire_bytes(1, "limit", kMaxEvent), wire_fixed64(2, "value"),
                   wire_bytes(3, "unit", kMaxEvent), wire_bytes(4, "option", kMaxEvent)};
  WireBudget ended{wire_varint(1, "kind"),
                   wire_varint(2, "exit_code"),
                   wire_bytes(3, "message", kMaxEvent),
                   wire_message(4, "limit", limit),
                   wire_message(5, "exception", exception),
                   wire_bytes(6, "result", kMaxEvent),
                   wire_varint(7, "wall_ns"),
                   wire_varint(8, "cpu_ns"),
                   wire_varint(9, "peak_memory"),
                   wire_varint(10, "dirty_pages"),
                   wire_varint(11, "fuel"),
                   wire_varint(12, "is_kept"),
                   wire_bytes(13, "state", kMaxEvent)};
  WireBudget failed{wire_varint(1, "code"), wire_bytes(2, "message", kMaxEvent)};
  WireBudget event{wire_message(1, "started", nothing), wire_message(2, "output", output),
                   wire_message(3, "change", change),   wire_message(4, "ended", ended),
                   wire_message(5, "failed", failed),   wire_message(6, "ready", nothing)};
  return check_wire(bytes, kMaxEvent, event);
}

}  // namespace skerry::worker
