// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/oom_score.h"

#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "skerry/base/os/file.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

int score() { return std::stoi(read_file("/proc/self/oom_score_adj", kib(4)).value_or("-1")); }

TEST(OomScoreTest, IsRaisedAndNeverLowered) {
  const ChildExit exit = run_outside([] {
    raise_oom_score(500);
    if (score() != 500) return 1;
    raise_oom_score(300);
    return score() == 500 ? 0 : 2;
  });
  EXPECT_EQ(exit.code, 0);
}

TEST(OomScoreTest, JailedProcessIsTheKernelsFirstChoice) {
  OwnedFd file;
  const auto open_it = [&] {
    file = OwnedFd(::open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
    if (file.get() != 200) ::dup2(file.get(), 200);
  };
  const ChildExit exit = run_in_jail({.walls = full_jail(), .kept = {200}, .before = open_it}, [] {
    char text[8] = {};
    return check(::pread(200, text, sizeof text, 0) == 5 && std::string(text) == "1000\n");
  });
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, 0);
}

}  // namespace
}  // namespace skerry::jail
