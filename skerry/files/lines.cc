// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/lines.h"

#include <algorithm>
#include <span>

namespace skerry::files {

std::optional<FileLines::Line> FileLines::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n', std::max(searched_, at_));
    if (end != buffer_.npos && end - at_ <= kMaxLength) return take(end, end + 1);
    if (buffer_.size() - at_ > kMaxLength) return take(at_ + kMaxLength, at_ + kMaxLength);
    searched_ = buffer_.size();
    if (!is_at_end_) {
      read_on();
    } else if (at_ < buffer_.size()) {
      return take(buffer_.size(), buffer_.size());
    } else {
      return std::nullopt;
    }
  }
}

/// The line up to `end` in the buffer; the next begins at `behind`.
FileLines::Line FileLines::take(std::size_t end, std::size_t behind) {
  const Line line{.text = std::string_view(buffer_).substr(at_, end - at_),
                  .offset = offset_ + at_};
  at_ = searched_ = behind;
  return line;
}

void FileLines::read_on() {
  buffer_.erase(0, at_);
  offset_ += at_;
  searched_ -= at_;
  at_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + Tree::kPiece);
  const auto room = std::as_writable_bytes(std::span(buffer_)).subspan(before);
  const std::size_t size = tree_.read_at(file_, offset_ + before, room);
  buffer_.resize(before + size);
  is_at_end_ = size == 0;
}

}  // namespace skerry::files
