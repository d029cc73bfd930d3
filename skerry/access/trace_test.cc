// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/trace.h"

#include <gtest/gtest.h>

namespace skerry::access {
namespace {

constexpr const char* kGiven = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceTest, GoesOnWithASpanOfItsOwn) {
  const std::string trace = trace_for(kGiven);
  EXPECT_EQ(trace_id_in(trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace.substr(0, 36), std::string(kGiven).substr(0, 36));
  EXPECT_NE(trace.substr(36, 16), "00f067aa0ba902b7");
  EXPECT_EQ(trace.substr(52), "-01");
  EXPECT_EQ(trace_id_in(trace_for(trace)), trace_id_in(trace));
  EXPECT_NE(trace_for(kGiven), trace);
}

TEST(TraceTest, ALaterVersionMayGoOn) {
  std::string later = kGiven;
  later.replace(0, 2, "01");
  EXPECT_EQ(trace_id_in(trace_for(later + "-more")), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(trace_for(std::string(kGiven) + "-more").empty()) << "version 00 does not";
}

TEST(TraceTest, WhatIsNoTraceIsNone) {
  for (const char* wrong : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                            "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011"}) {
    EXPECT_EQ(trace_for(wrong), "") << wrong;
  }
  EXPECT_EQ(trace_id_in(""), "");
}

}  // namespace
}  // namespace skerry::access
