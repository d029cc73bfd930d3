// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/top_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::app {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;

ordered_json document() {
  const ordered_json times{{"p50_ms", 0.48}, {"p99_ms", nullptr}, {"waiting", 3}};
  return {{"time", "2026-01-02T03:04:05Z"},
          {"url", "http://127.0.0.1:8000"},
          {"uptime_seconds", 7384},
          {"memory_bytes", 66'060'288},
          {"runs_per_second", 812.5},
          {"calls_per_second", 800},
          {"latency", times},
          {"run", times},
          {"queue", times},
          {"loop_lag", times},
          {"workers", {{"running", 2}, {"idle", 0}}},
          {"sessions_kept", 4},
          {"calls_by_status_per_second", {{"success", 799}, {"error", 1}, {"timeout", 0}}},
          {"outcomes_per_second", {{"completed", 800}}},
          {"refused_per_second", ordered_json::object()},
          {"tenants",
           {{{"tenant", "team-\x1b[2J"}, {"calls_per_second", 600}, {"calls", 12345}},
            {{"tenant", "b"}, {"calls_per_second", 200}, {"calls", 2}}}}};
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

TEST(TopScreenTest, WhatHappensIsSaidInLines) {
  const std::string text = text_of(lines_of(document(), 200, 100));
  EXPECT_THAT(text, HasSubstr("up 2 h 3 min  memory 63.0 MiB"));
  EXPECT_THAT(text, HasSubstr("runs/s    812.5"));
  EXPECT_THAT(text, HasSubstr("success 799  error 1\n"));
  EXPECT_THAT(text, HasSubstr("latency   p50 0.48 ms  p99 -"));
  EXPECT_THAT(text, HasSubstr("loop lag  p50 0.48 ms"));
  EXPECT_THAT(text, HasSubstr("running 2  idle 0"));
  EXPECT_THAT(text, HasSubstr("refused/s -"));
  EXPECT_THAT(text, HasSubstr("12345"));
}

TEST(TopScreenTest, NothingLeavesTheScreen) {
  for (const std::size_t width : {1, 20, 40, 80}) {
    const auto lines = lines_of(document(), width, 14);
    EXPECT_LE(lines.size(), 14);
    for (const std::string& line : lines) {
      // "…" is three bytes of one character.
      const bool is_cut = line.ends_with("…");
      EXPECT_LE(line.size() - (is_cut ? 2 : 0), width) << line;
    }
  }
}

TEST(TopScreenTest, WhatAServiceSaysDoesNotMoveTheCursor) {
  EXPECT_EQ(text_of(lines_of(document(), 200, 100)).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace skerry::app
