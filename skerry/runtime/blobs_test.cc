// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/blobs.h"

#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/base/test_directory.h"

namespace skerry::runtime {
namespace {

std::string octal(std::size_t value) {
  char digits[13];
  std::snprintf(digits, sizeof digits, "%011zo", value);
  return digits;
}

/// One member of a ustar archive, `type` '0' for a regular file and '5' for a directory.
std::string member(const std::string& name, const std::string& content, char type = '0',
                   const std::string& prefix = {}) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(124, 11, octal(content.size()));
  header[156] = type;
  header.replace(257, 5, "ustar");
  header.replace(345, prefix.size(), prefix);
  return header + content + std::string(round_up(content.size(), 512) - content.size(), '\0');
}

class BlobSetTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) const {
    ASSERT_TRUE(write_file(directory / name, as_bytes(content)).ok());
  }
  Status build_tar(const std::string& archive) const {
    write("a.tar", archive);
    return BlobSet::build(directory.path(), {"a.tar"});
  }
  Result<std::shared_ptr<const BlobSet>> open() const { return BlobSet::open(directory.path()); }
  void edit_index(const std::string& from, const std::string& to) const {
    std::string text = read_file(directory / "blobs.index", kib(64)).value();
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    write("blobs.index", text.replace(at, from.size(), to));
  }
  static std::string bytes_of(const BlobSet& set, const std::string& content) {
    const auto blob = set.find(sha256_hex(as_bytes(content)));
    return blob.ok() ? std::string(as_text(blob->bytes)) : std::string(message_of(blob.status()));
  }

  const TestDirectory directory;
  const std::string long_text = std::string(1500, 'x') + "end";
  const std::string tar = member("lib/", "", '5') + member("lib/one.py", "print(1)") +
                          member("two.py", long_text, '0', "lib/deep") + member("empty.py", "") +
                          std::string(1024, '\0');
};

TEST_F(BlobSetTest, MembersOfAnArchiveAreFoundWithTheirBytes) {
  ASSERT_TRUE(build_tar(tar).ok());
  const auto set = open();
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ((*set)->members().size(), 3U) << "a directory is no member";
  EXPECT_EQ((*set)->members()[0].name, "a.tar/lib/one.py");
  EXPECT_EQ((*set)->members()[1].name, "a.tar/lib/deep/two.py");
  EXPECT_EQ(bytes_of(**set, "print(1)"), "print(1)");
  EXPECT_EQ(bytes_of(**set, long_text), long_text);
  EXPECT_EQ(bytes_of(**set, ""), "");
}

TEST_F(BlobSetTest, LooseFileIsAMember) {
  write("stdlib.zip", "PK archive");
  ASSERT_TRUE(BlobSet::build(directory.path(), {"stdlib.zip"}).ok());
  const auto set = open();
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(bytes_of(**set, "PK archive"), "PK archive");
}

TEST_F(BlobSetTest, BlobOutlivesItsSet) {
  ASSERT_TRUE(build_tar(tar).ok());
  const wasi::Blob blob = open().value()->find(sha256_hex(as_bytes("print(1)"))).value();
  EXPECT_EQ(as_text(blob.bytes), "print(1)");
  EXPECT_EQ(blob.id, sha256_hex(as_bytes("print(1)")));
}

TEST_F(BlobSetTest, UnknownHashIsNotFound) {
  ASSERT_TRUE(build_tar(tar).ok());
  EXPECT_EQ(open().value()->find(std::string(64, '0')).status().code(), StatusCode::kNotFound);
}

TEST_F(BlobSetTest, MissingIndexOrFileIsNotFound) {
  EXPECT_EQ(open().status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(build_tar(tar).ok());
  std::filesystem::remove(directory / "a.tar");
  EXPECT_EQ(open().status().code(), StatusCode::kNotFound);
}

TEST_F(BlobSetTest, DamagedIndexIsDataLoss) {
  ASSERT_TRUE(build_tar(tar).ok());
  const std::string whole = read_file(directory / "blobs.index", kib(64)).value();
  const auto opened = [&](const std::string& text) {
    write("blobs.index", text);
    return open().status().code();
  };
  EXPECT_EQ(opened("garbage\n"), StatusCode::kDataLoss);
  EXPECT_EQ(opened(whole.substr(whole.find('\n') + 1)), StatusCode::kDataLoss)
      << "members before any file";
  EXPECT_EQ(opened(whole + "abc\n"), StatusCode::kDataLoss) << "a member without a place";
  EXPECT_EQ(opened(whole + "\n"), StatusCode::kDataLoss) << "an empty line";
}

TEST_F(BlobSetTest, IndexThatNamesNoFileIsDataLoss) {
  write("blobs.index", "file x a.tar\n");
  EXPECT_EQ(open().status().code(), StatusCode::kDataLoss);
}

TEST_F(BlobSetTest, FileOfAnotherSizeIsDataLoss) {
  ASSERT_TRUE(build_tar(tar).ok());
  write("a.tar", tar + "x");
  EXPECT_EQ(open().status().code(), StatusCode::kDataLoss);
}

TEST_F(BlobSetTest, MemberBeyondItsFileIsDataLoss) {
  ASSERT_TRUE(build_tar(tar).ok());
  edit_index(" 8 a.tar/lib/one.py", " 80000 a.tar/lib/one.py");
  EXPECT_EQ(open().status().code(), StatusCode::kDataLoss);
  edit_index(" 80000 a.tar/lib/one.py", " 18446744073709551615 a.tar/lib/one.py");
  EXPECT_EQ(open().status().code(), StatusCode::kDataLoss);
}

TEST_F(BlobSetTest, ArchiveMemberThatOverrunsIsDataLoss) {
  EXPECT_EQ(build_tar(tar.substr(0, 512 + 512 + 4)).code(), StatusCode::kDataLoss);
  std::string lying = member("f", "12345678");
  lying.replace(124, 11, octal(9000));
  EXPECT_EQ(build_tar(lying).code(), StatusCode::kDataLoss);
}

TEST_F(BlobSetTest, ArchiveOfAnotherFormatIsDataLoss) {
  EXPECT_EQ(build_tar(std::string(2048, 'z')).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace skerry::runtime
