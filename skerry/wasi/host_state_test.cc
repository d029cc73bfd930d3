// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/host_state.h"

#include <chrono>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

TEST(HostStateTest, ResetBringsBackFilesDescriptorsClockAndStream) {
  Guest guest;
  guest.state.random.seed = seed_of(1);
  const std::uint32_t kept = guest.create("kept");
  EXPECT_TRUE(guest.write(kept, "old").ok());
  const HostState snapshot = guest.state;
  const auto& files = guest.state.files();

  EXPECT_TRUE(guest.write(kept, "new").ok());
  EXPECT_EQ(guest.close(0), Errno::kSuccess);
  EXPECT_EQ(guest.unlink("kept"), Errno::kSuccess);
  EXPECT_EQ(guest.create("other"), 0u);
  guest.state.random.position = 9;
  guest.clock->realtime();

  guest.state = snapshot;
  EXPECT_EQ(&files, &guest.state.files()) << "references to the state stay";
  EXPECT_EQ(*guest.pread(kept, 9, 0), "old");
  EXPECT_EQ(guest.error("fd_tell", {kept, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint64_t>(0), 3u);
  EXPECT_EQ(guest.stat("other").status(), Errno::kNoEnt);
  EXPECT_EQ(guest.error("fd_fdstat_get", {0, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.state.random, snapshot.random);
}

TEST(HostStateTest, ForksGoTheirOwnWays) {
  Guest one;
  one.create("f");
  Guest other(one.state);
  EXPECT_TRUE(one.write(4, "one").ok());
  EXPECT_TRUE(other.write(4, "other").ok());
  EXPECT_EQ(*one.pread(4, 9, 0), "one");
  EXPECT_EQ(*other.pread(4, 9, 0), "other");
}

TEST(HostStateTest, PreopensMustBeDirectories) {
  HostState state;
  ASSERT_TRUE(add_file(state.files(), "/f", as_bytes("x")).ok());
  EXPECT_EQ(state.add_preopen("/f", "/f").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(state.add_preopen("/g", "/g").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(state.add_preopen("", "/").status().code(), StatusCode::kInvalidArgument);
}

TEST(HostStateTest, PreopenedDirectorySurvivesItsRemoval) {
  Guest guest;
  ASSERT_TRUE(make_directory(guest.state.files(), "/d").ok());
  ASSERT_TRUE(guest.state.add_preopen("/d", "/d").ok());
  EXPECT_EQ(guest.remove_directory("d"), Errno::kSuccess);
  EXPECT_EQ(guest.open("f", {.flags = kOpenCreate}, 4).status(), Errno::kNoEnt);
  EXPECT_EQ(guest.open("..", {}, 4).status(), Errno::kPerm);
  EXPECT_EQ(guest.error("fd_readdir", {4, 0, 100, 0, Guest::kResultAt}), Errno::kNoEnt);
  EXPECT_EQ(guest.close(4), Errno::kSuccess);
}

TEST(HostStateTest, ResetDoesNotTouchWhatIsThere) {
  HostState state;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(add_file(state.files(), "/d/" + std::to_string(i), as_bytes("x")).ok());
  }
  const HostState snapshot = state;
  const auto start = std::chrono::steady_clock::now();
  constexpr int kResets = 10'000;
  for (int i = 0; i < kResets; ++i) state = snapshot;
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
  EXPECT_LT(spent.count() / kResets, 20.0)
      << "µs; generous, for unoptimised builds under a sanitizer";
}

}  // namespace
}  // namespace skerry::wasi
