// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_file.h"

#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/image/test_pages.h"

namespace skerry::image {
namespace {

namespace fs = std::filesystem;

// docs/formats/image.md
constexpr std::size_t kHeader = 64;
constexpr std::size_t kVersionAt = 8;

class ImageFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    manifest.module_sha256 = std::string(64, 'a');
    manifest.template_name = "python";
    manifest.globals = {{"__stack_pointer", 65536}, {"big", ~std::uint64_t{0}}};
    manifest.host_state = std::string("any\0bytes\xFF", 10);
    manifest.facts = {{"recipe", "1"}, {"random state numpy", "4096"}};
    manifest.created_unix_ns = 1'700'000'000'123'456'789;
    ASSERT_TRUE(write_image(path, manifest, pages).ok());
    whole = read_file(path, mib(16)).value();
  }

  Status open_bytes(std::string_view text) const {
    const fs::path other = directory / "other.image";
    const auto file = open_file(other, O_WRONLY | O_CREAT | O_TRUNC);
    EXPECT_TRUE(write_all(file->get(), as_bytes(text)).ok());
    return open_image(other).status();
  }

  const TestDirectory directory;
  const fs::path path = directory / "python.image";
  const std::vector<std::byte> pages = image::testing::patterned(4 * kWasmPageSize);
  Manifest manifest;
  std::string whole;
};

TEST_F(ImageFileTest, WhatIsWrittenIsRead) {
  const auto image = open_image(path);
  ASSERT_TRUE(image.ok()) << image.status();
  const Manifest& read = (*image)->manifest;
  EXPECT_EQ(read.module_sha256, manifest.module_sha256);
  EXPECT_EQ(read.template_name, manifest.template_name);
  EXPECT_EQ(read.globals, manifest.globals);
  EXPECT_EQ(read.host_state, manifest.host_state);
  EXPECT_EQ(read.facts, manifest.facts);
  EXPECT_EQ(read.created_unix_ns, manifest.created_unix_ns);
  EXPECT_EQ(testing::whole(*(*image)->pages), pages);
  EXPECT_TRUE(verify_pages(path).ok());
}

TEST_F(ImageFileTest, EmptyManifestFieldsAreKept) {
  ASSERT_TRUE(write_image(path, Manifest{}, pages).ok());
  const auto image = open_image(path);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_TRUE((*image)->manifest.globals.empty());
  EXPECT_TRUE((*image)->manifest.host_state.empty());
}

TEST_F(ImageFileTest, ZeroPagesAreHoles) {
  std::vector<std::byte> sparse(mib(16).value);
  sparse[5 * kPageSize + 1] = std::byte{1};
  sparse[sparse.size() - 1] = std::byte{2};
  ASSERT_TRUE(write_image(path, manifest, sparse).ok());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_GE(static_cast<std::uint64_t>(info.st_size), sparse.size());
  EXPECT_LT(info.st_blocks * 512, 256 * 1024);
  const auto image = open_image(path);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(testing::whole(*(*image)->pages), sparse);
  EXPECT_TRUE(verify_pages(path).ok());
}

TEST_F(ImageFileTest, SizeThatIsNoWholeWasmPageIsNotWritten) {
  EXPECT_EQ(write_image(path, manifest, {}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_image(path, manifest, std::span(pages).first(kPageSize)).code(),
            StatusCode::kInvalidArgument);
}

TEST_F(ImageFileTest, MissingFileIsNotFound) {
  EXPECT_EQ(open_image(directory / "none").status().code(), StatusCode::kNotFound);
}

TEST_F(ImageFileTest, TruncationAtAnyLengthIsDataLoss) {
  std::vector<std::size_t> lengths;
  for (std::size_t length = 0; length < kHeader + 400; ++length) lengths.push_back(length);
  for (std::size_t length = kHeader + 400; length < whole.size(); length += 4093)
    lengths.push_back(length);
  lengths.push_back(whole.size() - 1);
  for (const std::size_t length : lengths) {
    ASSERT_EQ(open_bytes(std::string_view(whole).substr(0, length)).code(), StatusCode::kDataLoss)
        << length;
  }
}

TEST_F(ImageFileTest, BytesBehindTheEndAreDataLoss) {
  EXPECT_EQ(open_bytes(whole + "x").code(), StatusCode::kDataLoss);
  EXPECT_EQ(open_bytes(whole + std::string(kWasmPageSize, '\0')).code(), StatusCode::kDataLoss);
}

TEST_F(ImageFileTest, NoBitOfTheHeaderCanChange) {
  for (std::size_t bit = 0; bit < kHeader * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const bool is_version = bit / 8 >= kVersionAt && bit / 8 < kVersionAt + 4;
    ASSERT_EQ(open_bytes(changed).code(),
              is_version ? StatusCode::kUnimplemented : StatusCode::kDataLoss)
        << "bit " << bit;
  }
}

TEST_F(ImageFileTest, NoByteOfTheManifestCanChange) {
  std::uint32_t size = 0;
  std::memcpy(&size, whole.data() + 12, sizeof size);
  for (std::size_t at = kHeader; at < kHeader + size; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    ASSERT_EQ(open_bytes(changed).code(), StatusCode::kDataLoss) << at;
  }
}

TEST_F(ImageFileTest, ExtremeHeaderFieldsAreDataLoss) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{4096}, ~std::uint64_t{0}, std::uint64_t{1} << 63,
        ~std::uint64_t{4095}, std::uint64_t{65535} * 65536, std::uint64_t{65536} * 65536}) {
    for (const std::size_t at : {std::size_t{16}, std::size_t{24}}) {
      std::string changed = whole;
      std::memcpy(changed.data() + at, &value, sizeof value);
      if (changed == whole) continue;
      EXPECT_EQ(open_bytes(changed).code(), StatusCode::kDataLoss) << value << " at " << at;
    }
  }
  std::string changed = whole;
  std::memset(changed.data() + 12, 0xFF, 4);
  EXPECT_EQ(open_bytes(changed).code(), StatusCode::kDataLoss);
}

TEST_F(ImageFileTest, AnotherVersionSaysWhichIsRead) {
  std::string changed = whole;
  changed[kVersionAt] = 2;
  const Status status = open_bytes(changed);
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(message_of(status).find("image format 2, this program reads 1"), std::string_view::npos)
      << status;
}

TEST_F(ImageFileTest, DamageNamesTheFile) {
  const Status status = open_bytes("SKRYIMG");
  EXPECT_NE(message_of(status).find("other.image"), std::string_view::npos) << status;
}

TEST_F(ImageFileTest, VerifyFindsAFlippedPageByte) {
  const auto file = open_file(path, O_WRONLY);
  const char other = static_cast<char>(~whole[whole.size() - 70'000]);
  ASSERT_EQ(::pwrite(file->get(), &other, 1, static_cast<off_t>(whole.size() - 70'000)), 1);
  EXPECT_TRUE(open_image(path).ok()) << "opening does not hash the pages";
  EXPECT_EQ(verify_pages(path).code(), StatusCode::kDataLoss);
}

TEST_F(ImageFileTest, MappedImageOutlivesItsName) {
  const auto image = open_image(path);
  fs::remove(path);
  EXPECT_EQ(testing::whole(*(*image)->pages), pages);
}

}  // namespace
}  // namespace skerry::image
