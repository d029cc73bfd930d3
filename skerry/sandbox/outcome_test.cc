// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/outcome.h"

#include <set>

#include <gtest/gtest.h>

namespace skerry::sandbox {
namespace {

constexpr OutcomeKind kKinds[] = {OutcomeKind::kCompleted,   OutcomeKind::kFailed,
                                  OutcomeKind::kTrapped,     OutcomeKind::kDeadline,
                                  OutcomeKind::kOutOfMemory, OutcomeKind::kOutOfFuel,
                                  OutcomeKind::kCancelled,   OutcomeKind::kCrashed};

TEST(OutcomeTest, NamesAreTheOnesThatClientsRead) {
  constexpr std::string_view kNames[] = {"completed",     "failed",      "trapped",   "deadline",
                                         "out_of_memory", "out_of_fuel", "cancelled", "crashed"};
  for (std::size_t i = 0; i < std::size(kKinds); ++i) EXPECT_EQ(name_of(kKinds[i]), kNames[i]);
}

TEST(OutcomeTest, EveryFateHasAnExitCodeOfItsOwn) {
  std::set<int> codes;
  for (const OutcomeKind kind : kKinds) codes.insert(exit_code_of(kind));
  EXPECT_EQ(codes.size(), std::size(kKinds));
  EXPECT_FALSE(codes.contains(125)) << "that one says that we failed";
}

TEST(OutcomeTest, ExitCodesAreTheDocumentedOnes) {
  EXPECT_EQ(exit_code_of(OutcomeKind::kCompleted), 0);
  EXPECT_EQ(exit_code_of(OutcomeKind::kDeadline), 124);
  EXPECT_EQ(exit_code_of(OutcomeKind::kTrapped), 134);
  EXPECT_EQ(exit_code_of(OutcomeKind::kOutOfMemory), 137);
  EXPECT_EQ(exit_code_of(OutcomeKind::kCrashed), 139);
  EXPECT_EQ(exit_code_of(OutcomeKind::kCancelled), 130);
  EXPECT_EQ(exit_code_of(OutcomeKind::kOutOfFuel), 152);
}

}  // namespace
}  // namespace skerry::sandbox
