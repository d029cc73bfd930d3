// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/event_reader.h"

#include <algorithm>
#include <utility>

namespace skerry::agent {

Status EventReader::take(std::string_view bytes, const OnEvent& on_event) {
  while (!bytes.empty()) {
    if (std::exchange(was_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + data_.size() + end > most_) {
      return absl::OutOfRangeError("an event has more than " + std::to_string(most_) + " bytes");
    }
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end);
    if (bytes.empty()) break;
    was_return_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
    SKERRY_TRY(end_line(on_event));
  }
  return ok_status();
}

Status EventReader::finish(const OnEvent& on_event) {
  SKERRY_TRY(end_line(on_event));
  return end_event(on_event);
}

Status EventReader::end_line(const OnEvent& on_event) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) return end_event(on_event);
  std::string_view rest = line;
  constexpr std::string_view kData = "data";
  if (!rest.starts_with(kData)) return ok_status();
  rest.remove_prefix(kData.size());
  if (!rest.empty() && rest.front() != ':') return ok_status();
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (has_data_) data_ += '\n';
  data_ += rest;
  has_data_ = true;
  return ok_status();
}

Status EventReader::end_event(const OnEvent& on_event) {
  if (!std::exchange(has_data_, false)) return ok_status();
  return on_event(std::exchange(data_, {}));
}

}  // namespace skerry::agent
