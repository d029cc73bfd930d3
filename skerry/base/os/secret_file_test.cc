// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/secret_file.h"

#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

TEST(SecretFileTest, IsItsOwnersAlone) {
  const TestDirectory directory;
  const auto path = directory.path() / "secret";
  std::ofstream(path) << "word\n";
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(read_secret_file(path, kib(1)).value(), "word\n");
  EXPECT_FALSE(read_secret_file(path, bytes(2)).ok());
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ::chmod(path.c_str(), mode);
    const auto refused = read_secret_file(path, kib(1)).status();
    EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied);
    EXPECT_NE(message_of(refused).find("chmod 600"), std::string_view::npos) << refused;
  }
}

TEST(SecretFileTest, WhatIsNoFileIsRefusedAndWaitedForByNobody) {
  const TestDirectory directory;
  const auto pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_secret_file(pipe, kib(1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(read_regular_file(pipe, kib(1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(read_secret_file(directory.path(), kib(1)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(read_secret_file(directory.path() / "none", kib(1)).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace skerry
