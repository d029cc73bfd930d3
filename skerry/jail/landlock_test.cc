// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/landlock.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/jail/memory_file.h"
#include "skerry/jail/test_jail.h"
#include "skerry/jail/test_listener.h"

namespace skerry::jail {
namespace {

constexpr WallSet kLandlockAlone{Wall::kNoNewPrivileges, Wall::kLandlock};

bool has_version(int wanted) {
  const auto version = landlock_version();
  return version.ok() && *version >= wanted;
}

TEST(LandlockTest, NoPathIsOpened) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  const auto open = [] { return answer_of(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)); };
  EXPECT_EQ(run_outside(open).code, 0);
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, open).code, EACCES);
}

TEST(LandlockTest, NoFileIsMadeOrRemoved) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  const TestDirectory directory;
  const auto name = directory / "file";
  const auto make = [&] { return answer_of(::mkdir(name.c_str(), 0700)); };
  const auto remove = [&] { return answer_of(::rmdir(name.c_str())); };
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, make).code, EACCES);
  EXPECT_EQ(run_outside(make).code, 0);
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, remove).code, EACCES);
}

TEST(LandlockTest, WhatIsOpenIsStillReadAndMemoryFilesAreMade) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  const OwnedFd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  const auto use = [&] {
    char byte = 0;
    const auto memory = make_memory_file("pages");
    return check(::pread(file.get(), &byte, 1, 0) == 1 && memory.ok() &&
                 ::write(memory->get(), "x", 1) == 1 && ::ftruncate(memory->get(), 4096) == 0);
  };
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone, .kept = {file.get()}}, use).code, 0);
}

TEST(LandlockTest, AConfinedProcessReadsWhatItWasGivenAndWritesInOnePlace) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  const TestDirectory given;
  const TestDirectory own;
  const TestDirectory other;
  for (const TestDirectory* each : {&given, &own, &other}) {
    ASSERT_TRUE(write_file(*each / "file", as_bytes("x")).ok());
  }
  const std::vector<std::filesystem::path> readable{given.path(), other / "not there"};
  const auto answers = [](const std::filesystem::path& path, int flags) {
    return ::open(path.c_str(), flags | O_CLOEXEC, 0600) >= 0;
  };
  const auto confined = [&] {
    return check(confine_paths(readable, own.path()).ok() && answers(given / "file", O_RDONLY) &&
                 !answers(given / "file", O_WRONLY) &&
                 !answers(given / "new", O_WRONLY | O_CREAT) && answers(own / "file", O_RDWR) &&
                 answers(own / "new", O_WRONLY | O_CREAT) && !answers(other / "file", O_RDONLY) &&
                 !answers("/etc/passwd", O_RDONLY));
  };
  EXPECT_EQ(run_outside(confined).code, 0);
}

TEST(LandlockTest, AConfinedProcessHasTheNetwork) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  const TestDirectory own;
  const Listener listener = Listener::on_loopback();
  const auto reach = [&] { return confine_paths({}, own.path()).ok() ? listener.reach() : -1; };
  EXPECT_EQ(run_outside(reach).code, 0);
}

TEST(LandlockTest, NoTcpConnectionIsMade) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  if (!has_version(4)) GTEST_SKIP() << "Landlock knows TCP from version 4 (Linux 6.7)";
  const Listener listener = Listener::on_loopback();
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, [&] { return listener.reach(); }).code, EACCES);
}

TEST(LandlockTest, NoAbstractSocketOfOthersIsReached) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  if (!has_version(6)) GTEST_SKIP() << "Landlock scopes sockets from version 6 (Linux 6.12)";
  const Listener listener = Listener::on_abstract_name();
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, [&] { return listener.reach(); }).code, EPERM);
}

TEST(LandlockTest, SignalsReachNobodyElse) {
  SKERRY_NEEDS_WALL(Wall::kLandlock);
  if (!has_version(6)) GTEST_SKIP() << "Landlock scopes signals from version 6 (Linux 6.12)";
  const auto signal_tester = [] { return answer_of(::kill(kTester, 0)); };
  const auto signal_itself = [] { return answer_of(::kill(::getpid(), 0)); };
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, signal_tester).code, EPERM);
  EXPECT_EQ(run_in_jail({.walls = kLandlockAlone}, signal_itself).code, 0);
}

}  // namespace
}  // namespace skerry::jail
