// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/runtime/installation.h"

namespace skerry::app {

/// Whether people look at a stream: a terminal, and NO_COLOR is not set.
bool shows_colour(int fd);

/// "skerry: message" on standard error, in red where people look. Returns 125, our own failure's
/// exit code.
int report_failure(const Status& status);

/// Draws a set-up's steps on standard error: a progress bar on a terminal, plain lines elsewhere.
/// Quiet until the first step. Confined to one thread.
class SetUpProgress final : public runtime::SetUpObserver {
 public:
  SetUpProgress();
  ~SetUpProgress() override;
  void step(const std::string& what) override;
  void damaged(const std::string& what) override;
  void progress(double fraction) override;
  /// The step lasts, and nobody knows how long.
  void lasts();

 private:
  void finish_step();
  bool is_terminal_;
  std::string step_;
  std::chrono::steady_clock::time_point begun_;
};

/// The progress of something that is mostly quick: shown once it has taken a second. Confined to
/// one thread.
class LateProgress {
 public:
  explicit LateProgress(std::string what) : what_(std::move(what)) {}
  /// The time counts from here, and not from the start.
  void begin() { begun_ = std::chrono::steady_clock::now(); }
  void progress(double fraction);
  /// For what has no fraction: to be called now and then.
  void lasts();

 private:
  bool is_shown();
  std::string what_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::optional<SetUpProgress> shown_;
};

/// UTF-8 without what moves a terminal's cursor or turns its text around: each such character is a
/// space.
std::string printable(std::string_view text);

/// Whether `text` can go to a terminal as it is: lines of UTF-8, with tabs, that `printable` leaves
/// alone.
bool is_plain_text(std::string_view text);

/// A table with its first row as head, columns aligned. What would move the cursor or turn text
/// around becomes a space: cells may be a guest's words.
std::string table(std::vector<std::vector<std::string>> rows);

/// The first `most` characters of `text`, with "…" where there are more.
std::string shortened(std::string_view text, std::size_t most);

/// `value` of `largest` as a bar of at most `width` characters.
std::string bar(double value, double largest, std::size_t width);

}  // namespace skerry::app
