// SPDX-License-Identifier: Apache-2.0
// What stored states take of memory and time, whoever wrote them.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/sanitizer.h"
#include "skerry/base/test_usage.h"
#include "skerry/host_state.pb.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::wasi {
namespace {

using skerry::testing::doubling_ratio;
using skerry::testing::kLinear;
using skerry::testing::peak_memory_of;

constexpr Quotas kQuotas{
    .file_bytes = mib(8), .file_size = mib(8), .inodes = 4000, .entries = 8000};
constexpr std::uint64_t kChunks = mib(8).value / FileContent::kSmallestChunk;

Result<Blob> no_blob(std::string_view) { return absl::NotFoundError("no such blob"); }

Result<HostState> decoded_within(const std::string& bytes, const Quotas& quotas = kQuotas) {
  return decode(as_bytes(bytes), no_blob, quotas);
}

/// `count` times the same field, `piece`, with its tag.
std::string fields(std::uint32_t number, const std::string& piece, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += static_cast<char>(number << 3 | 2);
    all += static_cast<char>(piece.size());
    all += piece;
  }
  return all;
}

/// A field of any length.
std::string field(std::uint32_t number, const std::string& bytes) {
  std::string all(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) all += static_cast<char>((size & 0x7F) | 0x80);
  return all + static_cast<char>(size) + bytes;
}

/// The root, so that what lies below it is looked at.
proto::HostState state_with_root() {
  proto::HostState message;
  message.set_version(1);
  auto& files = *message.mutable_files();
  files.set_next_inode(1u << 20);
  auto& root = *files.add_inodes();
  root.set_number(1);
  root.mutable_directory()->set_parent(1);
  root.mutable_directory()->set_next_cookie(1u << 20);
  return message;
}

void add_name(proto::HostState& message, std::uint64_t inode, std::uint64_t cookie) {
  auto& entry = *message.mutable_files()->mutable_inodes(0)->mutable_directory()->add_entries();
  entry.set_name("n" + std::to_string(cookie));
  entry.set_inode(inode);
  entry.set_cookie(cookie);
}

/// As many files as given, each with a chunk of its own of so many bytes.
std::string many_files(std::size_t files, std::size_t size) {
  auto message = state_with_root();
  for (std::size_t i = 0; i < files; ++i) {
    auto& inode = *message.mutable_files()->add_inodes();
    inode.set_number(2 + i);
    inode.mutable_file()->set_size(size);
    auto& chunk = *inode.mutable_file()->add_chunks();
    chunk.set_chunk(static_cast<std::uint32_t>(i));
    chunk.set_allocated(static_cast<std::uint32_t>(size));
    message.mutable_files()->add_chunks(std::string(size, 'x'));
    add_name(message, 2 + i, 3 + i);
  }
  return message.SerializeAsString();
}

/// One file with as many chunks of 512 bytes as given, far from each other.
std::string scattered_chunks(std::size_t count) {
  auto message = state_with_root();
  auto& inode = *message.mutable_files()->add_inodes();
  inode.set_number(2);
  inode.mutable_file()->set_size(mib(256).value);
  for (std::size_t i = 0; i < count; ++i) {
    auto& chunk = *inode.mutable_file()->add_chunks();
    chunk.set_index(i);
    chunk.set_allocated(FileContent::kSmallestChunk);
  }
  message.mutable_files()->add_chunks("x");
  add_name(message, 2, 3);
  return message.SerializeAsString();
}

/// So many hard links to one file.
std::string many_names(std::size_t count) {
  auto message = state_with_root();
  auto& inode = *message.mutable_files()->add_inodes();
  inode.set_number(2);
  inode.mutable_file();
  for (std::size_t i = 0; i < count; ++i) add_name(message, 2, 3 + i);
  return message.SerializeAsString();
}

TEST(HostStateBudgetTest, WhatFillsTheQuotasIsTaken) {
  ASSERT_TRUE(decoded_within(many_files(3999, 2048)).ok());
  EXPECT_TRUE(decoded_within(many_files(127, 65536)).ok());
  EXPECT_TRUE(decoded_within(many_names(8000)).ok());
  EXPECT_FALSE(decoded_within(many_files(4000, 512)).ok());
  EXPECT_FALSE(decoded_within(many_names(8001)).ok());
  EXPECT_FALSE(decoded_within(many_files(129, 65536)).ok());
}

TEST(HostStateBudgetTest, WhatEncodeWritesFitsTheBound) {
  FileSystem files(kQuotas);
  ASSERT_TRUE(add_file(files, "/all", as_bytes(std::string(mib(7).value, 'x'))).ok());
  const std::string name(250, 'n');
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(add_file(files, "/" + name + std::to_string(i), as_bytes("y")).ok());
  }
  const auto stored = encode(HostState(std::move(files)));
  ASSERT_TRUE(stored.ok());
  EXPECT_LT(stored->size(), max_encoded_size(kQuotas).value);
  EXPECT_TRUE(decoded_within(*stored).ok());
}

TEST(HostStateBudgetTest, HostileStatesTakeNoMoreThanFourTimesTheirQuota) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  const std::size_t many = 3 << 20;
  const std::string links = fields(2, fields(8, std::string(100, 'l'), 1), many / 30);
  const std::pair<const char*, std::string> states[] = {
      {"empty inodes", field(2, fields(2, "", many))},
      {"empty files", field(2, fields(2, fields(6, "", 1), many))},
      {"empty chunks", field(2, fields(3, "", many))},
      {"as many chunks as may be", field(2, fields(3, "", kChunks))},
      {"references", field(2, field(2, field(6, fields(3, "", many))))},
      {"names", field(2, field(2, field(7, fields(3, "", many))))},
      {"links", field(2, links)},
      {"descriptors", fields(3, "", many)},
      {"removed inodes", field(8, std::string(many, '\1'))},
      {"unknown fields", fields(14, "", many)},
      {"one blob after the other", field(2, field(2, field(6, fields(2, "", many))))},
      {"files", many_files(3999, 2048)},
      {"large files", many_files(127, 65536)},
      {"links to one", many_names(8000)}};
  for (const auto& [name, state] : states) {
    const std::uint64_t quota = max_memory(kQuotas).value;
    const std::uint64_t peak = peak_memory_of([&] { (void)decoded_within(state); }).value;
    EXPECT_LE(peak, 4 * quota) << name << ": " << (peak >> 20) << " MiB";
    // Of what is refused nothing is built.
    if (!decoded_within(state).ok()) {
      EXPECT_LE(peak, mib(8).value) << name << ": " << (peak >> 20) << " MiB";
    }
    const std::uint64_t merged = peak_memory_of([&] {
                                   (void)with_files_of(as_bytes(state), as_bytes(state), kQuotas);
                                 }).value;
    EXPECT_LE(merged, 4 * quota) << name << ", merged: " << (merged >> 20) << " MiB";
  }
}

TEST(HostStateBudgetTest, TwiceAsMuchTakesTwiceAsLong) {
  constexpr Quotas kLarge{};
  const auto read = [&](const std::string& state) { (void)decoded_within(state, kLarge); };
  const std::pair<const char*, std::function<std::string(std::size_t)>> kinds[] = {
      {"files", [](std::size_t n) { return many_files(n, 512); }},
      {"names", many_names},
      {"chunks of one file", [](std::size_t n) { return scattered_chunks(n / 2); }},
      {"descriptors", [](std::size_t n) { return fields(3, "", 100 * n); }},
      {"removed inodes", [](std::size_t n) { return field(8, std::string(100 * n, '\1')); }},
      {"unused chunks", [](std::size_t n) { return field(2, fields(3, "", 40 * n)); }},
      {"empty inodes", [](std::size_t n) { return field(2, fields(2, "", 100 * n)); }}};
  for (const auto& [name, make] : kinds) {
    EXPECT_LT(doubling_ratio(4000, make, read), kLinear) << name;
  }
}

}  // namespace
}  // namespace skerry::wasi
