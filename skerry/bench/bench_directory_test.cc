// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/bench_directory.h"

#include <chrono>
#include <csignal>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry::bench {
namespace {

namespace fs = std::filesystem;

class BenchDirectoryTest : public ::testing::Test {
 protected:
  void make(const fs::path& path) {
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file(path, as_bytes("x")).ok());
  }

  bool is_gone_soon(const fs::path& path) {
    for (int i = 0; i < 500 && fs::exists(path); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return !fs::exists(path);
  }

  const TestDirectory directory;
  const runtime::Home home{directory / "home"};
  const fs::path root = directory / "home/bench";
};

TEST_F(BenchDirectoryTest, GoesWithItsObjectAndAllThatIsInIt) {
  fs::path path;
  {
    const auto made = BenchDirectory::create(home);
    ASSERT_TRUE(made.ok()) << made.status();
    path = (*made)->path();
    make(path / "deep/down/file");
  }
  EXPECT_FALSE(fs::exists(root));
}

TEST_F(BenchDirectoryTest, GoesWhenItsProcessIsKilled) {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    const fs::path ready = directory / "ready";
    auto child = Child::fork([&] {
      ::signal(SIGINT, SIG_DFL);
      ::setpgid(0, 0);
      const auto made = BenchDirectory::create(home);
      if (!made.ok()) return 1;
      make((*made)->path() / "deep/down/file");
      make(ready);
      for (;;) ::pause();
    });
    ASSERT_TRUE(child.ok());
    while (!fs::exists(ready)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(fs::is_empty(root));
    ::kill(-child->pid(), signal);  // as a terminal's Ctrl-C: the group gets it
    EXPECT_EQ(child->wait()->signal, signal);
    EXPECT_TRUE(is_gone_soon(root)) << signal;
    fs::remove(ready);
  }
}

TEST_F(BenchDirectoryTest, WhatBenchesLeftThatAreGoneIsRemovedAndNoOthers) {
  make(root / "4711-1/sessions.db");
  const auto other = BenchDirectory::create(home);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(fs::exists(root / "4711-1"));
  make((*other)->path() / "kept");
  {
    const auto made = BenchDirectory::create(home);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_NE((*made)->path(), (*other)->path());
  }
  EXPECT_TRUE(fs::exists((*other)->path() / "kept"));
}

TEST_F(BenchDirectoryTest, AProcessThatOutlivesTheBenchKeepsItUntilItEnds) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  auto child = Child::fork([&] {
    const auto made = BenchDirectory::create(home);
    if (!made.ok()) return 1;
    make((*made)->path() / "file");
    if (::fork() == 0) {  // not with its parent, as benches' processes would
      writer.close();
      char byte = 0;
      ::_exit(::read(reader.get(), &byte, 1) == 0 ? 0 : 1);
    }
    ::_exit(0);  // as if it were killed
  });
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->wait()->code, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(fs::is_empty(root));
  writer.close();
  EXPECT_TRUE(is_gone_soon(root));
}

}  // namespace
}  // namespace skerry::bench
