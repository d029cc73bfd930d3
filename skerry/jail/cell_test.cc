// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/cell.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

struct Pipe {
  OwnedFd reader;
  OwnedFd writer;
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = OwnedFd(ends[0]);
    writer = OwnedFd(ends[1]);
  }
  bool says_something() const {
    char byte = 0;
    return ::read(reader.get(), &byte, 1) == 1;
  }
  /// Whether every writer has gone within five seconds.
  bool ends() const {
    pollfd waiting{reader.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&waiting, 1, 5000) == 1 && ::read(reader.get(), &byte, 1) == 0;
  }
};

/// A worker in `walls` that says when it stands and then waits for ever.
Result<Spawned> spawn_waiting(WallSet walls, const Placement& placement, Pipe& pipe) {
  return spawn({}, walls, placement, [&](Cell& cell) {
    const int kept[] = {pipe.writer.get()};
    if (!cell.enclose().ok() || !cell.seal(kept).ok()) return kNoJail;
    (void)!::write(pipe.writer.get(), "x", 1);
    pollfd nothing{-1, 0, 0};
    for (;;) (void)::poll(&nothing, 1, -1);
  });
}

TEST(CellTest, ExitCodeIsWhatTheBodyReturns) {
  const ChildExit exit = run_in_jail({.walls = full_jail()}, [] { return 42; });
  EXPECT_EQ(exit.code, 42);
  EXPECT_EQ(exit.signal, 0);
}

TEST(CellTest, StandsWhereTheHostHidesClone3) {
  auto hidden = Child::fork([] {
    const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
    if (::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) != 0) return 1;
    if (::seccomp_load(filter) != 0) return 2;
    return run_in_jail({.walls = full_jail()}, [] { return 42; }).code;
  });
  ASSERT_TRUE(hidden.ok()) << hidden.status();
  EXPECT_EQ(hidden->wait()->code, 42);
}

TEST(CellTest, PathsAreOpenedUntilItIsEnclosed) {
  const auto open = [] { return answer_of(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)); };
  int before = -1;
  const ChildExit exit = run_in_jail({.walls = full_jail(), .before = [&] { before = open(); }},
                                     [&] { return before; });
  EXPECT_EQ(exit.code, 0);
  EXPECT_NE(run_in_jail({.walls = full_jail()}, open).code, 0);
}

TEST(CellTest, JailedProcessDiesWithItsParent) {
  Pipe pipe;
  auto parent = Child::fork([&] {
    pipe.reader.close();
    if (!spawn_waiting(full_jail(), {}, pipe).ok()) return 1;
    pipe.writer.close();
    return ::pause();
  });
  pipe.writer.close();
  ASSERT_TRUE(pipe.says_something());
  parent->kill();
  ASSERT_TRUE(parent->wait().ok());
  EXPECT_TRUE(pipe.ends()) << "the worker, sole holder of the pipe, is still there";
}

TEST(CellTest, SiblingOutlivesTheProcessThatMadeItAndIsOursToReap) {
  Pipe pipe;
  Pipe numbers;
  auto zygote = Child::fork([&] {
    const Placement sibling{.parent = Placement::Parent::kCallersParent, .cgroup = -1};
    const auto spawned = spawn_waiting(full_jail(), sibling, pipe);
    if (!spawned.ok()) return 1;
    return ::write(numbers.writer.get(), &spawned->pid, sizeof spawned->pid) > 0 ? 0 : 1;
  });
  ASSERT_EQ(zygote->wait()->code, 0);
  pid_t pid = 0;
  ASSERT_EQ(::read(numbers.reader.get(), &pid, sizeof pid), ssize_t{sizeof pid});
  Child worker = Child::adopt(pid, OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  ASSERT_TRUE(pipe.says_something());
  EXPECT_EQ(::kill(pid, 0), 0);
  worker.kill();
  EXPECT_EQ(worker.wait()->signal, SIGKILL);
}

TEST(CellTest, KillEndsAProcessThatIgnoresEverySignal) {
  Pipe pipe;
  auto spawned = spawn({}, full_jail(), {}, [&](Cell& cell) {
    for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
    const int kept[] = {pipe.writer.get()};
    if (!cell.enclose().ok() || !cell.seal(kept).ok()) return kNoJail;
    (void)!::write(pipe.writer.get(), "x", 1);
    for (volatile bool forever = true; forever;) {
    }
    return 0;
  });
  ASSERT_TRUE(spawned.ok()) << spawned.status();
  Child worker = Child::adopt(spawned->pid, std::move(spawned->pidfd));
  ASSERT_TRUE(pipe.says_something());
  worker.kill();
  EXPECT_EQ(worker.wait()->signal, SIGKILL);
}

TEST(CellTest, ControlGroupThatIsPromisedMustBeGiven) {
  const auto spawned = spawn({}, {Wall::kCgroup}, {}, [](Cell&) { return 0; });
  EXPECT_EQ(spawned.status().code(), StatusCode::kInvalidArgument);
}

TEST(CellTest, WallThatCannotBeRaisedIsAFailureAndLeavesNoProcess) {
  const OwnedFd no_group(::open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Placement placement{.parent = Placement::Parent::kCaller, .cgroup = no_group.get()};
  EXPECT_FALSE(spawn({}, {Wall::kCgroup}, placement, [](Cell&) { return 0; }).ok());
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

}  // namespace
}  // namespace skerry::jail
