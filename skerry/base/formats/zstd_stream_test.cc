// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/zstd_stream.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"

namespace skerry {
namespace {

std::string compressed(std::string_view text, std::size_t step) {
  std::string frame;
  ZstdWriter writer([&](std::span<const std::byte> bytes) {
    frame += as_text(bytes);
    return ok_status();
  });
  for (std::size_t at = 0; at < text.size(); at += step) {
    EXPECT_TRUE(writer.write(as_bytes(text.substr(at, step))).ok());
  }
  EXPECT_TRUE(writer.finish().ok());
  return frame;
}

/// Gives `text` in pieces of up to `step` bytes.
ZstdReader::Source source_of(std::string text, std::size_t step) {
  return [text = std::move(text), step, at = std::size_t{0}](std::span<std::byte> to) mutable {
    const std::size_t size = std::min({to.size(), step, text.size() - at});
    std::memcpy(to.data(), text.data() + at, size);
    at += size;
    return Result<std::size_t>(size);
  };
}

Status read_back(const std::string& frame, std::string& text) {
  ZstdReader reader(source_of(frame, 1000));
  SKERRY_TRY(reader.read(std::as_writable_bytes(std::span(text))));
  return reader.finish();
}

std::string mixed(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size / 2; ++i) text[i] = static_cast<char>(random());
  return text;
}

TEST(ZstdStreamTest, WhatIsWrittenIsRead) {
  for (const std::size_t size : {0, 1, 1000, 3'000'000}) {
    const std::string text = mixed(size);
    for (const std::size_t step : {1 + size / 7, std::size_t{1} << 20}) {
      std::string read(size, '\0');
      const Status status = read_back(compressed(text, step), read);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(read, text);
    }
  }
}

TEST(ZstdStreamTest, MoreAndLessThanIsThereIsRefused) {
  const std::string frame = compressed(mixed(5000), 1000);
  for (const std::size_t size : {4999, 5001}) {
    std::string read(size, '\0');
    EXPECT_EQ(read_back(frame, read).code(), StatusCode::kDataLoss);
  }
  std::string read(5000, '\0');
  EXPECT_EQ(read_back(frame + "x", read).code(), StatusCode::kDataLoss);
  EXPECT_EQ(read_back(frame + frame, read).code(), StatusCode::kDataLoss);
}

TEST(ZstdStreamTest, DamageIsFound) {
  const std::string frame = compressed(mixed(5000), 1000);
  std::string read(5000, '\0');
  for (std::size_t size = 0; size < frame.size(); size += 97) {
    EXPECT_EQ(read_back(frame.substr(0, size), read).code(), StatusCode::kDataLoss) << size;
  }
  for (std::size_t at = 10; at < frame.size(); at += 97) {
    std::string flipped = frame;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    EXPECT_EQ(read_back(flipped, read).code(), StatusCode::kDataLoss) << at;
  }
}

TEST(ZstdStreamTest, AWindowThatIsTooLargeIsRefused) {
  // A frame of an empty raw block, whose header claims a window of 2 to the 30th bytes.
  const std::string frame("\x28\xB5\x2F\xFD\x00\xA0\x01\x00\x00", 9);
  std::string none;
  EXPECT_EQ(read_back(frame, none).code(), StatusCode::kDataLoss);
}

TEST(ZstdStreamTest, AFailingSinkIsTold) {
  ZstdWriter writer(
      [](std::span<const std::byte>) { return absl::ResourceExhaustedError("full"); });
  Status status = writer.write(as_bytes(mixed(3'000'000)));
  status.Update(writer.finish());
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace skerry
