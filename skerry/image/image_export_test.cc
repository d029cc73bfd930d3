// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_export.h"

#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/file.h"
#include "skerry/base/sha256.h"
#include "skerry/base/zstd_stream.h"
#include "skerry/image/page_container.h"
#include "skerry/image/test_template.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

// docs/formats/session_export.md
constexpr std::size_t kHeader = 64;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kManifestSizeAt = 12;
constexpr std::size_t kPagesSizeAt = 16;
constexpr std::size_t kBodySizeAt = 24;
constexpr std::size_t kHashAt = 32;

class ImageExportTest : public ::testing::Test {
 protected:
  static Result<Export> read(std::string_view file) {
    const OwnedFd fd = testing::memory_file(as_bytes(file));
    return read_export(fd.get(), testing::memory_file({}), [](double) {});
  }

  static std::string content_of(int fd) {
    (void)::lseek(fd, 0, SEEK_SET);
    return read_all(fd, mib(64)).value();
  }

  std::string exported() const {
    const OwnedFd fd = testing::memory_file({});
    EXPECT_TRUE(write_export(fd.get(), *made.root.file_image, {"s", 7}, [](double) {}).ok());
    return content_of(fd.get());
  }

  static void set(std::string& file, std::size_t at, std::uint64_t value, std::size_t size) {
    std::memcpy(file.data() + at, &value, size);
  }

  /// Makes the hash fit, as who means harm would.
  static void sign(std::string& file) {
    const auto digest =
        digest_of(sha256_hex(as_bytes(file.substr(0, kHashAt) + file.substr(kHeader))));
    std::memcpy(file.data() + kHashAt, digest.data(), digest.size());
  }

  /// A file around this manifest and that many pages, with a hash that fits.
  static std::string file_of(const proto::SessionExport& message, std::size_t pages) {
    const std::string manifest = message.SerializeAsString();
    std::string file("SKRYEXP\0", 8);
    file.resize(kHeader);
    ZstdWriter writer([&](std::span<const std::byte> bytes) {
      file += as_text(bytes);
      return ok_status();
    });
    EXPECT_TRUE(writer.write(as_bytes(manifest + std::string(pages * kPageSize, 'x'))).ok());
    EXPECT_TRUE(writer.finish().ok());
    set(file, kVersionAt, 1, 4);
    set(file, kManifestSizeAt, manifest.size(), 4);
    set(file, kPagesSizeAt, pages * kPageSize, 8);
    set(file, kBodySizeAt, file.size() - kHeader, 8);
    sign(file);
    return file;
  }

  static proto::SessionExport good() {
    proto::SessionExport message;
    message.set_session("s");
    message.set_template_name("test");
    message.set_module_sha256(std::string(64, 'a'));
    message.set_memory_size(2 * kWasmPageSize);
    auto* run = message.add_runs();
    run->set_first(3);
    run->set_count(2);
    return message;
  }

  testing::TestTemplate made;
};

TEST_F(ImageExportTest, HoldsAllOfMemoryAndTheManifest) {
  const auto read_back = read(exported());
  ASSERT_TRUE(read_back.ok()) << read_back.status();
  EXPECT_EQ(read_back->origin.session, "s");
  EXPECT_EQ(read_back->origin.revision, 7);
  const Manifest& manifest = read_back->manifest;
  EXPECT_EQ(manifest.module_sha256, made.root.file_image->manifest.module_sha256);
  EXPECT_EQ(manifest.template_name, "test");
  EXPECT_EQ(manifest.globals, made.root.file_image->manifest.globals);
  EXPECT_EQ(read_back->captured.state.host_state, "state 0");
  std::vector<std::byte> memory(read_back->captured.state.memory_size);
  auto pages = read_back->captured.pages();
  for (const PageRun& run : read_back->captured.state.changed) {
    std::memcpy(memory.data() + run.first * kPageSize, pages.data(), run.count * kPageSize);
    pages = pages.subspan(run.count * kPageSize);
  }
  EXPECT_EQ(memory, testing::patterned(testing::kTemplateSize));
}

TEST_F(ImageExportTest, LongGapsOfZerosAreLeftOut) {
  std::vector<std::byte> bytes(64 * kWasmPageSize);
  bytes[0] = bytes[9 * kPageSize] = bytes[500 * kPageSize] = std::byte{1};
  Image image = *made.root.file_image;
  image.pages = testing::base_pages(bytes);
  const OwnedFd fd = testing::memory_file({});
  ASSERT_TRUE(write_export(fd.get(), image, {"s", 1}, [](double) {}).ok());
  const auto read_back = read(content_of(fd.get()));
  ASSERT_TRUE(read_back.ok()) << read_back.status();
  EXPECT_EQ(read_back->captured.state.changed, (std::vector<PageRun>{{0, 10}, {500, 1}}));
}

TEST_F(ImageExportTest, WhatIsCutOffSaysSo) {
  const std::string whole = exported();
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{63}, kHeader, whole.size() / 2, whole.size() - 1}) {
    const Status status = read(whole.substr(0, size)).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_NE(message_of(status).find("cut off"), std::string_view::npos) << status;
  }
  EXPECT_NE(message_of(read(whole + "x").status()).find("behind it"), std::string_view::npos);
  for (const std::string_view other : {"", "SKRY", "PK\3\4 a zip file that is longer than it"}) {
    EXPECT_NE(message_of(read(other).status()).find("something else"), std::string_view::npos);
  }
}

TEST_F(ImageExportTest, AFlippedBitIsFound) {
  const std::string whole = exported();
  for (std::size_t at = kHashAt; at < whole.size(); at += 53) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 16);
    const Status status = read(flipped).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_NE(message_of(status).find("checksum"), std::string_view::npos) << at << status;
  }
}

TEST_F(ImageExportTest, AnotherVersionIsNamed) {
  std::string file = exported();
  set(file, kVersionAt, 9, 4);
  sign(file);
  const Status status = read(file).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(message_of(status).find("format 9, this program reads 1"), std::string_view::npos);
}

TEST_F(ImageExportTest, ClaimsAreRefusedBeforeAnythingIsAllocated) {
  const std::string whole = exported();
  for (const auto& [at, size] :
       {std::pair{kManifestSizeAt, 4}, {kPagesSizeAt, 8}, {kBodySizeAt, 8}}) {
    std::string file = whole;
    set(file, at, std::uint64_t{100} << 30 | 0xF0000000, static_cast<std::size_t>(size));
    sign(file);
    const Status status = read(file).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_NE(message_of(status).find("claims more"), std::string_view::npos) << status;
  }
  // Within the limits, but not what is there.
  for (const std::uint64_t pages : {std::uint64_t{0}, std::uint64_t{4} << 30 >> 1}) {
    std::string file = file_of(good(), 2);
    set(file, kPagesSizeAt, pages, 8);
    sign(file);
    EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
  }
  std::string file = file_of(good(), 2);
  set(file, kManifestSizeAt, 200 << 20, 4);
  sign(file);
  EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
}

TEST_F(ImageExportTest, LiesInTheManifestAreRefused) {
  ASSERT_TRUE(read(file_of(good(), 2)).ok());
  const auto refused = [&](const auto& change, std::size_t pages = 2) {
    auto message = good();
    change(message);
    return read(file_of(message, pages)).status().code() == StatusCode::kDataLoss;
  };
  constexpr std::size_t kPages = 2 * kWasmPageSize / kPageSize;
  EXPECT_TRUE(refused([](auto&) {}, 1));
  EXPECT_TRUE(refused([](auto&) {}, 3));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(0); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(kWasmPageSize + 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(std::uint64_t{100} << 30); }));
  EXPECT_TRUE(refused([](auto& m) { m.mutable_runs(0)->set_first(kPages - 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.mutable_runs(0)->set_first(~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.mutable_runs(0)->set_count(~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.mutable_runs(0)->set_count(0); }, 0));
  EXPECT_TRUE(refused([](auto& m) { *m.add_runs() = m.runs(0); }, 4));
  for (const char* hash : {"", "../../../etc/passwd", "A"}) {
    EXPECT_TRUE(refused([&](auto& m) { m.set_module_sha256(hash); }));
  }
  for (const std::string& name : {std::string(), std::string("\x1b[2J"), std::string(129, 'a')}) {
    EXPECT_TRUE(refused([&](auto& m) { m.set_session(name); }));
    EXPECT_TRUE(refused([&](auto& m) { m.set_template_name(name); }));
  }
  // Not a message at all.
  std::string file = file_of(good(), 2);
  set(file, kManifestSizeAt, 3, 4);
  sign(file);
  EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
}

TEST_F(ImageExportTest, NoiseIsRefused) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string file = exported().substr(0, kHeader);
    file.resize(kHeader + random() % 300);
    for (std::size_t at = kHeader; at < file.size(); ++at) file[at] = static_cast<char>(random());
    set(file, kBodySizeAt, file.size() - kHeader, 8);
    sign(file);
    EXPECT_FALSE(read(file).ok());
  }
}

}  // namespace
}  // namespace skerry::image
