// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/tar_stream.h"

#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

class TarStreamTest : public ::testing::Test {
 protected:
  TarStreamTest() {
    std::ofstream(directory / "small") << "hello";
    std::ofstream(directory / "empty");
    std::string large(3'000'001, '\0');
    large[1'500'000] = 'x';
    std::ofstream(directory / "large") << large;
    TarWriter writer([&](std::span<const std::byte> bytes) {
      archive += as_text(bytes);
      return ok_status();
    });
    for (const char* name : {"small", "empty", "large"}) {
      const OwnedFd file = open_file(directory / name, O_RDONLY).value();
      EXPECT_TRUE(writer.add(std::string("in/") + name, file.get()).ok());
    }
    EXPECT_TRUE(writer.finish().ok());
  }

  static TarReader::Source source_of(const std::string& archive) {
    return [&archive, at = std::size_t{0}](std::span<std::byte> to) mutable {
      if (archive.size() - at < to.size()) return Status(absl::DataLossError("cut off"));
      std::memcpy(to.data(), archive.data() + at, to.size());
      at += to.size();
      return ok_status();
    };
  }

  Status read_all_of(const std::string& text) const {
    TarReader reader(source_of(text));
    for (;;) {
      SKERRY_ASSIGN(const auto entry, reader.next());
      if (!entry) return ok_status();
      SKERRY_ASSIGN(const OwnedFd out, open_file(directory / "out", O_RDWR | O_CREAT | O_TRUNC));
      SKERRY_TRY(reader.copy_to(out.get()));
    }
  }

  TestDirectory directory;
  std::string archive;
};

TEST_F(TarStreamTest, WhatIsWrittenIsRead) {
  EXPECT_EQ(archive.size() % 512, 0U);
  TarReader reader(source_of(archive));
  for (const std::string name : {"small", "empty", "large"}) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry.ok() && entry->has_value()) << entry.status();
    EXPECT_EQ((*entry)->name, "in/" + name);
    const auto path = directory / "out";
    const OwnedFd out = open_file(path, O_RDWR | O_CREAT | O_TRUNC).value();
    ASSERT_TRUE(reader.copy_to(out.get()).ok());
    EXPECT_EQ(read_file(path, mib(4)).value(), read_file(directory / name, mib(4)).value());
    struct stat info{};
    ASSERT_EQ(::fstat(out.get(), &info), 0);
    EXPECT_LE(info.st_blocks, 16);  // zeros take no room
  }
  EXPECT_FALSE(reader.next()->has_value());
}

TEST_F(TarStreamTest, DamageIsFound) {
  for (const std::size_t size : {0, 511, 512, 1023, 2000, static_cast<int>(archive.size()) - 1}) {
    EXPECT_EQ(read_all_of(archive.substr(0, size)).code(), StatusCode::kDataLoss) << size;
  }
  for (const std::size_t at : {0, 105, 124, 135, 148, 156, 257, 345}) {
    std::string flipped = archive;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_EQ(read_all_of(flipped).code(), StatusCode::kDataLoss) << at;
  }
}

TEST_F(TarStreamTest, OnlyPlainFilesAreTaken) {
  for (const char type : {'1', '2', '5', 'x', 'L', '\0'}) {
    std::string other = archive;
    // The checksum moves with the type.
    const int moved = type - other[156];
    other[156] = type;
    char digits[8];
    const int sum = std::stoi(other.substr(148, 7), nullptr, 8) + moved;
    std::snprintf(digits, sizeof digits, "%07o", static_cast<unsigned>(sum));
    other.replace(148, 8, std::string(digits, 8));
    const Status status = read_all_of(other);
    EXPECT_NE(message_of(status).find("plain files"), std::string_view::npos) << status;
  }
}

TEST_F(TarStreamTest, ANameThatIsTooLongIsRefused) {
  TarWriter writer([](std::span<const std::byte>) { return ok_status(); });
  const OwnedFd file = open_file(directory / "small", O_RDONLY).value();
  EXPECT_EQ(writer.add(std::string(100, 'n'), file.get()).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace skerry
