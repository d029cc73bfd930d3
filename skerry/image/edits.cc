// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/edits.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skerry::image {
namespace {

using Word = std::uint64_t;

// Differences so close become one piece: the bytes between cost no more than a piece of their own.
constexpr std::size_t kJoinedWords = 2;

constexpr int kGroupBits = 7;  // of a LEB128 number in each byte
constexpr unsigned char kMore = 0x80;

void put_number(std::string& to, std::uint64_t value) {
  for (; value >= kMore; value >>= kGroupBits) {
    to += static_cast<char>(static_cast<unsigned char>(value) | kMore);
  }
  to += static_cast<char>(value);
}

/// Takes a number below 2^63 from the front of `from`; none when there is none.
std::optional<std::uint64_t> take_number(std::string_view& from) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 63 && !from.empty(); shift += kGroupBits) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= std::uint64_t{static_cast<unsigned char>(byte & ~kMore)} << shift;
    if ((byte & kMore) == 0) return value;
  }
  return std::nullopt;
}

constexpr std::size_t kWords = kPageSize / sizeof(Word);
constexpr std::size_t kBlockWords = 8;  // compared at once

// Bytes of a piece's two numbers within a page, and how many more the first piece's may have.
constexpr std::size_t kPieceHead = 4;
constexpr std::size_t kFarther = 4;

/// Tells of each stretch of words that differ, until `add` returns false.
template <typename Add>
void for_each_difference(const std::byte* before, const std::byte* after, const Add& add) {
  const auto word = [](const std::byte* page, std::size_t index) {
    Word value = 0;
    std::memcpy(&value, page + index * sizeof value, sizeof value);
    return value;
  };
  std::size_t first = kWords;  // of the words that are told next
  std::size_t last = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    if (i % kBlockWords == 0 && std::memcmp(before + i * sizeof(Word), after + i * sizeof(Word),
                                            kBlockWords * sizeof(Word)) == 0) {
      i += kBlockWords - 1;
      continue;
    }
    if (word(before, i) == word(after, i)) continue;
    if (first != kWords && i - last > kJoinedWords) {
      if (!add(first, last + 1 - first)) return;
      first = kWords;
    }
    if (first == kWords) first = i;
    last = i;
  }
  if (first != kWords) (void)add(first, last + 1 - first);
}

Status no_edits(std::string_view what) {
  return absl::DataLossError("edits of a memory: " + std::string(what));
}

}  // namespace

Result<Edits> Edits::parse(std::string_view encoded, std::uint64_t memory_size) {
  if (encoded.size() > kMaxSize) return no_edits("too many");
  std::uint64_t end = 0;
  std::uint64_t pages = 0;
  std::uint64_t pages_end = 0;  // the page behind the last one that was counted
  for (std::string_view rest = encoded; !rest.empty();) {
    const auto gap = take_number(rest);
    const auto size = take_number(rest);
    if (!gap || !size || *size == 0 || *size > rest.size()) return no_edits("a piece is none");
    if (*gap > memory_size - end || *size > memory_size - end - *gap) {
      return no_edits("a piece lies out of memory");
    }
    const std::uint64_t first = std::max((end + *gap) / kPageSize, pages_end);
    end += *gap + *size;
    pages_end = (end - 1) / kPageSize + 1;
    pages += pages_end - std::min(first, pages_end);
    rest.remove_prefix(*size);
  }
  if (pages > kMaxPages) return no_edits("they touch too many pages");
  Edits edits;
  edits.encoded_ = encoded;
  return edits;
}

std::optional<Edits::Piece> Edits::Reader::next() {
  if (rest_.empty()) return std::nullopt;
  Piece piece;
  piece.at = end_ + *take_number(rest_);
  const std::size_t size = *take_number(rest_);
  piece.bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  end_ = piece.at + size;
  return piece;
}

std::optional<Edits::Piece> Edits::Reader::next_in_page() {
  if (!piece_) piece_ = next();
  if (!piece_) return std::nullopt;
  Piece part = *piece_;
  part.bytes = part.bytes.substr(0, kPageSize - part.at % kPageSize);
  piece_->at += part.bytes.size();
  piece_->bytes.remove_prefix(part.bytes.size());
  if (piece_->bytes.empty()) piece_.reset();
  return part;
}

std::vector<std::size_t> Edits::pages() const {
  std::vector<std::size_t> pages;
  Reader reader(*this);
  while (const auto part = reader.next_in_page()) {
    const std::size_t page = part->at / kPageSize;
    if (pages.empty() || pages.back() != page) pages.push_back(page);
  }
  return pages;
}

Edits Edits::in(const std::function<bool(std::size_t page)>& wanted) const {
  EditsBuilder builder;
  std::optional<std::size_t> asked;
  bool is_wanted = false;
  Reader reader(*this);
  while (const auto part = reader.next_in_page()) {
    const std::size_t page = part->at / kPageSize;
    if (asked != page) is_wanted = wanted(page);
    asked = page;
    if (is_wanted) builder.add(part->at, part->bytes);
  }
  return std::move(builder).finish();
}

std::size_t size_of_difference(const std::byte* before, const std::byte* after) {
  std::size_t size = kFarther;
  for_each_difference(before, after, [&](std::size_t, std::size_t count) {
    size += kPieceHead + count * sizeof(Word);
    return size <= EditsBudget::kMaxOfPage;
  });
  return size;
}

std::vector<std::pair<std::size_t, std::size_t>> sizes_in_pages(const Edits& edits) {
  std::vector<std::pair<std::size_t, std::size_t>> sizes;
  Edits::Reader reader(edits);
  while (const auto part = reader.next_in_page()) {
    const std::size_t page = part->at / kPageSize;
    if (sizes.empty() || sizes.back().first != page) sizes.emplace_back(page, kFarther);
    sizes.back().second += kPieceHead + part->bytes.size();
  }
  return sizes;
}

void EditsBudget::count(std::size_t size) {
  if (size <= kMaxOfPage) ++pages_[size];
}

bool EditsBudget::take(std::size_t size) {
  if (!is_counted_) {
    is_counted_ = true;
    for (std::size_t each = 0; each <= kMaxOfPage; ++each) {
      const std::size_t most = std::min(pages_left_, each == 0 ? pages_left_ : left_ / each);
      pages_[each] = static_cast<std::uint32_t>(std::min<std::size_t>(pages_[each], most));
      left_ -= pages_[each] * each;
      pages_left_ -= pages_[each];
    }
  }
  if (size > kMaxOfPage || pages_[size] == 0) return false;
  --pages_[size];
  return true;
}

void EditsBuilder::end_piece() {
  if (piece_.empty()) return;
  put_number(edits_.encoded_, at_ - end_);
  put_number(edits_.encoded_, piece_.size());
  edits_.encoded_ += piece_;
  end_ = at_ + piece_.size();
  piece_.clear();
}

void EditsBuilder::add(std::uint64_t at, std::string_view bytes) {
  if (bytes.empty()) return;
  if (piece_.empty() || at != at_ + piece_.size()) {
    end_piece();
    at_ = at;
  }
  piece_ += bytes;
}

void EditsBuilder::add_difference(std::uint64_t at, const std::byte* before,
                                  const std::byte* after) {
  for_each_difference(before, after, [&](std::size_t first, std::size_t count) {
    add(at + first * sizeof(Word),
        as_text(std::span(after + first * sizeof(Word), count * sizeof(Word))));
    return true;
  });
}

Edits EditsBuilder::finish() && {
  end_piece();
  return std::move(edits_);
}

Edits merge(const Edits& below, const Edits& above) {
  EditsBuilder result;
  Edits::Reader under(below);
  auto piece = under.next();
  // Takes what `below` has before an address: into the result, or away because it is covered.
  const auto take_until = [&](std::uint64_t end, bool is_covered) {
    while (piece && piece->at < end) {
      const std::size_t size = std::min<std::uint64_t>(end - piece->at, piece->bytes.size());
      if (!is_covered) result.add(piece->at, piece->bytes.substr(0, size));
      piece->at += size;
      piece->bytes.remove_prefix(size);
      if (piece->bytes.empty()) piece = under.next();
    }
  };
  Edits::Reader over(above);
  while (const auto edit = over.next()) {
    take_until(edit->at, /*is_covered=*/false);
    result.add(edit->at, edit->bytes);
    take_until(edit->at + edit->bytes.size(), /*is_covered=*/true);
  }
  take_until(UINT64_MAX, /*is_covered=*/false);
  return std::move(result).finish();
}

}  // namespace skerry::image
