// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/database.h"

#include <fstream>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

TEST(DatabaseTest, KeepsWhatIsCommittedAndNothingElse) {
  const TestDirectory directory;
  {
    const auto database = Database::open(directory / "a.db").value();
    ASSERT_TRUE(database->run_script("CREATE TABLE t (n INTEGER, s TEXT)").ok());
    auto kept = Transaction::begin(*database);
    ASSERT_TRUE(database
                    ->run("INSERT INTO t VALUES (?, ?)",
                          {Cell::of(7), Cell::of(std::string_view("a\0b", 3))})
                    .ok());
    EXPECT_TRUE(kept->commit().ok());
    const auto lost = Transaction::begin(*database);
    ASSERT_TRUE(database->run("INSERT INTO t VALUES (?, ?)", {Cell::of(8), Cell::null()}).ok());
  }
  const auto database = Database::open(directory / "a.db").value();
  const auto rows = database->run("SELECT n, s FROM t").value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].integer(0), 7);
  EXPECT_EQ(rows[0].text(1), std::string("a\0b", 3));
}

TEST(DatabaseTest, ProcessesTakeTurns) {
  const TestDirectory directory;
  const auto add = [&](int times) -> Status {
    SKERRY_ASSIGN(const auto database, Database::open(directory / "a.db"));
    for (int i = 0; i < times; ++i) {
      SKERRY_ASSIGN(auto transaction, Transaction::begin(*database));
      SKERRY_TRY(database->run("UPDATE t SET n = n + 1").status());
      SKERRY_TRY(transaction.commit());
    }
    return ok_status();
  };
  {
    const auto database = Database::open(directory / "a.db").value();
    ASSERT_TRUE(database->run_script("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)").ok());
  }
  std::vector<Child> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(Child::fork([&] { return add(50).ok() ? 0 : 1; }).value());
  }
  for (Child& child : children) EXPECT_EQ(child.wait()->code, 0);
  const auto database = Database::open(directory / "a.db").value();
  EXPECT_EQ(database->run("SELECT n FROM t").value()[0].integer(0), 200);
}

TEST(DatabaseTest, ManyMayOpenANewOneAtOnce) {
  const TestDirectory directory;
  const auto open_and_close_all = [&] {
    for (int i = 0; i < 150; ++i) {
      if (!Database::open(directory / (std::to_string(i) + ".db")).ok()) return 1;
    }
    return 0;
  };
  std::vector<Child> children;
  for (int i = 0; i < 6; ++i) children.push_back(Child::fork(open_and_close_all).value());
  for (Child& child : children) EXPECT_EQ(child.wait()->code, 0);
}

TEST(DatabaseTest, AFileThatIsNoDatabaseIsNamed) {
  const TestDirectory directory;
  std::ofstream(directory / "a.db") << std::string(5000, 'x');
  const Status status = Database::open(directory / "a.db").status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(message_of(status).find("a.db"), std::string_view::npos);
}

TEST(DatabaseTest, ABadStatementSaysSo) {
  const TestDirectory directory;
  const auto database = Database::open(directory / "a.db").value();
  EXPECT_FALSE(database->run("SELECT * FROM nowhere").ok());
  EXPECT_TRUE(database->run("SELECT NULL").value()[0].is_null(0));
}

}  // namespace
}  // namespace skerry
