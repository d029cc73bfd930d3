// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "skerry/wasi/files/persistent_array.h"

namespace skerry::wasi {

/// Bytes of the host's that appear as a file's content without being copied: a mapped archive, say.
struct Blob {
  std::span<const std::byte> bytes;
  /// Stands for the bytes where state is stored, so it must be theirs alone: the 64 hexadecimal
  /// digits of their SHA-256.
  std::string id;
  /// Keeps `bytes` alive.
  std::shared_ptr<const void> keeper;
};

/// The bytes of one file. A copy shares them and costs a few pointers; a change copies one chunk at
/// most.
///
/// Content is chunks over an optional blob: a chunk that is absent reads as the blob, and past the
/// blob as zeros. Chunks are allocated in powers of two from 512 bytes to 64 KiB, so that small
/// files are cheap and a file that is written byte by byte costs O(1) a byte.
///
/// Owns its chunks together with its copies; keeps its blob alive. Confined to one thread, all
/// copies together.
class FileContent {
 public:
  using Chunk = std::vector<std::byte>;

  /// Bytes. What one write to shared content copies at most; a quarter of it would double the
  /// pointers of large files.
  static constexpr std::uint64_t kChunkSize = 65536;
  static constexpr std::uint64_t kSmallestChunk = 512;

  /// Empty.
  FileContent() = default;
  explicit FileContent(std::shared_ptr<const Blob> blob);

  /// Bytes, holes included.
  std::uint64_t size() const { return size_; }
  /// Bytes allocated in chunks; what Quotas::file_bytes counts.
  std::uint64_t allocated() const { return allocated_; }
  /// Bytes that are not the blob's, holes included; what Quotas::total_size counts.
  std::uint64_t own_size() const { return size_ - blob_visible_; }

  /// Copies what there is from `offset` on, and returns how many bytes: less than asked for only at
  /// the end.
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) const;

  /// Writes at `offset`, growing the file as needed, with at most `budget` more bytes allocated.
  /// Returns how many bytes were written: less than given only when the budget is spent. The caller
  /// checks the size.
  std::size_t write(std::uint64_t offset, std::span<const std::byte> in, std::uint64_t budget);

  /// Cuts off, or grows with a hole.
  void resize(std::uint64_t size);

  /// Makes sure that no later write to the range needs more room, growing the file to its end.
  /// False, and part of it done, when the budget is spent.
  [[nodiscard]] bool allocate(std::uint64_t offset, std::uint64_t length, std::uint64_t budget);

  /// Calls `visit(offset, length)` for each stretch that holds data, in order, none of them empty.
  /// What lies between them is a hole: it reads as zeros. Adjacent stretches may come apart.
  template <typename Visit>
  void visit_data(Visit&& visit) const;

  /// Whether the bytes are the same. Chunks that both share are not looked at.
  bool equals(const FileContent& other) const;

  /// Null when it has none. Only its first `blob_visible()` bytes count, and only where there is no
  /// chunk.
  const std::shared_ptr<const Blob>& blob() const { return blob_; }
  std::uint64_t blob_visible() const { return blob_visible_; }
  const PersistentArray<Chunk>& chunks() const { return chunks_; }

  /// Content from its parts, as they were stored. Null when they contradict each other: a chunk
  /// that is out of place or of a size that is not allocated, or has bytes past the end, or a blob
  /// that is too short.
  static std::unique_ptr<FileContent> assemble(std::uint64_t size, std::shared_ptr<const Blob> blob,
                                               std::uint64_t blob_visible,
                                               const PersistentArray<Chunk>& chunks);

 private:
  Chunk* chunk_for_write(std::uint64_t index, std::uint64_t end, std::uint64_t budget);

  std::uint64_t size_ = 0;
  std::uint64_t allocated_ = 0;
  std::shared_ptr<const Blob> blob_;  // shared: immutable, one for all copies of a file
  std::uint64_t blob_visible_ = 0;
  PersistentArray<Chunk> chunks_;
};

template <typename Visit>
void FileContent::visit_data(Visit&& visit) const {
  std::uint64_t at = 0;  // the blob is visited up to here
  const auto visit_blob_up_to = [&](std::uint64_t end) {
    if (at < end) visit(at, end - at);
    at = std::max(at, end);
  };
  chunks_.visit_from(0, [&](std::uint64_t index, const Chunk& chunk) {
    const std::uint64_t start = index * kChunkSize;
    visit_blob_up_to(std::min(start, blob_visible_));
    visit(start, std::min<std::uint64_t>(chunk.size(), size_ - start));
    at = start + kChunkSize;
    return true;
  });
  visit_blob_up_to(blob_visible_);
}

}  // namespace skerry::wasi
