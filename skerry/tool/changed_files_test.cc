// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/changed_files.h"

#include <gtest/gtest.h>

#include "skerry/tool/test_call.h"
#include "skerry/upload/test_uploads.h"

namespace skerry::tool {
namespace {

using worker::FileChange;
using Change = ReportedFile::Change;

class ChangedFilesTest : public ::testing::Test {
 protected:
  std::vector<ReportedFile> keep() {
    return testing::finish(ChangedFiles::keep(std::move(files_), uploads_.get(), "ann"));
  }

  loop::Pool pool_{1};
  upload::testing::TestUploads uploads_{pool_};
  ChangedFiles files_;
};

TEST_F(ChangedFilesTest, AFileIsKeptWithItsHoles) {
  files_.take({.path = "/data/out.bin", .content = "ab", .offset = 1, .size = 8, .is_new = true});
  files_.take({.path = "/data/out.bin", .content = "cd", .is_further_piece = true, .offset = 5});
  const auto told = keep();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].path, "data/out.bin");
  EXPECT_EQ(told[0].change, Change::kCreated);
  EXPECT_EQ(told[0].size, 8U);
  EXPECT_EQ(uploads_.store().read("ann", told[0].id).value(), std::string("\0ab\0\0cd\0", 8));
}

TEST_F(ChangedFilesTest, WhatIsNotKeptSaysWhy) {
  files_.take({.kind = FileChange::Kind::kRemoved, .path = "/gone"});
  files_.take({.path = "/large", .size = 1, .is_left_out = true});
  files_.take({.kind = FileChange::Kind::kDirectory, .path = "/data"});
  files_.take({.kind = FileChange::Kind::kMore});
  EXPECT_TRUE(files_.has_more());
  const auto told = keep();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].change, Change::kDeleted);
  EXPECT_EQ(told[0].id + told[0].message, "");
  EXPECT_EQ(told[1].change, Change::kModified);
  EXPECT_EQ(told[1].id, "");
  EXPECT_NE(told[1].message.find("67108864"), std::string::npos);
}

TEST_F(ChangedFilesTest, FurtherNamesOfAFileHaveItsContent) {
  files_.take({.path = "/a", .content = "x", .size = 1, .is_new = true});
  files_.take({.kind = FileChange::Kind::kHardLink, .path = "/b", .content = "/a", .is_new = true});
  files_.take({.kind = FileChange::Kind::kRemoved, .path = "/d", .is_directory = true});
  const auto told = keep();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].path, "b");
  EXPECT_EQ(told[1].size, 1U);
  EXPECT_EQ(told[1].id, told[0].id);
}

TEST_F(ChangedFilesTest, WhatRunsHoldTogetherIsBounded) {
  const auto budget = std::make_shared<FileBudget>(bytes(5));
  {
    ChangedFiles first(budget);
    first.take({.path = "/a", .content = "1234", .size = std::size_t{1} << 25});
    ChangedFiles second(budget);
    second.take({.path = "/b", .content = "12", .size = 2});
    second.take({.path = "/c", .content = "1", .size = 1});
    const auto told = second.tell();
    EXPECT_NE(told.at(0).message, "");
    EXPECT_EQ(told.at(0).sha256, "");
    EXPECT_NE(told.at(1).sha256, "");
    const ChangedFiles moved(std::move(first));
    EXPECT_FALSE(budget->take(1));
  }
  EXPECT_TRUE(budget->take(5));
}

TEST_F(ChangedFilesTest, ANameThatIsNoTextIsToldAsOne) {
  files_.take({.path = "/\xff", .content = "x", .size = 1});
  EXPECT_EQ(keep().at(0).path, "/\xEF\xBF\xBD");
}

}  // namespace
}  // namespace skerry::tool
