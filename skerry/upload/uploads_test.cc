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
  const std::string large(std::size_t{90} << 20, 'x');
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
  const auto stored = wait_for(uploads_.put_all("ann", {{.size = 3, .pieces = {{1, "1"}}},
                                                        {.size = mib(200).value, .pieces = {}},
                                                        {.size = 1, .pieces = {}}}));
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_EQ(*wait_for(uploads_.content("ann", stored[0]->id)).value(), std::string("\0"
                                                                                   "1\0",
                                                                                   3));
  EXPECT_EQ(stored[1].status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(stored[2].status().code(), StatusCode::kResourceExhausted) << "it is not tried";
  EXPECT_EQ(wait_for(uploads_.list("ann", "", 100)).value().files.size(), 1U);
  EXPECT_EQ(wait_for(uploads_.size("ann", stored[0]->id)).value(), 3U);
  EXPECT_TRUE(wait_for(uploads_.remove("ann", stored[0]->id)).ok());
  EXPECT_EQ(wait_for(uploads_.list("ann", "", 100)).value().files.size(), 0U);
}

}  // namespace
}  // namespace skerry::upload
