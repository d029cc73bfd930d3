// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/path_resolution.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

class PathResolutionTest : public ::testing::Test {
 protected:
  PathResolutionTest() {
    EXPECT_TRUE(make_directory(files_, "/base/d/e").ok());
    EXPECT_TRUE(add_file(files_, "/base/d/f", as_bytes("x")).ok());
    EXPECT_TRUE(add_file(files_, "/secret", as_bytes("x")).ok());
    base_ = *locate(files_, "/base");
  }
  Errno errno_for(std::string_view path, LastLink last = LastLink::kFollow) {
    return resolve_existing(files_, base_, path, last).status();
  }
  InodeNumber found(std::string_view path, LastLink last = LastLink::kFollow) {
    const auto result = resolve_existing(files_, base_, path, last);
    EXPECT_TRUE(result.ok()) << path << ": " << errno_name(result.status());
    return result.ok() ? *result : InodeNumber{};
  }
  void link(std::string_view path, std::string_view target) {
    ASSERT_TRUE(add_symlink(files_, path, target).ok());
  }
  FileSystem files_;
  InodeNumber base_{};
};

TEST_F(PathResolutionTest, DotsAndSlashesAreFollowed) {
  EXPECT_EQ(found("d//./e/../f"), *locate(files_, "/base/d/f"));
  EXPECT_EQ(found("."), base_);
  EXPECT_EQ(found("d/.."), base_);
  EXPECT_EQ(found("d/e/"), *locate(files_, "/base/d/e"));
}

TEST_F(PathResolutionTest, NothingLeadsOutOfTheBase) {
  link("/base/up", "..");
  link("/base/d/up2", "../../secret");
  link("/base/root", "/secret");
  for (const char* path : {"..", "../secret", "d/../../secret", "/secret", "/", "up", "up/secret",
                           "d/up2", "root", "root/x", "d/e/../../../base"}) {
    EXPECT_EQ(errno_for(path), Errno::kPerm) << path;
  }
}

TEST_F(PathResolutionTest, LinksAreFollowedFromWhereTheyLie) {
  link("/base/d/to_f", "f");
  link("/base/to_d", "d");
  link("/base/to_to_f", "to_d/to_f");
  EXPECT_EQ(found("to_to_f"), *locate(files_, "/base/d/f"));
  EXPECT_EQ(found("to_d/e/../to_f"), *locate(files_, "/base/d/f"));
  EXPECT_EQ(found("to_to_f", LastLink::kKeep), *locate(files_, "/base/to_to_f"));
  EXPECT_EQ(found("to_d/", LastLink::kFollowBeforeSlash), *locate(files_, "/base/d"));
}

TEST_F(PathResolutionTest, LinksThatNeverEndAreGivenUp) {
  link("/base/a", "b");
  link("/base/b", "a");
  link("/base/self", "self/x");
  EXPECT_EQ(errno_for("a"), Errno::kLoop);
  EXPECT_EQ(errno_for("self"), Errno::kLoop);
  EXPECT_EQ(files_.last_quota_hit(), QuotaKind::kSymlinksFollowed);
}

TEST_F(PathResolutionTest, WrongPathsHaveTheirErrors) {
  EXPECT_EQ(errno_for(""), Errno::kNoEnt);
  EXPECT_EQ(errno_for("none"), Errno::kNoEnt);
  EXPECT_EQ(errno_for("none/x"), Errno::kNoEnt);
  EXPECT_EQ(errno_for("d/f/x"), Errno::kNotDir);
  EXPECT_EQ(errno_for("d/f/"), Errno::kNotDir);
  EXPECT_EQ(errno_for(std::string("d\0f", 3)), Errno::kInval);
  EXPECT_EQ(errno_for("\xff"), Errno::kIlseq);
  EXPECT_EQ(errno_for("\xed\xa0\x80"), Errno::kIlseq);
  EXPECT_EQ(errno_for(std::string(256, 'x')), Errno::kNameTooLong);
  EXPECT_EQ(files_.last_quota_hit(), QuotaKind::kNameLength);
  EXPECT_EQ(errno_for(std::string(4097, '/')), Errno::kNameTooLong);
  EXPECT_EQ(files_.last_quota_hit(), QuotaKind::kPathLength);
}

TEST_F(PathResolutionTest, MissingNameIsFoundWithItsParent) {
  const auto path = resolve(files_, base_, "d/new/", LastLink::kKeep);
  ASSERT_TRUE(path.ok());
  EXPECT_TRUE(path->has_name);
  EXPECT_EQ(path->name, "new");
  EXPECT_TRUE(path->wants_directory);
  EXPECT_EQ(path->parent, *locate(files_, "/base/d"));
  EXPECT_FALSE(path->inode.has_value());
}

}  // namespace
}  // namespace skerry::wasi
