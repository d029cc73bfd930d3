// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/file_content.h"

#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"

namespace skerry::wasi {
namespace {

constexpr std::uint64_t kPlenty = 1u << 30;

std::string all_of(const FileContent& content) {
  std::string text(content.size(), '?');
  EXPECT_EQ(content.read(0, std::as_writable_bytes(std::span(text))), text.size());
  return text;
}

FileContent blob_content(std::shared_ptr<const std::string> text) {
  return FileContent(std::make_shared<const Blob>(Blob{as_bytes(*text), "id", text}));
}

TEST(FileContentTest, HoleReadsAsZerosAndCostsNothing) {
  FileContent content;
  content.resize(1'000'000);
  EXPECT_EQ(all_of(content), std::string(1'000'000, '\0'));
  EXPECT_EQ(content.allocated(), 0u);
}

TEST(FileContentTest, ByteByByteAllocatesLittleMoreThanIsThere) {
  FileContent content;
  for (std::uint64_t i = 0; i < 200'000; ++i) content.write(i, as_bytes("x"), kPlenty);
  EXPECT_EQ(content.size(), 200'000u);
  EXPECT_EQ(content.allocated(), 3 * FileContent::kChunkSize + 4096);
  FileContent small;
  small.write(0, as_bytes("x"), kPlenty);
  EXPECT_EQ(small.allocated(), FileContent::kSmallestChunk);
}

TEST(FileContentTest, WhatWasCutOffDoesNotComeBack) {
  FileContent content;
  content.write(0, as_bytes(std::string(100'000, 'x')), kPlenty);
  content.resize(10);
  content.resize(100'000);
  EXPECT_EQ(all_of(content), std::string(10, 'x') + std::string(99'990, '\0'));
  EXPECT_EQ(content.allocated(), FileContent::kSmallestChunk);
}

TEST(FileContentTest, WriteStopsWhereTheBudgetEnds) {
  FileContent content;
  EXPECT_EQ(content.write(0, as_bytes(std::string(200'000, 'x')), 2 * FileContent::kChunkSize),
            2 * FileContent::kChunkSize);
  EXPECT_EQ(content.size(), 2 * FileContent::kChunkSize);
  EXPECT_EQ(content.write(content.size(), as_bytes("x"), 511), 0u);
}

TEST(FileContentTest, WriteToBlobCopiesOneChunkAndLeavesTheBlob) {
  const auto text = std::make_shared<const std::string>(300'000, 'b');
  FileContent content = blob_content(text);
  content.write(100'000, as_bytes("new"), kPlenty);
  EXPECT_EQ(content.allocated(), FileContent::kChunkSize);
  std::string expected = *text;
  expected.replace(100'000, 3, "new");
  EXPECT_EQ(all_of(content), expected);
  EXPECT_EQ(*text, std::string(300'000, 'b'));
}

TEST(FileContentTest, CutBlobReadsAsZerosWhenGrownAgain) {
  FileContent content = blob_content(std::make_shared<const std::string>(1000, 'b'));
  content.resize(10);
  content.resize(20);
  EXPECT_EQ(all_of(content), std::string(10, 'b') + std::string(10, '\0'));
}

TEST(FileContentTest, AllocatedRangeCanBeWrittenWithoutBudget) {
  FileContent content;
  ASSERT_TRUE(content.allocate(1000, 100'000, kPlenty));
  EXPECT_EQ(content.size(), 101'000u);
  EXPECT_EQ(content.write(1000, as_bytes(std::string(100'000, 'x')), 0), 100'000u);
}

/// Where the data lies, adjacent stretches joined: "0+10 65536+5 ".
std::string stretches_of(const FileContent& content) {
  std::string text;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const auto add = [&] {
    if (begin < end) text += std::to_string(begin) + "+" + std::to_string(end - begin) + " ";
  };
  content.visit_data([&](std::uint64_t offset, std::uint64_t length) {
    EXPECT_GT(length, 0U);
    EXPECT_GE(offset, end);
    if (offset != end) {
      add();
      begin = offset;
    }
    end = offset + length;
  });
  add();
  return text;
}

TEST(FileContentTest, DataIsVisitedWithoutItsHoles) {
  FileContent content;
  EXPECT_EQ(stretches_of(content), "");
  content.resize(std::uint64_t{1} << 40);
  EXPECT_EQ(stretches_of(content), "") << "in no time, however large";
  content.write(0, as_bytes("x"), kPlenty);
  content.write(1'000'000, as_bytes(std::string(70'000, 'x')), kPlenty);
  EXPECT_EQ(stretches_of(content), "0+512 983040+98304 ");
  content.resize(1'000'001);
  EXPECT_EQ(stretches_of(content), "0+512 983040+16961 ");
}

TEST(FileContentTest, BlobsDataIsVisitedAroundWhatWasWrittenOverIt) {
  FileContent content = blob_content(std::make_shared<const std::string>(200'000, 'b'));
  EXPECT_EQ(stretches_of(content), "0+200000 ");
  content.write(100'000, as_bytes("x"), kPlenty);
  EXPECT_EQ(stretches_of(content), "0+200000 ");
  content.resize(150'000);
  content.resize(400'000);
  content.write(300'000, as_bytes("x"), kPlenty);
  EXPECT_EQ(stretches_of(content), "0+150000 262144+65536 ");
}

TEST(FileContentTest, OwnSizeIsWithoutTheBlobAndWithHoles) {
  FileContent content;
  content.resize(1'000'000);
  EXPECT_EQ(content.own_size(), 1'000'000U);
  FileContent blob = blob_content(std::make_shared<const std::string>(300'000, 'b'));
  EXPECT_EQ(blob.own_size(), 0U);
  blob.resize(1'300'000);
  EXPECT_EQ(blob.own_size(), 1'000'000U);
  blob.resize(100'000);
  blob.resize(300'000);
  EXPECT_EQ(blob.own_size(), 200'000U);
}

TEST(FileContentTest, AgreesWithAStringThroughRandomChangesAndCopies) {
  std::mt19937 random(3);
  const auto text = std::make_shared<const std::string>(150'000, 'b');
  FileContent content = blob_content(text);
  std::string model = *text;
  FileContent snapshot = content;
  std::string snapshot_model = model;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t at = random() % 250'000;
    if (random() % 4 == 0) {
      content.resize(at);
      model.resize(at, '\0');
    } else {
      const std::string in(1 + random() % 70'000, static_cast<char>('a' + step % 26));
      if (model.size() < at + in.size()) model.resize(at + in.size(), '\0');
      model.replace(at, in.size(), in);
      ASSERT_EQ(content.write(at, as_bytes(in), kPlenty), in.size());
    }
    ASSERT_TRUE(all_of(content) == model) << step;
    std::string from_stretches(content.size(), '\0');
    content.visit_data([&](std::uint64_t offset, std::uint64_t length) {
      content.read(offset,
                   std::as_writable_bytes(std::span(from_stretches).subspan(offset, length)));
    });
    ASSERT_TRUE(from_stretches == model) << step;
    if (random() % 100 == 0) {
      ASSERT_TRUE(all_of(snapshot) == snapshot_model) << step;
      EXPECT_EQ(content.equals(snapshot), model == snapshot_model);
      snapshot = content;
      snapshot_model = model;
      EXPECT_TRUE(content.equals(snapshot));
    }
  }
}

}  // namespace
}  // namespace skerry::wasi
