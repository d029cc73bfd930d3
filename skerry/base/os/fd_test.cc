// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

OwnedFd open_null() { return OwnedFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(OwnedFdTest, ClosesAtItsEnd) {
  int number = -1;
  {
    const OwnedFd fd = open_null();
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(OwnedFdTest, MovingLeavesOneOwner) {
  OwnedFd first = open_null();
  const int number = first.get();
  const OwnedFd second = std::move(first);
  EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(second.get(), number);
}

TEST(OwnedFdTest, AssigningClosesWhatWasHeld) {
  OwnedFd held = open_null();
  const int number = held.get();
  OwnedFd other = open_null();
  held = std::move(other);
  EXPECT_FALSE(is_open(number));
  EXPECT_TRUE(is_open(held.get()));
}

TEST(OwnedFdTest, AssigningToItselfChangesNothing) {
  OwnedFd fd = open_null();
  OwnedFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(OwnedFdTest, SecondCloseDoesNotHitAReusedNumber) {
  OwnedFd fd = open_null();
  const int number = fd.get();
  fd.close();
  const OwnedFd reuser = open_null();
  ASSERT_EQ(reuser.get(), number) << "the kernel gives the lowest free number";
  fd.close();
  EXPECT_TRUE(is_open(number));
}

TEST(OwnedFdTest, ReleasedDescriptorStaysOpen) {
  int number = -1;
  {
    OwnedFd fd = open_null();
    number = fd.release();
  }
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(ErrnoStatusTest, NamesCallArgumentAndReason) {
  EXPECT_EQ(message_of(errno_status(ENOENT, "open", "/x")), "open(/x): No such file or directory");
  EXPECT_EQ(message_of(errno_status(EINVAL, "poll")), "poll: Invalid argument");
}

TEST(ErrnoStatusTest, CodeSaysWhatTheCallerCanDo) {
  const std::pair<int, StatusCode> kExpected[] = {
      {ENOENT, StatusCode::kNotFound},          {EEXIST, StatusCode::kAlreadyExists},
      {EACCES, StatusCode::kPermissionDenied},  {EROFS, StatusCode::kPermissionDenied},
      {ENOSPC, StatusCode::kResourceExhausted}, {EMFILE, StatusCode::kResourceExhausted},
      {ENOSYS, StatusCode::kUnimplemented},     {ENOTDIR, StatusCode::kInvalidArgument},
      {EAGAIN, StatusCode::kUnavailable},       {EIO, StatusCode::kInternal},
  };
  for (const auto& [error, code] : kExpected)
    EXPECT_EQ(errno_status(error, "call").code(), code) << error;
}

TEST(SyscallResultTest, InterruptedCallIsRepeated) {
  int calls = 0;
  const auto result = syscall_result("read", {}, [&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 5;
  });
  EXPECT_EQ(*result, 5);
  EXPECT_EQ(calls, 3);
}

TEST(SyscallResultTest, FailureIsNotRepeated) {
  int calls = 0;
  const auto result = syscall_result("write", "pipe", [&] {
    ++calls;
    errno = EPIPE;
    return -1;
  });
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST(CloseOnExecTest, NothingOfOursReachesAnExecutedProgram) {
  const TestDirectory directory;
  const auto file = open_file(directory / "opened", O_RDWR | O_CREAT);
  const auto atomic = AtomicFile::create(directory / "atomic");
  const auto lock = FileLock::acquire(directory / "lock");
  const auto child = Child::fork([] { return ::pause(); });
  ASSERT_TRUE(file.ok() && atomic.ok() && lock.ok() && child.ok());

  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  auto listing = Child::fork([&] {
    ::dup2(writer.get(), STDOUT_FILENO);
    ::execl("/bin/sh", "sh", "-c", "ls -l /proc/self/fd", nullptr);
    return 127;
  });
  ASSERT_TRUE(listing.ok()) << listing.status();
  writer.close();
  const auto text = read_all(reader.get(), kib(64));
  EXPECT_EQ(listing->wait()->code, 0);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("1 -> pipe:"), std::string::npos) << *text;
  EXPECT_EQ(text->find(directory.path().filename().native()), std::string::npos) << *text;
  EXPECT_EQ(text->find("pidfd"), std::string::npos) << *text;
}

}  // namespace
}  // namespace skerry
