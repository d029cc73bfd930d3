// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/status.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace skerry {
namespace {

Status forwards(const Status& status) {
  SKERRY_TRY(status);
  return absl::AbortedError("went on");
}

Result<int> doubles(Result<int> number) {
  SKERRY_ASSIGN(const int value, std::move(number));
  return 2 * value;
}

TEST(StatusTest, AnnotatedFailureKeepsItsCodeAndGainsContext) {
  const Status status = annotate(absl::NotFoundError("no such file"), "template python");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(message_of(status), "template python: no such file");
}

TEST(StatusTest, AnnotatedSuccessStaysSuccess) {
  EXPECT_TRUE(annotate(ok_status(), "context").ok());
}

TEST(StatusTest, TryReturnsFailuresOnly) {
  EXPECT_EQ(forwards(absl::DataLossError("gone")).code(), StatusCode::kDataLoss);
  EXPECT_EQ(forwards(ok_status()).code(), StatusCode::kAborted);
}

TEST(StatusTest, AssignTakesTheValueOrReturnsTheFailure) {
  EXPECT_EQ(*doubles(21), 42);
  EXPECT_EQ(doubles(absl::InternalError("none")).status().code(), StatusCode::kInternal);
}

TEST(StatusTest, AssignMovesWhatCannotBeCopied) {
  const auto taken = []() -> Result<std::unique_ptr<int>> {
    SKERRY_ASSIGN(auto pointer, Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
    return pointer;
  }();
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(**taken, 7);
}

}  // namespace
}  // namespace skerry
