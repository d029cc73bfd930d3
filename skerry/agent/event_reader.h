// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::agent {

/// Takes server-sent events out of the bytes of a stream, which are untrusted. Only their data is
/// read: names, ids and times to reconnect are not. Confined to one thread.
class EventReader {
 public:
  /// Gets the data of one event; its failure ends the reading.
  using OnEvent = std::function<Status(std::string_view data)>;

  /// An event has at most `most` bytes.
  explicit EventReader(std::size_t most) : most_(most) {}

  /// Takes the next bytes, of any number. kOutOfRange for an event that is too long; else what
  /// `on_event` says.
  Status take(std::string_view bytes, const OnEvent& on_event);
  /// No more bytes come: what is left counts as an event.
  Status finish(const OnEvent& on_event);

 private:
  Status end_line(const OnEvent& on_event);
  Status end_event(const OnEvent& on_event);

  std::size_t most_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool was_return_ = false;  // the last byte: a line feed after it ends no second line
};

}  // namespace skerry::agent
