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

#include "skerry/base/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

/// A directory that looks like a control group: the kernel's files, empty.
class ControlGroupTest : public testing::Test {
 protected:
  ControlGroupTest() {
    std::filesystem::create_directory(directory_ / "worker");
    for (const char* file : {"memory.max", "cpu.weight", "cpu.max", "pids.max", "cgroup.kill"}) {
      std::ofstream{directory_ / "worker" / file};
    }
  }
  std::string text_of(const char* file) {
    return read_file(directory_ / "worker" / file, kib(4)).value();
  }
  TestDirectory directory_;
  ControlGroups groups_ = ControlGroups::at(directory_.path());
};

TEST_F(ControlGroupTest, LimitsAreWrittenInTheKernelsUnits) {
  const auto group = groups_.create(
      "worker", {.memory = mib(512), .cpu_weight = 50, .cpu_millicores = 1500, .processes = 1});
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(text_of("memory.max"), "536870912");
  EXPECT_EQ(text_of("cpu.weight"), "50");
  EXPECT_EQ(text_of("cpu.max"), "150000 100000");
  EXPECT_EQ(text_of("pids.max"), "1");
}

TEST_F(ControlGroupTest, IdleProcessorTimeIsFreeUnlessALimitIsGiven) {
  const auto group = groups_.create("worker", {.memory = mib(1), .cpu_millicores = std::nullopt});
  EXPECT_EQ(text_of("cpu.max"), "max 100000");
}

TEST_F(ControlGroupTest, MissingControllerIsAFailureAndNoWeakerGroup) {
  std::filesystem::remove(directory_ / "worker" / "memory.max");
  EXPECT_EQ(
      groups_.create("worker", {.memory = mib(1), .cpu_millicores = std::nullopt}).status().code(),
      StatusCode::kNotFound);
}

TEST_F(ControlGroupTest, KillsForWantOfMemoryAreCounted) {
  std::ofstream(directory_ / "worker" / "memory.events") << "low 0\nmax 7\noom 2\noom_kill 2\n";
  const auto group = groups_.create("worker", {.memory = mib(1), .cpu_millicores = std::nullopt});
  EXPECT_EQ(*group->memory_kills(), 2u);
}

TEST_F(ControlGroupTest, DestructionKillsWhatIsInIt) {
  {
    const auto group = groups_.create("worker", {.memory = mib(1), .cpu_millicores = std::nullopt});
  }
  EXPECT_EQ(text_of("cgroup.kill"), "1");
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
  auto groups = ControlGroups::own();
  if (!groups.ok()) GTEST_SKIP() << groups.status();
  if (const Status status = groups->divide(); !status.ok()) GTEST_SKIP() << status;
  const auto group =
      groups->create("skerry-test", {.memory = mib(32), .cpu_millicores = std::nullopt});
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
  EXPECT_GE(*group->memory_kills(), 1u);
}

}  // namespace
}  // namespace skerry::jail
