// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/utf8.h"

namespace skerry {

/// Serializes a value piece by piece, so that a large one needs neither all its text in memory nor
/// a long time at once. The pieces together are what `dump_json` returns; a string that is not
/// UTF-8 is written as `to_utf8` makes it. Movable; confined to one thread.
class JsonWriter {
 public:
  explicit JsonWriter(nlohmann::ordered_json value);

  /// The next `most` bytes or little more; less only at the end, and nothing after it.
  std::string next(std::size_t most);
  bool is_done() const { return is_done_; }

 private:
  using Json = nlohmann::ordered_json;
  /// An object or array that is being written.
  struct Level {
    Json* container;
    std::size_t index = 0;  // of the member or item that comes next
  };
  void begin(Json& value, std::string& out);
  void step(std::string& out);
  void write_text(std::string& out);

  std::vector<Json> root_;  // one: its address must not change with this object's
  std::vector<Level> levels_;
  std::string_view text_;  // the rest of a string that is being written
  Utf8Stream utf8_;        // and what it has given so far
  bool is_in_text_ = false;
  bool is_done_ = false;
};

}  // namespace skerry
