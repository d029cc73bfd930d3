// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/privileges.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/jail/memory_file.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

int fork_once() {
  const pid_t pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return 0;
}

TEST(CapabilitiesTest, NoneIsLeftAndNoneComesBack) {
  const auto look = [] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return errno;
    for (const auto& set : sets) {
      if ((set.effective | set.permitted | set.inheritable) != 0) return kWrong;
    }
    sets[0].effective = sets[0].permitted = 1U << CAP_CHOWN;
    return check(::syscall(SYS_capset, &header, sets.data()) == -1 && errno == EPERM);
  };
  EXPECT_EQ(run_in_jail({.walls = {Wall::kCapabilities}}, look).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kCapabilities})}, look).code, 0);
}

TEST(CapabilitiesTest, BoundingSetIsEmptyWhereItCanBe) {
  const WallSet walls = walls_alone({Wall::kCapabilities});
  if (::geteuid() != 0 && !walls.has(Wall::kUserNamespace)) {
    GTEST_SKIP() << "takes a capability, which neither this user nor a namespace of its own gives";
  }
  const auto look = [] { return ::prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 0 ? 0 : kWrong; };
  EXPECT_EQ(run_in_jail({.walls = walls}, look).code, 0);
}

TEST(CapabilitiesTest, NobodyBecomesRootAgain) {
  if (is_lone_root()) GTEST_SKIP() << "there is no other user to become";
  const auto become = [] { return answer_of(::setuid(0)); };
  const int error = run_in_jail({.walls = walls_alone({Wall::kCapabilities})}, become).code;
  EXPECT_TRUE(error == EPERM || error == EINVAL) << error;  // EINVAL: the namespace has no user 0
  EXPECT_EQ(run_in_jail({.walls = {Wall::kCapabilities}}, become).code, EPERM);
}

TEST(CapabilitiesTest, NothingIsMountedOrRenamed) {
  SKERRY_NEEDS_WALL(Wall::kEmptyRoot);
  SKERRY_NEEDS_WALL(Wall::kUtsNamespace);
  const WallSet walls = walls_alone({Wall::kCapabilities, Wall::kEmptyRoot, Wall::kUtsNamespace});
  const auto mount = [] { return answer_of(::mount("x", "/", "tmpfs", 0, nullptr)); };
  const auto rename = [] { return answer_of(::sethostname("x", 1)); };
  EXPECT_EQ(run_in_jail({.walls = walls}, mount).code, EPERM);
  EXPECT_EQ(run_in_jail({.walls = walls}, rename).code, EPERM);
  EXPECT_EQ(run_in_jail({.walls = walls.without({Wall::kCapabilities})}, rename).code, 0);
}

TEST(CapabilitiesTest, AnotherProcessOfTheSameUserReadsNoMemory) {
  if (is_lone_root()) GTEST_SKIP() << "there is no other user to become";
  static char secret = 's';
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  const auto read_from = [&](WallSet walls) {
    auto spawned = spawn({}, walls, {}, [&](Cell& cell) {
      if (!cell.enclose().ok()) return kNoJail;
      (void)!::write(writer.get(), "x", 1);
      return ::pause();
    });
    const Child worker = Child::adopt(spawned->pid, std::move(spawned->pidfd));
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
    return run_outside([&] {
             if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return kWrong;
             char to = 0;
             const iovec here{&to, 1};
             const iovec there{&secret, 1};
             return answer_of(::process_vm_readv(worker.pid(), &here, 1, &there, 1, 0));
           })
        .code;
  };
  EXPECT_EQ(read_from({Wall::kCapabilities}), EPERM);
  if (::geteuid() != 0) {
    EXPECT_EQ(read_from({}), 0) << "without the wall it is read";
  }
}

/// Whether a process that dies of SIGABRT with all limits lifted that can be leaves a dump.
bool dumps_core(WallSet walls) {
  const TestDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  auto spawned = spawn({}, walls, {}, [&](Cell& cell) {
    if (::chdir(directory.path().c_str()) != 0 || !cell.enclose().ok()) return kNoJail;
    rlimit limits{};
    ::getrlimit(RLIMIT_CORE, &limits);
    limits.rlim_cur = limits.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limits);
    ::signal(SIGABRT, SIG_DFL);
    return ::raise(SIGABRT);
  });
  int status = 0;
  EXPECT_EQ(::waitpid(spawned->pid, &status, 0), spawned->pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  return WCOREDUMP(status);
}

TEST(CapabilitiesTest, DeadProcessLeavesNoCore) { EXPECT_FALSE(dumps_core({Wall::kCapabilities})); }

TEST(ResourceLimitsTest, DeadProcessLeavesNoCore) {
  EXPECT_FALSE(dumps_core({Wall::kResourceLimits}));
}

TEST(NoNewPrivilegesTest, SetUserIdProgramGivesNoRights) {
  if (!becomes_other()) GTEST_SKIP() << "only root can make a program that belongs to root";
  const TestDirectory directory;
  const auto program = directory / "id";
  std::filesystem::copy_file("/usr/bin/id", program);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(program.c_str(), 04755), 0);
  const auto user_of = [&](WallSet walls) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const OwnedFd reader(ends[0]);
    OwnedFd writer(ends[1]);
    run_in_jail({.walls = walls.with({Wall::kCapabilities})}, [&] {
      ::dup2(writer.get(), STDOUT_FILENO);
      return answer_of(::execl(program.c_str(), "id", "-u", nullptr));
    });
    writer.close();
    return read_all(reader.get(), kib(4)).value();
  };
  EXPECT_EQ(user_of({Wall::kNoNewPrivileges}), "65534\n");
  EXPECT_EQ(user_of({}), "0\n") << "without the wall the program is root";
}

TEST(ResourceLimitsTest, ForkBombDoesNotGoOff) {
  if (is_lone_root()) GTEST_SKIP() << "there is no other user to become";
  // Root's own processes are not counted, so it takes the user that a worker becomes.
  const WallSet walls = walls_alone({Wall::kResourceLimits, Wall::kCapabilities});
  EXPECT_EQ(run_outside(fork_once).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls}, fork_once).code, EAGAIN);
}

TEST(ResourceLimitsTest, LimitsAreNotRaisedAgain) {
  const auto raise = [] {
    const rlimit limits{1, 1};
    return answer_of(::setrlimit(RLIMIT_CORE, &limits));
  };
  const WallSet walls = walls_alone({Wall::kResourceLimits, Wall::kCapabilities});
  EXPECT_EQ(run_in_jail({.walls = walls}, raise).code, EPERM);
}

TEST(ResourceLimitsTest, DescriptorsHaveACap) {
  const auto open_many = [](int count) {
    return [=] {
      int error = 0;
      for (int i = 0; i < count && error == 0; ++i) error = answer_of(::dup(0));
      return error;
    };
  };
  Policy policy;
  policy.descriptors = 16;
  EXPECT_EQ(run_in_jail({.walls = {Wall::kResourceLimits, Wall::kDescriptors}, .policy = policy},
                        open_many(13))
                .code,
            0);
  EXPECT_EQ(run_in_jail({.walls = {Wall::kResourceLimits, Wall::kDescriptors}, .policy = policy},
                        open_many(14))
                .code,
            EMFILE);
}

TEST(ResourceLimitsTest, FilesHaveACap) {
  const auto enlarge = [](std::int64_t size) {
    return [=] {
      const auto file = make_memory_file("pages");
      return file.ok() ? answer_of(::ftruncate(file->get(), size)) : kWrong;
    };
  };
  Policy policy;
  policy.file_size = mib(1);
  const JailOptions options{.walls = {Wall::kResourceLimits}, .policy = policy};
  EXPECT_EQ(run_in_jail(options, enlarge(1 << 20)).code, 0);
  EXPECT_EQ(run_in_jail(options, enlarge((1 << 20) + 1)).signal, SIGXFSZ);
}

TEST(ResourceLimitsTest, PrivateMemoryHasACapAndReservationsHaveNone) {
  if (kHasShadowMemory) {
    GTEST_SKIP() << "the sanitizer's shadow is private memory, terabytes of it";
  }
  const auto map = [](std::size_t size, int protection) {
    return [=] {
      return ::mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                    0) == MAP_FAILED
                 ? errno
                 : 0;
    };
  };
  Policy policy;
  policy.private_memory = mib(256);
  const JailOptions options{.walls = {Wall::kResourceLimits}, .policy = policy};
  EXPECT_EQ(run_in_jail(options, map(std::size_t{64} << 20, PROT_READ | PROT_WRITE)).code, 0);
  EXPECT_EQ(run_in_jail(options, map(std::size_t{512} << 20, PROT_READ | PROT_WRITE)).code, ENOMEM);
  EXPECT_EQ(run_in_jail(options, map(std::size_t{1} << 40, PROT_NONE)).code, 0);
}

TEST(ResourceLimitsTest, ProcessorTimeHasACap) {
  Policy policy;
  policy.cpu = std::chrono::seconds(1);
  const ChildExit exit = run_in_jail({.walls = {Wall::kResourceLimits}, .policy = policy}, [] {
    for (volatile bool forever = true; forever;) {
    }
    return 0;
  });
  EXPECT_TRUE(exit.signal == SIGKILL || exit.signal == SIGXCPU) << exit.signal;
}

}  // namespace
}  // namespace skerry::jail
