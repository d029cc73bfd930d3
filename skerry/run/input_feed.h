// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "skerry/worker/run_request.h"

namespace skerry::run {

/// Standard input on its way from a client to a program that runs. The client's side gives, the
/// runner's side takes; what the program has not read yet is held here, up to `kMaxHeld`. Confined
/// to the event loop's thread.
class InputFeed {
 public:
  /// Bytes that wait for the program. More than a person types ahead, and enough that a fast sender
  /// does not wait for each piece.
  static constexpr std::size_t kMaxHeld = std::size_t{1} << 20;

  InputFeed() = default;
  InputFeed(const InputFeed&) = delete;
  InputFeed& operator=(const InputFeed&) = delete;

  /// Whether the client may give more. What it gives without room is held nonetheless, so that
  /// whoever asks before each message exceeds `kMaxHeld` by one message at most.
  bool has_room() const { return held() < kMaxHeld; }
  /// `room` is called each time when there is room again; null: nothing is.
  void set_room(std::function<void()> room) { room_ = std::move(room); }

  /// Adds text behind what waits. Not after `end`.
  void add(std::string_view text);
  /// No more text comes.
  void end();
  bool has_ended() const { return is_ended_; }
  /// Ends the program's wait for input as a terminal's Ctrl-C does: what waits is dropped.
  void interrupt();

  /// The next piece for the program; none when nothing waits.
  std::optional<worker::InputPiece> next();
  /// `more` is called whenever there is a piece; null: nothing is.
  void set_more(std::function<void()> more) { more_ = std::move(more); }

 private:
  std::size_t held() const { return text_.size() - taken_; }
  void tell_more() const;

  std::string text_;
  std::size_t taken_ = 0;  // of the text
  bool is_interrupted_ = false;
  bool is_ended_ = false;
  bool has_told_end_ = false;
  std::function<void()> room_;
  std::function<void()> more_;
};

}  // namespace skerry::run
