// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/sealed_file.h"

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

namespace fs = std::filesystem;
using Depth = SealedFile::Depth;

class SealedFileTest : public testing::Test {
 protected:
  SealedFileTest() {
    EXPECT_TRUE(write_file(path, as_bytes(content)).ok());
    EXPECT_TRUE(SealedFile::seal(path).ok());
  }

  std::string seal_text() const { return read_file(seal, kib(4)).value_or(""); }

  /// Writes one other byte in place.
  void change_byte() const {
    const auto file = open_file(path, O_WRONLY);
    ASSERT_EQ(::pwrite(file->get(), "X", 1, 5000), 1);
  }

  void expect_data_loss(Depth depth) const {
    const auto result = SealedFile::check(path, depth);
    EXPECT_EQ(result.status().code(), StatusCode::kDataLoss) << result.status();
    EXPECT_NE(message_of(result.status()).find(path.native()), std::string_view::npos)
        << result.status();
  }

  const TestDirectory directory;
  const fs::path path = directory / "code.native";
  const fs::path seal = directory / "code.native.seal";
  const std::string content = std::string(10'000, 'c');
};

TEST_F(SealedFileTest, GoodFileGivesItsHash) {
  for (const Depth depth : {Depth::kTimes, Depth::kHash}) {
    const auto hash = SealedFile::check(path, depth);
    ASSERT_TRUE(hash.ok()) << hash.status();
    EXPECT_EQ(*hash, sha256_hex(as_bytes(content)));
  }
}

TEST_F(SealedFileTest, TouchedFileOfTheSameBytesIsSealedAnew) {
  const std::string before = seal_text();
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_TRUE(SealedFile::check(path, Depth::kTimes).ok());
  const std::string after = seal_text();
  EXPECT_NE(after, before);
  EXPECT_TRUE(SealedFile::check(path, Depth::kTimes).ok());
  EXPECT_EQ(seal_text(), after) << "nothing to renew the second time";
}

TEST_F(SealedFileTest, CopyWithItsSealIsHashedAndTaken) {
  fs::copy(path, directory / "copy");
  fs::copy(seal, directory / "copy.seal");
  EXPECT_TRUE(SealedFile::check(directory / "copy", Depth::kTimes).ok());
}

TEST_F(SealedFileTest, ChangedByteIsDataLossThatNamesTheFile) {
  change_byte();
  expect_data_loss(Depth::kTimes);
  expect_data_loss(Depth::kHash);
}

TEST_F(SealedFileTest, RestoredTimesDoNotHideAChange) {
  struct stat before{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  change_byte();
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  expect_data_loss(Depth::kTimes);  // the change time cannot be set
  expect_data_loss(Depth::kHash);
}

TEST_F(SealedFileTest, HashDepthReadsTheFileEvenWhereTimesFit) {
  // As after a bit flipped at rest: other bytes under the times that the seal names.
  const std::string first_two_lines = seal_text().substr(0, 14 + 65);
  change_byte();
  struct stat now{};
  ASSERT_EQ(::stat(path.c_str(), &now), 0);
  const std::string times =
      std::to_string(now.st_size) + " " + std::to_string(now.st_ino) + " " +
      std::to_string(now.st_mtim.tv_sec) + "." + std::to_string(now.st_mtim.tv_nsec) + " " +
      std::to_string(now.st_ctim.tv_sec) + "." + std::to_string(now.st_ctim.tv_nsec) + "\n";
  ASSERT_TRUE(write_file(seal, as_bytes(first_two_lines + times)).ok());
  EXPECT_TRUE(SealedFile::check(path, Depth::kTimes).ok()) << "times are all this depth looks at";
  expect_data_loss(Depth::kHash);
}

TEST_F(SealedFileTest, MissingSealIsDataLoss) {
  fs::remove(seal);
  expect_data_loss(Depth::kTimes);
}

TEST_F(SealedFileTest, MissingFileIsNotFound) {
  fs::remove(path);
  EXPECT_EQ(SealedFile::check(path, Depth::kTimes).status().code(), StatusCode::kNotFound);
}

TEST_F(SealedFileTest, TruncatedFileIsDataLoss) {
  fs::resize_file(path, 5000);
  expect_data_loss(Depth::kTimes);
}

TEST_F(SealedFileTest, SealWithoutAWholeHashIsDataLoss) {
  const std::string whole = seal_text();
  for (std::size_t length = 0; length < 14 + 64; length += 7) {
    ASSERT_TRUE(write_file(seal, as_bytes(whole.substr(0, length))).ok());
    expect_data_loss(Depth::kTimes);
  }
}

TEST_F(SealedFileTest, SealThatLostItsTimesIsMended) {
  const std::string whole = seal_text();
  ASSERT_TRUE(write_file(seal, as_bytes(whole.substr(0, whole.size() - 10))).ok());
  EXPECT_TRUE(SealedFile::check(path, Depth::kTimes).ok());
}

TEST_F(SealedFileTest, WrongHashOfTheCallersIsFoundByHashing) {
  ASSERT_TRUE(SealedFile::seal(path, std::string(64, '0')).ok());
  expect_data_loss(Depth::kHash);
}

TEST_F(SealedFileTest, RemoveTakesBoth) {
  SealedFile::remove(path);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(seal));
  SealedFile::remove(path);  // whichever there are
}

}  // namespace
}  // namespace skerry
