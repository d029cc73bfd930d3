// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <functional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/sanitizer.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/namespaces.h"
#include "skerry/jail/probe.h"

namespace skerry::jail {

/// For tests: what a process says about one call by its exit code. 0: it was done; else errno.
inline int answer_of(long value) { return value == -1 ? errno : 0; }

/// An exit code for "done, but not with the result that was expected".
inline constexpr int kWrong = 120;
/// An exit code for "the jail itself failed".
inline constexpr int kNoJail = 121;

/// The process of the test itself, which a deed must not reach.
inline const pid_t kTester = ::getpid();

inline int check(bool holds) { return holds ? 0 : kWrong; }

/// A program for the jail, native as if the WebAssembly sandbox were broken: one deed.
struct Deed {
  std::string name;
  std::function<int()> act;
};
inline void PrintTo(const Deed& deed, std::ostream* out) { *out << deed.name; }
inline std::string name_of_deed(const testing::TestParamInfo<Deed>& info) {
  return info.param.name;
}

/// What this host lets stand, tried once.
inline WallSet standing() {
  static const WallSet walls = probe_walls().standing();
  return walls;
}

/// Whether a jailed process becomes somebody else here.
inline bool becomes_other() { return ::geteuid() == 0 && has_identity(Identity{}); }

/// Root of a container with no other user stays what it is: some deeds of root cannot be stopped.
inline bool is_lone_root() { return ::geteuid() == 0 && !becomes_other(); }

/// Every wall that stands here, but for the control group, which comes from outside.
inline WallSet full_jail() { return standing().without({Wall::kCgroup}); }

/// `walls`, on the user namespace that they need unless root does without.
inline WallSet walls_alone(WallSet walls) {
  return standing().has(Wall::kUserNamespace) ? walls.with({Wall::kUserNamespace}) : walls;
}

struct JailOptions {
  WallSet walls;
  std::vector<int> kept = {};
  Policy policy = {};
  std::function<void()> before = [] {};  ///< in the process, while paths can still be opened
};

/// Raises both stages, acts, and tells how that ended.
inline ChildExit run_in_jail(const JailOptions& options, const std::function<int()>& act) {
  auto spawned = spawn(options.policy, options.walls, {}, [&](Cell& cell) {
    options.before();
    if (!cell.enclose().ok() || !cell.seal(options.kept).ok()) return kNoJail;
    return act();
  });
  EXPECT_TRUE(spawned.ok()) << spawned.status();
  if (!spawned.ok()) return {.code = kNoJail};
  return *Child::adopt(spawned->pid, std::move(spawned->pidfd)).wait();
}

/// The same deed without any jail: shows that the deed itself is a working one.
inline ChildExit run_outside(const std::function<int()>& act) { return *Child::fork(act)->wait(); }

}  // namespace skerry::jail

/// Skips the test, with the reason, unless the host lets the wall stand.
#define SKERRY_NEEDS_WALL(wall)                                                    \
  if (!::skerry::jail::standing().has(wall)) {                                     \
    GTEST_SKIP() << "the host refuses the wall " << ::skerry::jail::name_of(wall); \
  }

/// Skips a test of what works behind the filter: the sanitizer's own runtime makes calls there that
/// no worker makes.
#define SKERRY_NEEDS_PLAIN_RUNTIME()                                         \
  if (::skerry::kHasAddressSanitizer) {                                      \
    GTEST_SKIP() << "the sanitizer's runtime makes system calls of its own"; \
  }
