// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

constexpr WallSet kAlone{Wall::kDescriptors};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(DescriptorsTest, WhatIsNotKeptIsClosed) {
  const OwnedFd directory(::open("/", O_RDONLY | O_DIRECTORY));  // would survive an exec, too
  ASSERT_EQ(::dup2(directory.get(), 900), 900);
  const OwnedFd high(900);
  const auto look = [&] {
    for (int fd = 3; fd < 1024; ++fd) {
      if (is_open(fd)) return fd < kWrong ? fd : kWrong;
    }
    return 0;
  };
  EXPECT_EQ(run_in_jail({.walls = kAlone}, look).code, 0);
}

TEST(DescriptorsTest, WhatIsKeptStaysUnderItsNumber) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  ASSERT_EQ(::dup2(writer.get(), 500), 500);
  const OwnedFd high(500);
  const auto speak = [&] {
    return check(::write(writer.get(), "a", 1) == 1 && ::write(500, "b", 1) == 1 &&
                 !is_open(reader.get()));
  };
  EXPECT_EQ(run_in_jail({.walls = kAlone, .kept = {500, writer.get(), writer.get()}}, speak).code,
            0);
  char text[2];
  ASSERT_EQ(::read(reader.get(), text, 2), 2);
  EXPECT_EQ(std::string(text, 2), "ab");
}

TEST(DescriptorsTest, StandardStreamsAreEmptyAndTakeNothing) {
  const auto use = [] {
    char byte = 0;
    return check(::read(0, &byte, 1) == 0 && ::write(1, "x", 1) == -1 && ::write(2, "x", 1) == -1);
  };
  EXPECT_EQ(run_in_jail({.walls = kAlone}, use).code, 0);
}

TEST(DescriptorsTest, StandardStreamsAreFilledEvenWhenTheyWereClosed) {
  const auto close_all = [] {
    for (int fd = 0; fd < 1024; ++fd) ::close(fd);
  };
  const auto look = [] { return check(is_open(0) && is_open(1) && is_open(2) && !is_open(3)); };
  EXPECT_EQ(run_in_jail({.walls = kAlone, .before = close_all}, look).code, 0);
}

}  // namespace
}  // namespace skerry::jail
