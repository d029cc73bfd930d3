// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/probe.h"

#include <fcntl.h>
#include <string>
#include <sys/wait.h>

#include "skerry/base/os/file.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

TEST(ProbeTest, EveryWallIsToldOnceInOrder) {
  const WallReport report = probe_walls();
  ASSERT_EQ(report.findings.size(), kWalls.size());
  for (std::size_t i = 0; i < kWalls.size(); ++i) {
    EXPECT_EQ(report.findings[i].wall, kWalls[i]);
    EXPECT_EQ(report.findings[i].state.ok(), report.findings[i].mend.empty());
  }
}

TEST(ProbeTest, WallsThatTakeNoPrivilegeStandEverywhere) {
  for (const Wall wall : {Wall::kDescriptors, Wall::kCapabilities, Wall::kNoNewPrivileges,
                          Wall::kResourceLimits, Wall::kParentDeath}) {
    EXPECT_TRUE(standing().has(wall)) << name_of(wall);
  }
}

TEST(ProbeTest, ProbingLeavesNoProcess) {
  probe_walls();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(ProbeTest, RequirementNamesWhatIsMissingAndHowToMendIt) {
  WallReport report;
  report.findings = {
      {Wall::kSeccomp, ok_status(), ""},
      {Wall::kLandlock, absl::UnimplementedError("not in this kernel"), "a newer one"},
      {Wall::kCgroup, absl::UnavailableError("not mounted"), "mount it"}};
  EXPECT_TRUE(report.require({Wall::kSeccomp}).ok());
  const Status status = report.require({Wall::kSeccomp, Wall::kLandlock});
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(message_of(status), "walls are missing: landlock: not in this kernel (a newer one)");
}

// A namespace in which user namespaces are switched off stands for a host that refuses them.
TEST(ProbeTest, HostThatRefusesUserNamespacesIsToldSo) {
  SKERRY_NEEDS_WALL(Wall::kUserNamespace);
  auto spawned = spawn({}, {Wall::kUserNamespace}, {}, [](Cell&) {
    const auto file = open_file("/proc/sys/user/max_user_namespaces", O_WRONLY);
    if (!file.ok() || !write_all(file->get(), as_bytes("0")).ok()) return kNoJail;
    const WallReport report = probe_walls();
    const Status status = report.require(WallSet::all());
    return check(!report.standing().has(Wall::kUserNamespace) &&
                 report.standing().has(Wall::kSeccomp) &&
                 message_of(status).find("user-namespace: clone3") != std::string_view::npos);
  });
  ASSERT_TRUE(spawned.ok()) << spawned.status();
  const int code = Child::adopt(spawned->pid, std::move(spawned->pidfd)).wait()->code;
  if (code == kNoJail) GTEST_SKIP() << "the limit cannot be changed here";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace skerry::jail
