// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/audit_log.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

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

TEST(AuditLogTest, SaysOnceThatItCannotBeWritten) {
  TestDirectory directory;
  const auto path = directory.path() / "logs" / "audit.jsonl";
  std::filesystem::create_directory(path.parent_path());
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all);
  std::filesystem::create_symlink("/dev/full", path);
  std::vector<std::string> said;
  {
    const auto log = AuditLog::open(path, AuditLog::Copies::kNone, [&](const std::string& line) {
                       said.push_back(line);
                     }).value();
    for (int i = 0; i < 3; ++i) {
      log->called({}, "calculator", {});
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
    }
  }
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("calls are not in the audit log"), std::string::npos);
}

}  // namespace
}  // namespace skerry::access
