// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::image {

/// Bytes to write over those of a memory: pieces in order of their addresses, disjoint. Where a run
/// changes a few bytes in each of many pages, this is what there is to keep of it. Immutable.
class Edits {
 public:
  /// The most there are, encoded; and how many pages they may touch, each of which whoever opens
  /// them copies.
  static constexpr std::size_t kMaxSize = std::size_t{64} << 10;
  static constexpr std::size_t kMaxPages = 4096;
  /// The most that pays in a revision without a file: each commit writes them anew.
  static constexpr std::size_t kMaxInPatch = std::size_t{12} << 10;

  struct Piece {
    std::uint64_t at = 0;    ///< address of its first byte
    std::string_view bytes;  ///< at least one
  };

  /// Reads what `encoded` gives. kDataLoss unless the pieces are in order and end within
  /// `memory_size` bytes, and all are within the limits above.
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
    /// The same, but no piece lies in more than one page.
    std::optional<Piece> next_in_page();

   private:
    std::optional<Piece> piece_;  // what is left of it
    std::string_view rest_;
    std::uint64_t end_ = 0;
  };

  /// Numbers of the pages that they touch, in order.
  std::vector<std::size_t> pages() const;

  /// Those in pages that are `wanted`. It is asked once for each page, in order.
  Edits in(const std::function<bool(std::size_t page)>& wanted) const;

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

  Edits finish() &&;

 private:
  void end_piece();

  Edits edits_;
  std::uint64_t end_ = 0;  // of the pieces that are encoded
  std::uint64_t at_ = 0;   // the piece that neighbours may still join
  std::string piece_;
};

/// What the difference between two whole pages takes at most as edits. It is not looked at further
/// once it is more than `EditsBudget::kMaxOfPage`.
std::size_t size_of_difference(const std::byte* before, const std::byte* after);

/// The pages that edits touch, in order, with what the edits of each take at most.
std::vector<std::pair<std::size_t, std::size_t>> sizes_in_pages(const Edits& edits);

/// Chooses of which pages edits are kept, so that all are within limits: of those with the smallest
/// ones. The others are better kept whole. First `count` what the edits of each page take, then ask
/// for each in the same order.
class EditsBudget {
 public:
  /// A page with more is kept whole.
  static constexpr std::size_t kMaxOfPage = kPageSize / 4;
  /// How many pages: as many as a session may have apart from its image when it settles.
  static constexpr std::size_t kMaxPages = 1024;

  void count(std::size_t size);
  bool take(std::size_t size);

 private:
  std::array<std::uint32_t, kMaxOfPage + 1> pages_{};  // for each size
  std::size_t left_ = Edits::kMaxSize;
  std::size_t pages_left_ = kMaxPages;
  bool is_counted_ = false;
};

/// What writing `below` and then `above` comes to.
Edits merge(const Edits& below, const Edits& above);

}  // namespace skerry::image
