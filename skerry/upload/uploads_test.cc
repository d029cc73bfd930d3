// SPDX-License-Identifier: Apache-2.0
#include "skerry/upload/uploads.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry::upload {
namespace {

class UploadsTest : public ::testing::Test {
 protected:
  template <typename T>
  T wait_for(boost::asio::awaitable<T> awaited) {
    std::optional<T> value;
    io_.restart();
    boost::asio::co_spawn(io_, std::move(awaited),
                          [&](const std::exception_ptr&, T got) { value = std::move(got); });
    io_.run();
    return *std::move(value);
  }

  TestDirectory directory_;
  std::unique_ptr<UploadStore> store_ =
      UploadStore::open({.directory = directory_.path() / "uploads"}).value();
  boost::asio::io_context io_;
  loop::Pool pool_{2};
  Uploads uploads_{pool_, *store_};
};

TEST_F(UploadsTest, RunsThatWantOneFileShareIt) {
  const std::string id = wait_for(uploads_.put("ann", "text")).value().id;
  const auto first = wait_for(uploads_.content("ann", id)).value();
  EXPECT_EQ(*first, "text");
  EXPECT_EQ(wait_for(uploads_.content("ann", id)).value(), first);
  EXPECT_EQ(wait_for(uploads_.content("bob", id)).status().code(), StatusCode::kNotFound);
}

TEST_F(UploadsTest, WhatRunsHoldTogetherIsBounded) {
  const std::string large(std::size_t{100} << 20, 'x');
  std::vector<std::string> ids;
  for (const char* end : {"1", "2", "3"}) {
    ids.push_back(wait_for(uploads_.put("ann", large + end)).value().id);
  }
  auto first = wait_for(uploads_.content("ann", ids[0])).value();
  const auto second = wait_for(uploads_.content("ann", ids[1])).value();
  EXPECT_EQ(wait_for(uploads_.content("ann", ids[2])).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(wait_for(uploads_.content("ann", ids[0])).value(), first);
  first.reset();
  EXPECT_TRUE(wait_for(uploads_.content("ann", ids[2])).ok());
}

TEST_F(UploadsTest, SeveralFilesAreKeptAtOnce) {
  const auto stored =
      wait_for(uploads_.put_all("ann", {"1", std::string(mib(200).value, 'x'), "2"}));
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_EQ(stored[0]->size, 1U);
  EXPECT_EQ(stored[1].status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(wait_for(uploads_.list("ann")).value().files.size(), 2U);
  EXPECT_TRUE(wait_for(uploads_.remove("ann", stored[0]->id)).ok());
  EXPECT_EQ(wait_for(uploads_.list("ann")).value().files.size(), 1U);
}

}  // namespace
}  // namespace skerry::upload
