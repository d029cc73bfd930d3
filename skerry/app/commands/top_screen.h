// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <termios.h>
#include <vector>

#include <nlohmann/json.hpp>

namespace skerry::app {

/// What `metrics::document_of` tells, for people: at most `height` lines of at most `width`
/// characters.
std::vector<std::string> lines_of(const nlohmann::ordered_json& document, std::size_t width,
                                  std::size_t height);

/// A terminal's other screen, without echo and without waiting for whole lines, until it is
/// destroyed: then all is as it was. There is one at a time. Confined to one thread.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Whether somebody can type.
  bool has_keyboard() const { return has_keyboard_; }

  /// As wide and high as the terminal is now; `last` is the line below all others.
  static void draw(const nlohmann::ordered_json* document, const std::string& last);

 private:
  termios before_{};
  bool has_keyboard_ = false;
};

}  // namespace skerry::app
