// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/child.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"

namespace skerry {
namespace {

bool is_there(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

struct Pipe {
  OwnedFd reader;
  OwnedFd writer;
};

Pipe make_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

TEST(ChildTest, ExitCodeIsWhatTheBodyReturns) {
  auto child = Child::fork([] { return 42; });
  ASSERT_TRUE(child.ok()) << child.status();
  const auto exit = child->wait();
  EXPECT_EQ(exit->code, 42);
  EXPECT_EQ(exit->signal, 0);
}

TEST(ChildTest, SignalIsToldFromAnExitCode) {
  auto child = Child::fork([] { return ::raise(SIGTERM); });
  EXPECT_EQ(child->wait()->signal, SIGTERM);
}

TEST(ChildTest, DestructionKillsAndReaps) {
  pid_t pid = 0;
  {
    const auto child = Child::fork([] { return ::pause(); });
    pid = child->pid();
    EXPECT_TRUE(is_there(pid));
  }
  EXPECT_FALSE(is_there(pid)) << "not even a zombie is left";
}

TEST(ChildTest, MovedChildIsKilledOnce) {
  auto first = Child::fork([] { return ::pause(); });
  const pid_t pid = first->pid();
  {
    const Child second = *std::move(first);
    EXPECT_EQ(second.pid(), pid);
  }
  EXPECT_FALSE(is_there(pid));
}

TEST(ChildTest, AdoptedProcessIsKilledAndReaped) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::pause());
  ASSERT_GT(pid, 0);
  OwnedFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_TRUE(pidfd.is_open());
  {
    const Child child = Child::adopt(pid, std::move(pidfd));
  }
  EXPECT_FALSE(is_there(pid));
}

TEST(ChildTest, KillAfterWaitIsHarmless) {
  auto child = Child::fork([] { return 0; });
  ASSERT_TRUE(child->wait().ok());
  child->kill();
}

TEST(ChildTest, PidfdBecomesReadableAtTheEnd) {
  Pipe pipe = make_pipe();
  auto child = Child::fork([&] {
    pipe.writer.close();
    char byte = 0;
    return static_cast<int>(::read(pipe.reader.get(), &byte, 1));
  });
  pollfd ended{child->pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 20), 0) << "it still waits for the pipe";
  pipe.writer.close();
  EXPECT_EQ(::poll(&ended, 1, 5000), 1);
  EXPECT_EQ(child->wait()->code, 0);
}

TEST(ChildTest, CpuTimeIsCounted) {
  auto child = Child::fork([] {
    const timespec begun = [] {
      timespec now{};
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
      return now;
    }();
    for (timespec now = begun;
         (now.tv_sec - begun.tv_sec) * 1'000'000'000 + now.tv_nsec - begun.tv_nsec < 30'000'000;) {
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    }
    return 0;
  });
  EXPECT_GE(child->wait()->cpu, std::chrono::milliseconds(20));
}

TEST(ChildTest, DiesWithItsParent) {
  Pipe pipe = make_pipe();
  auto parent = Child::fork([&] {
    pipe.reader.close();
    const auto grandchild = Child::fork([&] {
      (void)write_all(pipe.writer.get(), as_bytes("x"));
      return ::pause();
    });
    ::pause();
    return 0;
  });
  pipe.writer.close();
  char byte = 0;
  ASSERT_EQ(::read(pipe.reader.get(), &byte, 1), 1) << "the grandchild runs";
  parent->kill();
  ASSERT_TRUE(parent->wait().ok());
  pollfd closed{pipe.reader.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&closed, 1, 5000), 1)
      << "the grandchild, sole holder of the pipe, is still there";
  EXPECT_EQ(::read(pipe.reader.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace skerry
