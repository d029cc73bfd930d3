// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/namespaces.h"

#include <array>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <string>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>

#include "skerry/base/test_directory.h"
#include "skerry/jail/test_jail.h"
#include "skerry/jail/test_listener.h"

namespace skerry::jail {
namespace {

int open_for_reading(const char* path) { return answer_of(::open(path, O_RDONLY | O_CLOEXEC)); }

TEST(PidNamespaceTest, ProcessesOutsideHaveNoNumber) {
  SKERRY_NEEDS_WALL(Wall::kPidNamespace);
  const auto find = [] { return answer_of(::kill(kTester, 0)); };
  EXPECT_EQ(run_outside(find).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kPidNamespace})}, find).code, ESRCH);
}

TEST(PidNamespaceTest, ProcessStillFindsItself) {
  SKERRY_NEEDS_WALL(Wall::kPidNamespace);
  const auto find = [] { return check(::getpid() == 1 && ::kill(1, 0) == 0); };
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kPidNamespace})}, find).code, 0);
}

TEST(EmptyRootTest, HostFilesAreNotThere) {
  SKERRY_NEEDS_WALL(Wall::kEmptyRoot);
  for (const char* path : {"/etc/passwd", "/proc/self/status", "/../etc/passwd"}) {
    const auto open = [=] { return open_for_reading(path); };
    EXPECT_EQ(run_outside(open).code, 0) << path;
    EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kEmptyRoot})}, open).code, ENOENT) << path;
  }
}

TEST(EmptyRootTest, RootHoldsNothingAndTakesNothing) {
  SKERRY_NEEDS_WALL(Wall::kEmptyRoot);
  const auto look = [] {
    DIR* const root = ::opendir("/");
    if (root == nullptr) return errno;
    int names = 0;
    while (::readdir(root) != nullptr) ++names;
    ::closedir(root);
    return check(names == 2);  // "." and ".."
  };
  const auto write = [] { return answer_of(::open("/file", O_CREAT | O_WRONLY, 0600)); };
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kEmptyRoot})}, look).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kEmptyRoot})}, write).code, EROFS);
}

TEST(EmptyRootTest, HostKeepsItsMounts) {
  SKERRY_NEEDS_WALL(Wall::kEmptyRoot);
  run_in_jail({.walls = walls_alone({Wall::kEmptyRoot})}, [] { return 0; });
  EXPECT_EQ(open_for_reading("/proc/self/status"), 0);
}

TEST(EmptyRootTest, FileOpenedBeforehandIsStillRead) {
  SKERRY_NEEDS_WALL(Wall::kEmptyRoot);
  const OwnedFd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  const auto read = [&] {
    char byte = 0;
    return check(::pread(file.get(), &byte, 1, 0) == 1);
  };
  EXPECT_EQ(
      run_in_jail({.walls = walls_alone({Wall::kEmptyRoot}), .kept = {file.get()}}, read).code, 0);
}

TEST(NetworkNamespaceTest, ListenersOfTheHostAreOutOfReach) {
  SKERRY_NEEDS_WALL(Wall::kNetworkNamespace);
  const Listener internet = Listener::on_loopback();
  const Listener abstract = Listener::on_abstract_name();
  const WallSet walls = walls_alone({Wall::kNetworkNamespace});
  EXPECT_EQ(run_outside([&] { return internet.reach(); }).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls}, [&] { return internet.reach(); }).code, ENETUNREACH);
  EXPECT_EQ(run_outside([&] { return abstract.reach(); }).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls}, [&] { return abstract.reach(); }).code, ECONNREFUSED);
}

TEST(NetworkNamespaceTest, SocketFromOutsideStillCarries) {
  SKERRY_NEEDS_WALL(Wall::kNetworkNamespace);
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const OwnedFd ours(ends[0]);
  const OwnedFd theirs(ends[1]);
  run_in_jail({.walls = walls_alone({Wall::kNetworkNamespace}), .kept = {theirs.get()}},
              [&] { return check(::write(theirs.get(), "x", 1) == 1); });
  char byte = 0;
  EXPECT_EQ(::read(ours.get(), &byte, 1), 1);
}

TEST(IpcNamespaceTest, SharedMemoryOfTheHostIsNotThere) {
  SKERRY_NEEDS_WALL(Wall::kIpcNamespace);
  const int segment = ::shmget(IPC_PRIVATE, kPageSize, 0666);
  ASSERT_GE(segment, 0);
  const auto attach = [=] {
    return ::shmat(segment, nullptr, 0) == reinterpret_cast<void*>(-1) ? errno : 0;
  };
  EXPECT_EQ(run_outside(attach).code, 0);
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kIpcNamespace})}, attach).code, EINVAL);
  ::shmctl(segment, IPC_RMID, nullptr);
}

TEST(UtsNamespaceTest, HostNameIsHiddenInsideAlone) {
  SKERRY_NEEDS_WALL(Wall::kUtsNamespace);
  std::array<char, 256> before{};
  ASSERT_EQ(::gethostname(before.data(), before.size()), 0);
  const auto compare = [] {
    std::array<char, 256> name{};
    return check(::gethostname(name.data(), name.size()) == 0 &&
                 std::string_view(name.data()) == "skerry");
  };
  EXPECT_EQ(run_in_jail({.walls = walls_alone({Wall::kUtsNamespace})}, compare).code, 0);
  std::array<char, 256> after{};
  ASSERT_EQ(::gethostname(after.data(), after.size()), 0);
  EXPECT_STREQ(after.data(), before.data());
}

TEST(UserNamespaceTest, RootBecomesSomebodyWhoMayNotReadRootsFiles) {
  SKERRY_NEEDS_WALL(Wall::kUserNamespace);
  if (!becomes_other()) GTEST_SKIP() << "only root becomes somebody else";
  const TestDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  const auto secret = directory / "secret";
  const auto shown = directory / "shown";
  std::ofstream(secret) << "x";
  std::ofstream(shown) << "x";
  ASSERT_EQ(::chmod(secret.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(shown.c_str(), 0644), 0);
  const WallSet walls{Wall::kUserNamespace, Wall::kCapabilities};
  EXPECT_EQ(run_in_jail({.walls = walls}, [&] { return open_for_reading(secret.c_str()); }).code,
            EACCES);
  EXPECT_EQ(run_in_jail({.walls = walls}, [&] { return open_for_reading(shown.c_str()); }).code, 0);
}

}  // namespace
}  // namespace skerry::jail
