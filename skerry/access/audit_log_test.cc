// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/audit_log.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry::access {
namespace {

TEST(AuditLogTest, HasALineForEachEvent) {
  TestDirectory directory;
  const auto path = directory.path() / "logs" / "audit.jsonl";
  {
    const auto log = AuditLog::open(path).value();
    log->record({.tenant = "a", .user = "u\n", .session = "s", .key = "k", .request = "r"},
                {.action = "call",
                 .tool = "calculator",
                 .outcome = "ok",
                 .took = std::chrono::milliseconds(2)});
    const std::string name(1000, 'x');
    log->record({}, {.action = "session.fork", .object = name, .outcome = "NOT_FOUND"});
  }
  const std::string text = read_file(path, mib(1)).value();
  const auto end = text.find('\n');
  const auto first = nlohmann::json::parse(text.substr(0, end));
  EXPECT_EQ(first["tenant"], "a");
  EXPECT_EQ(first["user"], "u\n");
  EXPECT_EQ(first["tool"], "calculator");
  EXPECT_EQ(first["outcome"], "ok");
  EXPECT_EQ(first["took_ms"], 2.0);
  const auto second = nlohmann::json::parse(text.substr(end + 1));
  EXPECT_EQ(second["action"], "session.fork");
  EXPECT_EQ(second["outcome"], "NOT_FOUND");
  EXPECT_EQ(second["object"].get<std::string>().size(), 128U);
  EXPECT_FALSE(second.contains("tool"));
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
      log->record({}, {.action = "call", .tool = "calculator", .outcome = "ok"});
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
    }
  }
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("calls are not in the audit log"), std::string::npos);
}

// A disk that takes nothing: a pipe that nobody reads, at first.
TEST(AuditLogTest, KeepsLittleForASlowDiskAndSaysWhatIsLost) {
  TestDirectory directory;
  const auto path = directory.path() / "logs" / "audit.jsonl";
  std::filesystem::create_directory(path.parent_path());
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const OwnedFd reader = open_file(path, O_RDONLY | O_NONBLOCK).value();
  std::atomic<int> said = 0;
  auto log =
      AuditLog::open(path, AuditLog::Copies::kNone, [&](const std::string&) { ++said; }).value();
  constexpr int kLines = 120'000;
  const std::string user(100, 'u');
  for (int i = 0; i < kLines; ++i) {
    log->record({.tenant = "a", .user = user}, {.action = "call", .tool = "calculator"});
  }
  std::string text;
  std::vector<char> piece(mib(1).value);
  const auto drain = [&](const std::function<bool()>& until) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!until() && std::chrono::steady_clock::now() < deadline) {
      const auto got = ::read(reader.get(), piece.data(), piece.size());
      if (got > 0) {
        text.append(piece.data(), static_cast<std::size_t>(got));
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  };
  drain([&] { return said > 0; });
  log->record({}, {.action = "call", .tool = "last"});
  drain([&] { return text.find("\"last\"") != std::string::npos; });
  log.reset();
  const auto at = text.find("\"lost\":");
  ASSERT_NE(at, std::string::npos);
  const int lost = std::stoi(text.substr(at + 7));
  EXPECT_GT(lost, 0);
  const auto kept = std::count(text.begin(), text.end(), '\n') - 3;  // two around "lost", "last"
  EXPECT_EQ(kept + lost, kLines);
  EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace skerry::access
