// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/file_content.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace skerry::wasi {
namespace {

constexpr std::uint64_t kChunkSize = FileContent::kChunkSize;

/// What is allocated so that a chunk reaches `end`.
std::uint64_t allocation_for(std::uint64_t end) {
  return std::max(std::bit_ceil(end), FileContent::kSmallestChunk);
}

/// How many of the first `visible` bytes lie in a chunk.
std::uint64_t part_in_chunk(std::uint64_t visible, std::uint64_t index) {
  const std::uint64_t start = index * kChunkSize;
  return visible <= start ? 0 : std::min(visible - start, kChunkSize);
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

FileContent::FileContent(std::shared_ptr<const Blob> blob)
    : size_(blob->bytes.size()), blob_(std::move(blob)), blob_visible_(size_) {}

std::size_t FileContent::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset >= size_) return 0;
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset)));
  if (out.empty()) return 0;
  if (chunks_.is_empty() && offset + out.size() <= blob_visible_) {
    std::memcpy(out.data(), blob_->bytes.data() + offset, out.size());
    return out.size();
  }
  const std::size_t total = out.size();
  while (!out.empty()) {
    const std::uint64_t within = offset % kChunkSize;
    const auto piece =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), kChunkSize - within));
    std::span<const std::byte> source;
    if (const Chunk* chunk = chunks_.find(offset / kChunkSize)) {
      source = *chunk;
      source = source.subspan(std::min<std::size_t>(within, source.size()));
    } else if (offset < blob_visible_) {
      source = blob_->bytes.subspan(offset, blob_visible_ - offset);
    }
    source = source.first(std::min(source.size(), piece));
    if (!source.empty()) std::memcpy(out.data(), source.data(), source.size());
    std::fill(out.begin() + source.size(), out.begin() + piece, std::byte{0});
    out = out.subspan(piece);
    offset += piece;
  }
  return total;
}

// Null when the budget does not allow it. `end`: how far into the chunk it must reach.
FileContent::Chunk* FileContent::chunk_for_write(std::uint64_t index, std::uint64_t end,
                                                 std::uint64_t budget) {
  if (const Chunk* there = chunks_.find(index)) {
    if (end <= there->size()) return &chunks_.edit(index);
    const std::uint64_t wanted = allocation_for(end);
    const std::uint64_t extra = wanted - there->size();
    if (extra > budget) return nullptr;
    Chunk& chunk = chunks_.edit(index);
    chunk.resize(wanted);
    allocated_ += extra;
    return &chunk;
  }
  const std::uint64_t from_blob = part_in_chunk(blob_visible_, index);
  const std::uint64_t wanted = allocation_for(std::max(end, from_blob));
  if (wanted > budget) return nullptr;
  auto chunk = std::make_shared<Chunk>(wanted);
  if (from_blob > 0) {
    std::memcpy(chunk->data(), blob_->bytes.data() + index * kChunkSize, from_blob);
  }
  Chunk* made = chunk.get();
  chunks_.put(index, std::move(chunk));
  allocated_ += wanted;
  return made;
}

std::size_t FileContent::write(std::uint64_t offset, std::span<const std::byte> in,
                               std::uint64_t budget) {
  std::size_t written = 0;
  while (written < in.size()) {
    const std::uint64_t at = offset + written;
    const std::uint64_t within = at % kChunkSize;
    const auto piece =
        static_cast<std::size_t>(std::min<std::uint64_t>(in.size() - written, kChunkSize - within));
    const std::uint64_t before = allocated_;
    Chunk* chunk = chunk_for_write(at / kChunkSize, within + piece, budget);
    if (chunk == nullptr) break;
    budget -= allocated_ - before;
    std::memcpy(chunk->data() + within, in.data() + written, piece);
    written += piece;
    size_ = std::max(size_, at + piece);
  }
  return written;
}

void FileContent::resize(std::uint64_t size) {
  if (size < size_) {
    blob_visible_ = std::min(blob_visible_, size);
    if (blob_visible_ == 0) blob_.reset();
    // A chunk past the end goes; the last one is cut, and what is left of it past the end must read
    // as zeros later.
    const std::uint64_t last = size / kChunkSize;
    std::vector<std::uint64_t> past;
    chunks_.visit_from(last + (size % kChunkSize == 0 ? 0 : 1),
                       [&](std::uint64_t index, const Chunk& chunk) {
                         past.push_back(index);
                         allocated_ -= chunk.size();
                         return true;
                       });
    for (const std::uint64_t index : past) chunks_.erase(index);
    const Chunk* cut = size % kChunkSize == 0 ? nullptr : chunks_.find(last);
    if (cut != nullptr && cut->size() > size % kChunkSize) {
      Chunk& chunk = chunks_.edit(last);
      const std::uint64_t wanted = allocation_for(size % kChunkSize);
      if (wanted < chunk.size()) {
        allocated_ -= chunk.size() - wanted;
        Chunk shorter(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(wanted));
        chunk.swap(shorter);
      }
      std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(size % kChunkSize), chunk.end(),
                std::byte{0});
    }
  }
  size_ = size;
}

bool FileContent::allocate(std::uint64_t offset, std::uint64_t length, std::uint64_t budget) {
  const std::uint64_t end = offset + length;
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t stop = std::min(end, (at / kChunkSize + 1) * kChunkSize);
    const std::uint64_t index = at / kChunkSize;
    const std::uint64_t reach = stop - index * kChunkSize;
    const std::uint64_t before = allocated_;
    const Chunk* there = chunks_.find(index);
    if ((there == nullptr || there->size() < reach) &&
        chunk_for_write(index, reach, budget) == nullptr) {
      return false;
    }
    budget -= allocated_ - before;
    at = stop;
  }
  size_ = std::max(size_, end);
  return true;
}

bool FileContent::equals(const FileContent& other) const {
  if (size_ != other.size_) return false;
  const bool same_blob =
      blob_visible_ == other.blob_visible_ &&
      (blob_ == other.blob_ || (blob_ && other.blob_ && blob_->id == other.blob_->id));
  if (same_blob && chunks_.is_same_as(other.chunks_)) return true;
  std::vector<std::byte> mine(kChunkSize);
  std::vector<std::byte> theirs(kChunkSize);
  for (std::uint64_t at = 0; at < size_; at += kChunkSize) {
    const Chunk* chunk = chunks_.find(at / kChunkSize);
    if (chunk == other.chunks_.find(at / kChunkSize) && (chunk != nullptr || same_blob)) continue;
    const std::size_t length = read(at, mine);
    other.read(at, theirs);
    if (std::memcmp(mine.data(), theirs.data(), length) != 0) return false;
  }
  return true;
}

std::unique_ptr<FileContent> FileContent::assemble(std::uint64_t size,
                                                   std::shared_ptr<const Blob> blob,
                                                   std::uint64_t blob_visible,
                                                   const PersistentArray<Chunk>& chunks) {
  const std::uint64_t available = blob == nullptr ? 0 : blob->bytes.size();
  if (blob_visible > available || blob_visible > size) return nullptr;
  auto content = std::make_unique<FileContent>();
  bool sound = true;
  chunks.visit_from(0, [&](std::uint64_t index, const Chunk& chunk) {
    const std::uint64_t end = index < size / kChunkSize + 1 ? part_in_chunk(size, index) : 0;
    sound = end > 0 && chunk.size() >= kSmallestChunk && chunk.size() <= kChunkSize &&
            std::has_single_bit(chunk.size()) &&
            chunk.size() >= part_in_chunk(blob_visible, index) &&
            is_zero(std::span(chunk).subspan(std::min<std::size_t>(end, chunk.size())));
    content->allocated_ += chunk.size();
    return sound;
  });
  if (!sound) return nullptr;
  content->size_ = size;
  content->blob_visible_ = blob_visible;
  if (blob_visible > 0) content->blob_ = std::move(blob);
  content->chunks_ = chunks;
  return content;
}

}  // namespace skerry::wasi
