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

Status no_edits(std::string_view what) {
  return absl::DataLossError("edits of a memory: " + std::string(what));
}

}  // namespace

Result<Edits> Edits::parse(std::string_view encoded, std::uint64_t memory_size) {
  if (encoded.size() > kMaxSize) return no_edits("too many");
  std::uint64_t end = 0;
  for (std::string_view rest = encoded; !rest.empty();) {
    const auto gap = take_number(rest);
    const auto size = take_number(rest);
    if (!gap || !size || *size == 0 || *size > rest.size()) return no_edits("a piece is none");
    if (*gap > memory_size - end || *size > memory_size - end - *gap) {
      return no_edits("a piece lies out of memory");
    }
    end += *gap + *size;
    rest.remove_prefix(*size);
  }
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

std::vector<std::size_t> Edits::pages() const {
  std::vector<std::size_t> pages;
  Reader reader(*this);
  while (const auto piece = reader.next()) {
    const std::size_t last = (piece->at + piece->bytes.size() - 1) / kPageSize;
    std::size_t page = piece->at / kPageSize;
    if (!pages.empty()) page = std::max(page, pages.back() + 1);
    for (; page <= last; ++page) pages.push_back(page);
  }
  return pages;
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
  constexpr std::size_t kWords = kPageSize / sizeof(Word);
  const auto word = [](const std::byte* page, std::size_t index) {
    Word value = 0;
    std::memcpy(&value, page + index * sizeof value, sizeof value);
    return value;
  };
  std::size_t first = kWords;  // of the words that are added next
  std::size_t last = 0;
  const auto add_words = [&] {
    if (first == kWords) return;
    add(at + first * sizeof(Word),
        as_text(std::span(after + first * sizeof(Word), (last + 1 - first) * sizeof(Word))));
  };
  for (std::size_t i = 0; i < kWords; ++i) {
    if (word(before, i) == word(after, i)) continue;
    if (first != kWords && i - last > kJoinedWords) {
      add_words();
      first = kWords;
    }
    if (first == kWords) first = i;
    last = i;
  }
  add_words();
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
