// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::image {

/// Bytes to write over those of a memory: pieces in order of their addresses, disjoint. Where a run
/// changes a few bytes in each of many pages, this is what there is to keep of it. Immutable.
class Edits {
 public:
  /// The most that pays: beyond it whole pages in a file are cheaper.
  static constexpr std::size_t kMaxSize = std::size_t{12} << 10;

  struct Piece {
    std::uint64_t at = 0;    ///< address of its first byte
    std::string_view bytes;  ///< at least one
  };

  /// Reads what `encoded` gives. kDataLoss unless the pieces are in order and end within
  /// `memory_size` bytes; `encoded` has at most `kMaxSize` bytes.
  static Result<Edits> parse(std::string_view encoded, std::uint64_t memory_size);

  /// For each piece, two LEB128 numbers and the bytes: how far it begins behind the end of the one
  /// before, and how many bytes there are.
  const std::string& encoded() const { return encoded_; }
  bool empty() const { return encoded_.empty(); }

  /// The pieces, one after the other. Borrows the edits.
  class Reader {
   public:
    explicit Reader(const Edits& edits) : rest_(edits.encoded_) {}
    std::optional<Piece> next();

   private:
    std::string_view rest_;
    std::uint64_t end_ = 0;
  };

  /// Numbers of the pages that they touch, in order.
  std::vector<std::size_t> pages() const;

 private:
  friend class EditsBuilder;
  std::string encoded_;
};

/// Makes edits, piece by piece.
class EditsBuilder {
 public:
  /// Adds bytes at `at`, which lies behind all that was added before. Neighbours become one piece.
  void add(std::uint64_t at, std::string_view bytes);
  /// Adds what makes `before` into `after`, both whole pages at the address `at`.
  void add_difference(std::uint64_t at, const std::byte* before, const std::byte* after);

  /// Bytes that the edits will have, encoded, a few more or less.
  std::size_t size() const { return edits_.encoded_.size() + piece_.size(); }
  Edits finish() &&;

 private:
  void end_piece();

  Edits edits_;
  std::uint64_t end_ = 0;  // of the pieces that are encoded
  std::uint64_t at_ = 0;   // the piece that neighbours may still join
  std::string piece_;
};

/// What writing `below` and then `above` comes to.
Edits merge(const Edits& below, const Edits& above);

}  // namespace skerry::image
