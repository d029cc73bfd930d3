// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/built_templates.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/image/image_file.h"
#include "skerry/image/revisions/revision_files.h"

namespace skerry::runtime {
namespace {

namespace fs = std::filesystem;

TemplateLock lock_named(const std::string& name, const std::string& version = "1.0") {
  return {.name = name,
          .base = "toy",
          .base_id = "recipe",
          .packages = {{.name = "Own", .version = version, .file = "own.whl", .sha256 = version}},
          .program_sha256 = "abc",
          .command = "build it",
          .created_unix = 7};
}

class BuiltTemplatesTest : public ::testing::Test {
 protected:
  /// Keeps a template as a build does; returns its directory.
  fs::path keep(const TemplateLock& lock) {
    const auto one_at_a_time = built_.begin();
    EXPECT_TRUE(one_at_a_time.ok()) << one_at_a_time.status();
    const fs::path work = built_.work_directory().value();
    const std::vector<std::byte> page(kWasmPageSize);
    image::Manifest manifest;
    manifest.template_name = lock.name;
    EXPECT_TRUE(image::write_image(BuiltTemplates::image_in(work), manifest, page).ok());
    const Status kept = built_.keep(work, lock);
    EXPECT_TRUE(kept.ok()) << kept;
    return built_.image_file(lock.name).parent_path();
  }

  TestDirectory directory_;
  Home home_{directory_ / "home"};
  BuiltTemplates built_{home_};
};

TEST(TemplateLockTest, IsReadAsItWasWritten) {
  const TemplateLock lock = lock_named("own");
  const auto read = TemplateLock::parse(lock.to_json());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "own");
  EXPECT_EQ(read->base, "toy");
  EXPECT_EQ(read->packages, lock.packages);
  EXPECT_EQ(read->command, "build it");
  EXPECT_EQ(read->created_unix, 7);
  EXPECT_EQ(read->id(), lock.id());
}

TEST(TemplateLockTest, ChangedOrCutItIsDamaged) {
  const std::string text = lock_named("own").to_json();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(TemplateLock::parse(text.substr(0, size)).status().code(), StatusCode::kDataLoss);
  }
  std::string other = text;
  other.replace(other.find("own.whl"), 3, "foe");
  EXPECT_EQ(TemplateLock::parse(other).status().code(), StatusCode::kDataLoss);
  for (const char* bad : {"[]", "{}", R"({"name":1})", R"({"packages":[1]})"}) {
    EXPECT_EQ(TemplateLock::parse(bad).status().code(), StatusCode::kDataLoss) << bad;
  }
}

TEST(TemplateLockTest, WhatShapesATemplateIsInItsIdAndNothingElse) {
  const TemplateLock lock = lock_named("own");
  TemplateLock later = lock;
  later.created_unix = 8;
  later.command = "build it again";
  EXPECT_EQ(later.id(), lock.id());
  EXPECT_NE(lock_named("other").id(), lock.id());
  EXPECT_NE(lock_named("own", "1.1").id(), lock.id());
  TemplateLock on_another = lock;
  on_another.base_id = "other recipe";
  EXPECT_NE(on_another.id(), lock.id());
}

TEST_F(BuiltTemplatesTest, ThoseThatWereKeptHaveNames) {
  EXPECT_TRUE(built_.names().empty());
  keep(lock_named("b"));
  keep(lock_named("a"));
  EXPECT_EQ(built_.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(built_.lock_of("a").value().id(), lock_named("a").id());
  EXPECT_TRUE(image::open_image(built_.image_file("b")).ok());
  EXPECT_FALSE(built_.has("c"));
  EXPECT_FALSE(built_.has("../named/a"));
  EXPECT_EQ(built_.lock_of("c").status().code(), StatusCode::kNotFound);
}

TEST_F(BuiltTemplatesTest, AnotherOfTheSameNameTakesItsPlace) {
  const fs::path before = keep(lock_named("a", "1.0"));
  const fs::path after = keep(lock_named("a", "2.0"));
  EXPECT_NE(before, after);
  EXPECT_FALSE(fs::exists(before));
  EXPECT_EQ(built_.lock_of("a").value().packages.front().version, "2.0");
}

TEST_F(BuiltTemplatesTest, ARemovedOneLeavesNothing) {
  const fs::path one = keep(lock_named("a"));
  const fs::path other = keep(lock_named("b"));
  const auto lock = built_.begin();
  EXPECT_TRUE(built_.remove("a").ok());
  EXPECT_FALSE(fs::exists(one));
  EXPECT_TRUE(fs::exists(other));
  EXPECT_EQ(built_.remove("a").code(), StatusCode::kNotFound);
}

TEST_F(BuiltTemplatesTest, WhatASessionRestsOnStaysUntilTheSessionHasGone) {
  const fs::path object = keep(lock_named("a"));
  const std::string sha256 = image::open_image(built_.image_file("a")).value()->sha256;
  const fs::path kept = home_.store() / image::RevisionFiles::template_name_of(sha256);
  fs::create_directories(kept.parent_path());
  fs::create_hard_link(built_.image_file("a"), kept);
  {
    const auto lock = built_.begin();
    EXPECT_TRUE(built_.remove("a").ok());
  }
  EXPECT_TRUE(fs::exists(object));
  EXPECT_FALSE(built_.has("a"));
  fs::remove(kept);
  (void)built_.begin();
  EXPECT_FALSE(fs::exists(object));
}

TEST_F(BuiltTemplatesTest, TheNextBuildRemovesWhatAKilledOneLeft) {
  fs::path work;
  {
    const auto lock = built_.begin();
    work = built_.work_directory().value();
    ASSERT_TRUE(write_file(work / "half", as_bytes("x")).ok());
  }
  (void)built_.begin();
  EXPECT_FALSE(fs::exists(work));
}

TEST_F(BuiltTemplatesTest, NamesAreThoseOfSessions) {
  for (const char* good : {"a", "team-1.x", "A_b"}) {
    EXPECT_TRUE(BuiltTemplates::check_name(good).ok()) << good;
  }
  for (const char* bad : {"", ".a", "a/b", "a..b", "a b", "ü"}) {
    EXPECT_EQ(BuiltTemplates::check_name(bad).code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace skerry::runtime
