// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace skerry::runtime {

/// A program in the language of some runtime, and how it is started. A value.
struct Program {
  std::string code;  ///< bytes as in a file
  std::string name;  ///< as errors call it; empty: the runtime's own word for a nameless program
  bool has_file = false;                           ///< whether `name` is a file
  std::vector<std::string> arguments;              ///< the first is by custom the program's name
  std::map<std::string, std::string> environment;  ///< laid over the guest's own
  /// Whether names, exit handlers and open files stay for the next run, as between a notebook's
  /// cells.
  bool is_continued = false;
  /// What becomes of the last expression's value.
  enum class LastValue { kIgnored, kReturned, kPrintedAndReturned };
  LastValue last_value = LastValue::kIgnored;
  /// Which values are shown as bundles, where the run's environment takes them; others are text. Of
  /// images those that the program itself shows, and that alone.
  enum class Shows { kNothing, kImages, kAll };
  Shows shows = Shows::kNothing;
  bool shows_sixels = false;  ///< images that are shown are there as sixels, too
};

}  // namespace skerry::runtime
