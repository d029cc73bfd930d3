// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/input_feed.h"

namespace skerry::run {

using worker::InputPiece;

void InputFeed::add(std::string_view text) {
  if (text.empty() || is_ended_) return;
  text_ += text;
  tell_more();
}

void InputFeed::end() {
  is_ended_ = true;
  tell_more();
}

void InputFeed::interrupt() {
  is_interrupted_ = true;
  const bool had_room = has_room();
  text_.clear();
  taken_ = 0;
  tell_more();
  if (!had_room && room_) room_();
}

std::optional<InputPiece> InputFeed::next() {
  if (std::exchange(is_interrupted_, false))
    return InputPiece{.kind = InputPiece::Kind::kInterrupt};
  if (held() > 0) {
    const bool had_room = has_room();
    InputPiece piece{.text = text_.substr(taken_, InputPiece::kMaxText)};
    taken_ += piece.text.size();
    // Moved to the front when half of it is gone: each byte is moved once on the average.
    if (taken_ * 2 >= text_.size()) {
      text_.erase(0, taken_);
      taken_ = 0;
    }
    if (!had_room && has_room() && room_) room_();
    return piece;
  }
  if (is_ended_ && !std::exchange(has_told_end_, true)) {
    return InputPiece{.kind = InputPiece::Kind::kEnd};
  }
  return std::nullopt;
}

void InputFeed::tell_more() const {
  if (more_) more_();
}

}  // namespace skerry::run
