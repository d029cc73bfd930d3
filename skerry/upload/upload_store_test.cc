// SPDX-License-Identifier: Apache-2.0
#include "skerry/upload/upload_store.h"

#include <fstream>

#include <gtest/gtest.h>

#include "skerry/base/sha256.h"
#include "skerry/base/test_directory.h"

namespace skerry::upload {
namespace {

class UploadStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<UploadStore> open() {
    return UploadStore::open({.directory = directory_ / "uploads",
                              .time = std::chrono::seconds(100),
                              .quota = bytes(20'000),
                              .largest = bytes(9'000),
                              .now = [this] { return now_; }})
        .value();
  }
  std::filesystem::path path_of(const std::string& tenant, const std::string& id) const {
    return directory_ / "uploads" / sha256_hex(as_bytes(tenant)) / id;
  }

  TestDirectory directory_;
  std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
  std::unique_ptr<UploadStore> store_ = open();
};

TEST_F(UploadStoreTest, AFileIsKeptUnderItsHash) {
  const StoredFile stored = store_->put("ann", "some text").value();
  EXPECT_EQ(stored.id, sha256_hex(as_bytes(std::string_view("some text"))));
  EXPECT_EQ(stored.size, 9U);
  EXPECT_EQ(stored.expires, now_ + std::chrono::seconds(100));
  EXPECT_EQ(store_->read("ann", stored.id).value(), "some text");
  // Another process finds it.
  EXPECT_EQ(open()->read("ann", stored.id).value(), "some text");
}

TEST_F(UploadStoreTest, WhatIsStoredTwiceLiesThereOnce) {
  const StoredFile first = store_->put("ann", std::string(8'000, 'x')).value();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(store_->put("ann", std::string(8'000, 'x')).value().id, first.id);
  }
  const auto listing = store_->list("ann", "", 100).value();
  ASSERT_EQ(listing.files.size(), 1U);
  EXPECT_EQ(listing.used, 8'000U);
}

TEST_F(UploadStoreTest, TenantsShareNothing) {
  const std::string id = store_->put("ann", "secret").value().id;
  EXPECT_EQ(store_->read("bob", id).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->remove("bob", id).code(), StatusCode::kNotFound);
  EXPECT_TRUE(store_->list("bob", "", 100).value().files.empty());
  EXPECT_TRUE(store_->put("../ann", "x").ok());
  EXPECT_EQ(store_->list("ann", "", 100).value().files.size(), 1U);
}

TEST_F(UploadStoreTest, AnIdIsNoPath) {
  for (const char* id : {"", "x", "../../../etc/passwd", "..", "/etc/passwd"}) {
    EXPECT_EQ(store_->read("ann", id).status().code(), StatusCode::kInvalidArgument) << id;
    EXPECT_EQ(store_->remove("ann", id).code(), StatusCode::kInvalidArgument) << id;
  }
  EXPECT_EQ(store_->read("ann", std::string(64, 'A')).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->read("ann", std::string(64, 'a')).status().code(), StatusCode::kNotFound);
}

TEST_F(UploadStoreTest, QuotaAndSizeAreBounded) {
  EXPECT_EQ(store_->put("ann", std::string(9'001, 'x')).status().code(),
            StatusCode::kResourceExhausted);
  const std::string first = store_->put("ann", std::string(9'000, '1')).value().id;
  EXPECT_TRUE(store_->put("ann", std::string(9'000, '2')).ok());
  const Status refused = store_->put("ann", std::string(9'000, '3')).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(refused.message().find("20000"), std::string::npos) << refused;
  EXPECT_TRUE(store_->put("bob", std::string(9'000, '3')).ok());
  EXPECT_TRUE(store_->remove("ann", first).ok());
  EXPECT_TRUE(store_->put("ann", std::string(9'000, '3')).ok());
}

TEST_F(UploadStoreTest, EmptyFilesAreBoundedToo) {
  int kept = 0;
  while (kept < 100 && store_->put("ann", std::to_string(kept)).ok()) ++kept;
  EXPECT_EQ(kept, 20'000 / 4'096);
}

TEST_F(UploadStoreTest, WhatNobodyUsesGoes) {
  const std::string used = store_->put("ann", "used").value().id;
  const std::string unused = store_->put("ann", "unused").value().id;
  now_ += std::chrono::seconds(60);
  ASSERT_TRUE(store_->read("ann", used).ok());
  now_ += std::chrono::seconds(60);
  store_->remove_expired();
  EXPECT_TRUE(store_->read("ann", used).ok());
  EXPECT_EQ(store_->read("ann", unused).status().code(), StatusCode::kNotFound);
  now_ += std::chrono::seconds(101);
  store_->remove_expired();
  EXPECT_FALSE(std::filesystem::exists(path_of("ann", used).parent_path()));
  EXPECT_TRUE(store_->put("ann", "again").ok());
}

TEST_F(UploadStoreTest, ATenantThatIsFullHasRoomWhenItsFilesHaveGone) {
  ASSERT_TRUE(store_->put("ann", std::string(9'000, '1')).ok());
  ASSERT_TRUE(store_->put("ann", std::string(9'000, '2')).ok());
  now_ += std::chrono::seconds(101);
  EXPECT_TRUE(store_->put("ann", std::string(9'000, '3')).ok());
}

TEST_F(UploadStoreTest, ListsHavePages) {
  std::set<std::string> ids;
  for (const char* text : {"1", "2", "3"}) ids.insert(store_->put("ann", text).value().id);
  const auto first = store_->list("ann", "", 2).value();
  EXPECT_EQ(first.files.size(), 2U);
  EXPECT_TRUE(first.has_more);
  const auto second = store_->list("ann", first.files[1].id, 2).value();
  ASSERT_EQ(second.files.size(), 1U);
  EXPECT_FALSE(second.has_more);
  EXPECT_EQ(second.files[0].id, *ids.rbegin());
  EXPECT_EQ(second.used, 3 * 4'096U);
}

TEST_F(UploadStoreTest, ADamagedFileIsAnErrorAndNeverContent) {
  const std::string id = store_->put("ann", "all of it").value().id;
  std::ofstream(path_of("ann", id), std::ios::trunc) << "all";
  // As after a restart.
  EXPECT_EQ(open()->read("ann", id).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(store_->read("ann", id).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->put("ann", "all of it").value().id, id);
  EXPECT_EQ(store_->read("ann", id).value(), "all of it");
}

TEST_F(UploadStoreTest, ADamagedFileThatIsSentAgainIsWhole) {
  const std::string id = store_->put("ann", "all of it").value().id;
  std::ofstream(path_of("ann", id), std::ios::trunc) << "al";
  store_ = open();
  EXPECT_TRUE(store_->put("ann", "all of it").ok());
  EXPECT_EQ(store_->read("ann", id).value(), "all of it");
}

}  // namespace
}  // namespace skerry::upload
