// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/files/tree.h"

namespace skerry::files {

/// The lines of a text, one after the other, without their ends. There is none behind the last
/// line's end. Borrows the text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == rest_.npos ? std::string_view() : rest_.substr(end + 1);
    return line;
  }

 private:
  std::string_view rest_;
};

/// The same of a file, which is read as its lines are asked for, so that memory holds one line at a
/// time. Borrows the tree. Confined to one thread.
class FileLines {
 public:
  /// Bytes. What is longer counts as several lines.
  static constexpr std::size_t kMaxLength = std::size_t{16} << 20;

  struct Line {
    std::string_view text;     ///< until the next call
    std::uint64_t offset = 0;  ///< in the file
  };

  /// `file` is what `Tree::find` or `walk` gave.
  FileLines(const Tree& tree, const Entry& file) : tree_(tree), file_(file) {}
  std::optional<Line> next();

 private:
  Line take(std::size_t end, std::size_t behind);
  void read_on();

  const Tree& tree_;
  const Entry& file_;
  std::string buffer_;
  std::uint64_t offset_ = 0;  // of the buffer's first byte
  std::size_t at_ = 0;        // in the buffer: where the next line begins
  std::size_t searched_ = 0;  // and up to where it has no end
  bool is_at_end_ = false;
};

}  // namespace skerry::files
