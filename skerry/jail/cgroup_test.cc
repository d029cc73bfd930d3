// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/cgroup.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

/// A directory that looks like a control group: the kernel's files, empty.
class ControlGroupTest : public testing::Test {
 protected:
  ControlGroupTest() {
    std::filesystem::create_directory(directory_ / "skerry-1");
    for (const char* file : {"memory.max", "memory.oom.group", "memory.swap.max", "cpu.idle",
                             "cpu.weight", "pids.max", "cgroup.kill"}) {
      std::ofstream{directory_ / "skerry-1" / file};
    }
  }
  std::string text_of(const char* file) {
    return read_file(directory_ / "skerry-1" / file, kib(4)).value();
  }
  Result<ControlGroup> group() {
    return groups_.create("skerry-1", {.memory = mib(512), .cpu_weight = 50, .processes = 2});
  }
  TestDirectory directory_;
  ControlGroups groups_ = ControlGroups::at(directory_.path());
};

TEST_F(ControlGroupTest, LimitsAreWrittenInTheKernelsUnits) {
  const auto made = group();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(text_of("memory.max"), "536870912");
  EXPECT_EQ(text_of("memory.swap.max"), "0");
  EXPECT_EQ(text_of("memory.oom.group"), "1");
  EXPECT_EQ(text_of("cpu.idle"), "0");
  EXPECT_EQ(text_of("cpu.weight"), "50");
  EXPECT_EQ(text_of("pids.max"), "2");
}

TEST_F(ControlGroupTest, MemoryIsRaisedForARunThatMayHaveMore) {
  auto made = group();
  ASSERT_TRUE(made->raise_memory(mib(1024)).ok());
  EXPECT_EQ(text_of("memory.max"), "1073741824");
}

TEST_F(ControlGroupTest, GroupThatYieldsIsIdleAndNoLongerWhenItIsUsedAgain) {
  auto made = group();
  ASSERT_TRUE(made->yield_processor().ok());
  EXPECT_EQ(text_of("cpu.idle"), "1");
  ASSERT_TRUE(made->set_limits({.memory = mib(512)}).ok());
  EXPECT_EQ(text_of("cpu.idle"), "0");
}

TEST_F(ControlGroupTest, GroupYieldsByItsWeightWhereTheKernelHasNoIdleGroups) {
  auto made = group();
  std::filesystem::remove(directory_ / "skerry-1" / "cpu.idle");
  std::filesystem::resize_file(directory_ / "skerry-1" / "cpu.weight", 0);
  ASSERT_TRUE(made->yield_processor().ok());
  EXPECT_EQ(text_of("cpu.weight"), "1");
}

TEST_F(ControlGroupTest, KernelWithoutSwapIsNoFailure) {
  std::filesystem::remove(directory_ / "skerry-1" / "memory.swap.max");
  EXPECT_TRUE(group().ok());
}

TEST_F(ControlGroupTest, MissingControllerIsAFailureAndNoWeakerGroup) {
  for (const char* file : {"memory.max", "memory.oom.group", "cpu.weight", "pids.max"}) {
    std::filesystem::rename(directory_ / "skerry-1" / file, directory_ / "away");
    EXPECT_EQ(group().status().code(), StatusCode::kNotFound) << file;
    std::filesystem::rename(directory_ / "away", directory_ / "skerry-1" / file);
  }
}

TEST_F(ControlGroupTest, KillsForWantOfMemoryAreTold) {
  std::ofstream(directory_ / "skerry-1" / "memory.events")
      << "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 1\n";
  const auto events = group()->memory_events();
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->limit_hits, 2U);
  EXPECT_GE(events->kills, 1U);
}

TEST_F(ControlGroupTest, EventsWithoutACountOfKillsAreAFailure) {
  std::ofstream(directory_ / "skerry-1" / "memory.events") << "low 0\nmax 7\noom 2\n";
  EXPECT_FALSE(group()->memory_events().ok());
}

TEST_F(ControlGroupTest, MemoryThatIsHeldIsTold) {
  std::ofstream(directory_ / "skerry-1" / "memory.current") << "4194304\n";
  EXPECT_EQ(group()->memory_held()->value, mib(4).value);
}

TEST_F(ControlGroupTest, DestructionKillsWhatIsInIt) {
  {
    const auto made = group();
  }
  EXPECT_EQ(text_of("cgroup.kill"), "1");
}

TEST_F(ControlGroupTest, ServiceMovesAsideAndTurnsTheControllersOn) {
  std::filesystem::create_directory(directory_ / "service");
  std::ofstream{directory_ / "service" / "cgroup.procs"};
  std::ofstream{directory_ / "cgroup.subtree_control"};
  std::ofstream(directory_ / "cgroup.procs") << ::getpid() << "\n";
  std::filesystem::create_directory(directory_ / "skerry-left-behind");
  std::filesystem::create_directory(directory_ / "somebody-elses");
  const Status divided = groups_.divide();
  ASSERT_TRUE(divided.ok()) << divided;
  EXPECT_EQ(read_file(directory_ / "service" / "cgroup.procs", kib(4)).value(),
            std::to_string(::getpid()));
  EXPECT_EQ(read_file(directory_ / "cgroup.subtree_control", kib(4)).value(),
            "+memory +cpu +pids ");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "skerry-left-behind"));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "somebody-elses"));
}

/// A directory that looks like a group which was delegated to this process.
class DelegatedGroupTest : public testing::Test {
 protected:
  DelegatedGroupTest() {
    put("cgroup.type", "domain\n");
    put("cgroup.controllers", "cpuset cpu io memory pids\n");
    put("cgroup.subtree_control", "");
    put("cgroup.procs", std::to_string(::getpid()) + "\n");
  }
  void put(const char* file, const std::string& text) { std::ofstream(directory_ / file) << text; }
  std::string refusal(ControlGroups::View view = ControlGroups::View::kPart) {
    const Status status = ControlGroups::check(directory_.path(), view);
    return status.ok() ? "none" : std::string(message_of(status));
  }
  TestDirectory directory_;
};

TEST_F(DelegatedGroupTest, IsOursToDivide) { EXPECT_EQ(refusal(), "none"); }

TEST_F(DelegatedGroupTest, RootOfTheHierarchyIsNot) {
  std::filesystem::remove(directory_ / "cgroup.type");
  EXPECT_NE(refusal().find("root group"), std::string::npos) << refusal();
}

TEST_F(DelegatedGroupTest, GroupWithoutAControllerIsNot) {
  put("cgroup.controllers", "cpuset cpu pids\n");
  EXPECT_NE(refusal().find("no controller \"memory\""), std::string::npos) << refusal();
}

TEST_F(DelegatedGroupTest, GroupThatMayNotBeWrittenIsNot) {
  std::filesystem::remove(directory_ /
                          "cgroup.subtree_control");  // root may write whatever is there
  EXPECT_NE(refusal().find("not delegated"), std::string::npos) << refusal();
}

TEST_F(DelegatedGroupTest, GroupWithAnothersProcessIsNot) {
  put("cgroup.procs", std::to_string(::getpid()) + "\n" + std::to_string(::getppid()) + "\n");
  EXPECT_NE(refusal().find("other processes"), std::string::npos) << refusal();
}

TEST_F(DelegatedGroupTest, ContainersGroupIsOursWithAllItsProcesses) {
  put("cgroup.procs", "1\n" + std::to_string(::getpid()) + "\n");
  EXPECT_EQ(refusal(ControlGroups::View::kWhole), "none");
  put("cgroup.procs", "0\n" + std::to_string(::getpid()) + "\n");
  EXPECT_NE(refusal(ControlGroups::View::kWhole).find("other processes"), std::string::npos)
      << "0 is of another PID namespace";
}

TEST(ControlGroupsTest, ProcessBeginsInTheGroupItIsGiven) {
  std::string made;
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    const std::string path = root + "/skerry-test-" + std::to_string(::getpid());
    if (::access((root + "/cgroup.procs").c_str(), W_OK) == 0 && ::mkdir(path.c_str(), 0700) == 0) {
      made = path;
      break;
    }
  }
  if (made.empty()) GTEST_SKIP() << "no control group of version 2 is ours to divide";
  const OwnedFd directory(::open(made.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Placement placement{.parent = Placement::Parent::kCaller, .cgroup = directory.get()};
  auto spawned = spawn({}, {Wall::kCgroup}, placement, [&](Cell&) {
    const auto own = read_file("/proc/self/cgroup", kib(64));
    return check(own.ok() && own->find("/skerry-test-") != std::string::npos);
  });
  ASSERT_TRUE(spawned.ok()) << spawned.status();
  EXPECT_EQ(Child::adopt(spawned->pid, std::move(spawned->pidfd)).wait()->code, 0);
  EXPECT_EQ(::rmdir(made.c_str()), 0);
}

TEST(ControlGroupsTest, ProcessThatTakesTooMuchIsKilledAndCounted) {
  const auto groups = ControlGroups::own();
  if (!groups.ok()) GTEST_SKIP() << groups.status();
  const Status divided = groups->divide();
  ASSERT_TRUE(divided.ok()) << divided;
  const auto group = groups->create("skerry-test", {.memory = mib(32)});
  ASSERT_TRUE(group.ok()) << group.status();
  const Placement placement{.parent = Placement::Parent::kCaller, .cgroup = group->fd()};
  const auto use = [&](std::size_t size) {
    auto spawned = spawn({}, {Wall::kCgroup}, placement, [=](Cell&) {
      void* const block =
          ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      std::memset(block, 1, size);
      return 0;
    });
    return Child::adopt(spawned->pid, std::move(spawned->pidfd)).wait()->signal;
  };
  EXPECT_EQ(use(std::size_t{8} << 20), 0);
  EXPECT_EQ(use(std::size_t{256} << 20), SIGKILL);
  const auto events = group->memory_events();
  EXPECT_GE(events->kills, 1U);
  EXPECT_GE(events->limit_hits, 1U);
}

}  // namespace
}  // namespace skerry::jail
