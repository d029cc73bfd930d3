// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/worker_bounds.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/test_directory.h"
#include "skerry/worker/run_memory.h"

namespace skerry::broker {
namespace {

using worker::KilledBy;

TEST(WorkerMemoryTest, FreshRunsFollowEachOtherInOneSandbox) {
  WorkerMemory memory;
  memory.begin(mib(300), 0, 0);
  memory.end(false);
  memory.begin(mib(200), 0, 0);
  EXPECT_EQ(memory.most().value, mib(300).value);
}

TEST(WorkerMemoryTest, StatesThatAreKeptAddUpAndTheNextRunTakesItsOwn) {
  WorkerMemory memory;
  memory.begin(mib(100), 0, 1);
  memory.end(true);
  memory.begin(mib(100), 0, 2);
  memory.end(true);
  EXPECT_EQ(memory.most().value, mib(200).value);
  memory.begin(mib(100), 2, 3);
  memory.end(true);
  EXPECT_EQ(memory.most().value, mib(200).value) << "state 2 became state 3";
  memory.begin(mib(50), 0, 0);
  EXPECT_EQ(memory.most().value, mib(250).value);
}

TEST(WorkerMemoryTest, StateThatIsNotKeptCountsWhileItsRunLastsOnly) {
  WorkerMemory memory;
  for (std::uint64_t state = 1; state <= 5; ++state) {
    memory.begin(mib(100), 0, state);
    memory.end(false);
  }
  EXPECT_EQ(memory.most().value, mib(100).value);
}

TEST(WorkerMemoryTest, ForgottenStateMayBeUsedAgainByTheNextSession) {
  WorkerMemory memory;
  for (std::uint64_t state = 1; state <= 5; ++state) {
    memory.begin(mib(100), 0, state);
    memory.end(true);
    memory.forget({state});
  }
  EXPECT_EQ(memory.most().value, mib(200).value);
  memory.forget({77});  // one that it never had
  EXPECT_EQ(memory.most().value, mib(200).value);
}

TEST(RunMemoryTest, CountsAllThatLimitsAllowAndTheOrder) {
  sandbox::Limits limits;
  limits.memory = mib(256);
  limits.files = mib(64);
  limits.table_elements = 0;
  using worker::Leaves;
  const auto need = [&](ByteSize template_memory, std::size_t order, Leaves leaves) {
    return worker::run_memory(limits, template_memory, order, leaves);
  };
  EXPECT_EQ(need(mib(0), 0, Leaves::kNothing), mib(256 + 2 * 64));
  EXPECT_EQ(need(mib(0), 0, Leaves::kState), mib(2 * 256 + 3 * 64));
  EXPECT_EQ(need(mib(0), mib(10).value, Leaves::kNothing), mib(256 + 2 * 64 + 30));
  // A run may write all of its template, and leave it.
  EXPECT_EQ(need(mib(100), 0, Leaves::kNothing), mib(356 + 2 * 64));
  EXPECT_EQ(need(mib(100), 0, Leaves::kState), mib(2 * 356 + 3 * 64));
}

/// A directory that looks like a group which may be divided.
class WorkerGroupsTest : public ::testing::Test {
 protected:
  WorkerGroupsTest() { add_group(1); }
  void add_group(int number) {
    const auto group = directory_ / name_of(number);
    std::filesystem::create_directory(group);
    for (const char* file :
         {"memory.max", "memory.oom.group", "cpu.idle", "cpu.weight", "pids.max", "cgroup.kill"}) {
      std::ofstream{group / file};
    }
    write(number, "memory.current", "10485760\n");
    write(number, "memory.events", "oom 0\noom_kill 3\n");
  }
  static std::string name_of(int number) {
    return "skerry-worker-" + std::to_string(::getpid()) + "-" + std::to_string(number);
  }
  void write(int number, const char* file, const char* text) {
    std::ofstream(directory_ / name_of(number) / file) << text;
  }
  std::string text_of(const char* file) {
    return read_file(directory_ / name_of(1) / file, kib(4)).value();
  }
  TestDirectory directory_;
  WorkerGroups groups_{jail::ControlGroups::at(directory_.path())};
};

TEST_F(WorkerGroupsTest, MemoryIsWhatTheWarmWorkerHoldsAndTheRunMayNeed) {
  auto bounds = groups_.next();
  ASSERT_TRUE(bounds.ok()) << bounds.status();
  EXPECT_GE(bounds->group(), 0);
  EXPECT_EQ(text_of("memory.max"), std::to_string(mib(512).value)) << "while it warms up";
  bounds->warmed(::getpid());
  WorkerMemory memory;
  memory.begin(mib(100), 0, 0);
  bounds->allow(memory);
  EXPECT_EQ(text_of("memory.max"), std::to_string(mib(10 + 64 + 100).value));
  memory.begin(mib(50), 0, 0);
  write(1, "memory.max", "untouched");
  bounds->allow(memory);
  EXPECT_EQ(text_of("memory.max"), "untouched") << "it is never lowered, nor written for nothing";
}

TEST_F(WorkerGroupsTest, KillForWantOfMemoryIsToldFromAnyOther) {
  auto bounds = groups_.next();
  EXPECT_EQ(bounds->killed_by(), KilledBy::kOther) << "earlier kills were of earlier workers";
  write(1, "memory.events", "oom 1\noom_kill 4\n");
  EXPECT_EQ(bounds->killed_by(), KilledBy::kMemory);
  std::filesystem::remove(directory_ / name_of(1) / "memory.events");
  EXPECT_EQ(bounds->killed_by(), KilledBy::kUnknown);
}

TEST_F(WorkerGroupsTest, GroupServesTheNextWorkerAsIfItWereNew) {
  auto bounds = groups_.next();
  bounds->yield_processor();
  EXPECT_EQ(text_of("cpu.idle"), "1");
  groups_.give_back(*std::move(bounds));
  write(1, "memory.events", "oom 1\noom_kill 4\n");
  write(1, "memory.max", "");
  const auto again = groups_.next();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(text_of("cpu.idle"), "0");
  EXPECT_EQ(text_of("memory.max"), std::to_string(mib(512).value));
  EXPECT_EQ(again->killed_by(), KilledBy::kOther);
}

TEST_F(WorkerGroupsTest, WorkersAtOnceHaveGroupsOfTheirOwn) {
  add_group(2);
  const auto one = groups_.next();
  const auto two = groups_.next();
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->group(), two->group());
}

TEST_F(WorkerGroupsTest, GroupThatCannotBeMadeIsAFailureAndNoWorkerWithoutOne) {
  std::filesystem::remove(directory_ / name_of(1) / "memory.max");
  EXPECT_FALSE(groups_.next().ok());
}

rlim_t data_limit_of(pid_t pid) {
  rlimit limits{};
  EXPECT_EQ(::prlimit(pid, RLIMIT_DATA, nullptr, &limits), 0);
  return limits.rlim_cur;
}

TEST(WorkerBoundsTest, PrivateMemoryIsBoundedWhereThereAreNoGroups) {
  if (kHasShadowMemory) GTEST_SKIP() << "a sanitizer's shadow is larger than any bound";
  WorkerGroups groups(std::nullopt);
  auto bounds = groups.next();
  ASSERT_TRUE(bounds.ok());
  EXPECT_EQ(bounds->group(), -1);
  const auto worker = Child::fork([] { return ::pause(); });
  WorkerMemory memory;
  memory.begin(mib(100), 0, 0);
  bounds->allow(memory);
  EXPECT_EQ(data_limit_of(worker->pid()), RLIM_INFINITY) << "what it holds is not known yet";
  bounds->warmed(worker->pid());
  bounds->allow(memory);
  const rlim_t first = data_limit_of(worker->pid());
  EXPECT_GT(first, mib(100 + 64).value);
  EXPECT_LT(first, mib(100 + 64 + 1024).value);
  memory.begin(mib(300), 0, 0);
  bounds->allow(memory);
  EXPECT_EQ(data_limit_of(worker->pid()), first + mib(200).value);
  EXPECT_EQ(bounds->killed_by(), KilledBy::kUnknown);
}

}  // namespace
}  // namespace skerry::broker
