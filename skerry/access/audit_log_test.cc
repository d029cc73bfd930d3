// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/audit_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "skerry/base/file.h"
#include "skerry/base/test_directory.h"

namespace skerry::access {
namespace {

TEST(AuditLogTest, TellsWhoCalledWhatAndHowItEndedAndNothingElse) {
  TestDirectory directory;
  const auto path = directory.path() / "logs" / "audit.jsonl";
  {
    const auto log = AuditLog::open(path).value();
    log->called({.tenant = "a", .user = "u\n", .session = "s", .key = "k", .request = "r"},
                "calculator",
                {.verdict = tool::Verdict::kOk,
                 .output = "secret output",
                 .took = std::chrono::milliseconds(2)});
    log->called({}, std::string(1000, 'x'),
                tool::failed(tool::Verdict::kUnknownTool, "secret error"));
  }
  const std::string text = read_file(path, mib(1)).value();
  EXPECT_EQ(text.find("secret"), text.npos);
  const auto end = text.find('\n');
  const auto first = nlohmann::json::parse(text.substr(0, end));
  EXPECT_EQ(first["tenant"], "a");
  EXPECT_EQ(first["user"], "u\n");
  EXPECT_EQ(first["tool"], "calculator");
  EXPECT_EQ(first["outcome"], "ok");
  EXPECT_EQ(first["took_ms"], 2.0);
  const auto second = nlohmann::json::parse(text.substr(end + 1));
  EXPECT_EQ(second["outcome"], "unknown_tool");
  EXPECT_EQ(second["tool"].get<std::string>().size(), 128U);
}

}  // namespace
}  // namespace skerry::access
