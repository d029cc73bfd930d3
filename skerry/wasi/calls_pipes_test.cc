// SPDX-License-Identifier: Apache-2.0
// What POSIX has of descriptors and preview 1 has not: duplicates, locks and pipes.
#include <gtest/gtest.h>

#include "skerry/wasi/call_functions.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/guest_fixture.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::wasi {
namespace {

class DescriptorsTest : public ::testing::Test {
 protected:
  std::uint32_t duplicate(std::uint32_t fd) {
    return static_cast<std::uint32_t>(*guest.state.duplicate(Fd{fd}));
  }
  std::uint64_t offset(std::uint32_t fd) { return guest.state.descriptors().find(Fd{fd})->offset; }
  HostState::Pipe pipe(FdFlags flags = 0) { return *guest.state.open_pipe(flags, {}); }
  static std::uint32_t number(Fd fd) { return static_cast<std::uint32_t>(fd); }

  Guest guest;
};

TEST_F(DescriptorsTest, DuplicatesShareTheirPlaceAndOthersDoNot) {
  const std::uint32_t fd = guest.must_open("f", {.flags = kOpenCreate, .rights = kAllRights});
  const std::uint32_t other = guest.must_open("f", {.rights = kAllRights});
  const std::uint32_t twin = duplicate(fd);
  EXPECT_EQ(*guest.write(fd, "abc"), 3u);
  EXPECT_EQ(*guest.write(twin, "def"), 3u);
  EXPECT_EQ(offset(fd), 6u);
  EXPECT_EQ(offset(other), 0u);
  EXPECT_EQ(guest.state.close(Fd{fd}), Errno::kSuccess);
  EXPECT_EQ(*guest.write(twin, "g"), 1u);
  EXPECT_EQ(read_file(guest.state.files(), "/f", mib(1)).value(), "abcdefg");
}

TEST_F(DescriptorsTest, AnOutputIsRedirectedAndBroughtBack) {
  const std::uint32_t fd = guest.must_open("log", {.flags = kOpenCreate, .rights = kAllRights});
  const std::uint32_t saved = duplicate(1);
  EXPECT_EQ(guest.state.duplicate_at(Fd{fd}, Fd{1}), Errno::kSuccess);
  EXPECT_EQ(*guest.write(1, "to the file"), 11u);
  EXPECT_EQ(guest.state.duplicate_at(Fd{saved}, Fd{1}), Errno::kSuccess);
  EXPECT_EQ(*guest.write(1, "out"), 3u);
  EXPECT_EQ(read_file(guest.state.files(), "/log", mib(1)).value(), "to the file");
  EXPECT_EQ(guest.state.duplicate_at(Fd{fd}, Fd{1u << 30}), Errno::kBadf);
  EXPECT_EQ(guest.state.duplicate_at(Fd{99}, Fd{1}), Errno::kBadf);
  EXPECT_EQ(guest.state.duplicate(Fd{99}).status(), Errno::kBadf);
}

TEST_F(DescriptorsTest, StandardStreamsComeBackForTheNextRun) {
  const std::uint32_t fd = guest.must_open("log", {.flags = kOpenCreate, .rights = kAllRights});
  EXPECT_EQ(guest.state.duplicate_at(Fd{fd}, Fd{1}), Errno::kSuccess);
  EXPECT_EQ(guest.state.close(Fd{2}), Errno::kSuccess);
  guest.state.restore_streams();
  EXPECT_EQ(guest.state.descriptors().find(Fd{1})->kind, Descriptor::Kind::kStdout);
  EXPECT_EQ(guest.state.descriptors().find(Fd{2})->kind, Descriptor::Kind::kStderr);
}

TEST_F(DescriptorsTest, ALockBelongsToAnOpenFileAndEndsWithIt) {
  const std::uint32_t fd = guest.must_open("f", {.flags = kOpenCreate, .rights = kAllRights});
  const std::uint32_t other = guest.must_open("f", {.rights = kAllRights});
  const std::uint32_t twin = duplicate(fd);
  EXPECT_EQ(guest.state.lock(Fd{fd}, FileLock::kExclusive), Errno::kSuccess);
  EXPECT_EQ(guest.state.lock(Fd{twin}, FileLock::kExclusive), Errno::kSuccess);
  EXPECT_EQ(guest.state.lock(Fd{other}, FileLock::kShared), Errno::kAgain);
  EXPECT_EQ(guest.state.close(Fd{fd}), Errno::kSuccess);
  EXPECT_EQ(guest.state.lock(Fd{other}, FileLock::kShared), Errno::kAgain);
  EXPECT_EQ(guest.state.close(Fd{twin}), Errno::kSuccess);
  EXPECT_EQ(guest.state.lock(Fd{other}, FileLock::kShared), Errno::kSuccess);
  EXPECT_EQ(guest.state.lock(Fd{other}, FileLock::kNone), Errno::kSuccess);
}

TEST_F(DescriptorsTest, APipeGivesWhatWasWrittenAndThenItsEnd) {
  const auto [output, input] = pipe();
  EXPECT_EQ(*guest.write(number(input), "one"), 3u);
  EXPECT_EQ(*guest.write(number(input), "two"), 3u);
  EXPECT_EQ(guest.error("fd_sync", {number(input)}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_datasync", {number(output)}), Errno::kInval);
  EXPECT_EQ(*guest.read(number(output), 4), "onet");
  EXPECT_EQ(*guest.read(number(output), 9), "wo");
  EXPECT_EQ(guest.read(number(output), 9).status(), Errno::kDeadlk);
  EXPECT_EQ(guest.state.close(input), Errno::kSuccess);
  EXPECT_EQ(*guest.read(number(output), 9), "");
}

TEST_F(DescriptorsTest, AFullPipeAndOneWithoutAReaderAreErrors) {
  const auto [output, input] = pipe();
  const std::string much(40000, 'x');
  EXPECT_EQ(*guest.write(number(input), much), 40000u);
  EXPECT_EQ(*guest.write(number(input), much), 25536u);
  EXPECT_EQ(guest.write(number(input), "x").status(), Errno::kDeadlk);
  EXPECT_EQ(guest.read(number(output), 30000)->size(), 30000u);
  EXPECT_EQ(*guest.write(number(input), much), 30000u);
  EXPECT_EQ(guest.read(number(output), 40000)->size(), 40000u);
  // What has been read does not stay in the file.
  EXPECT_LE(guest.state.files().get(guest.state.descriptors().find(output)->inode).size(), 65536u);
  EXPECT_EQ(guest.state.close(output), Errno::kSuccess);
  EXPECT_EQ(guest.write(number(input), "x").status(), Errno::kPipe);
}

TEST_F(DescriptorsTest, APipeThatMustNotWaitSaysSo) {
  const auto [output, input] = pipe(kNonblock);
  EXPECT_EQ(guest.read(number(output), 1).status(), Errno::kAgain);
  EXPECT_EQ(*guest.write(number(input), std::string(65536, 'x')), 65536u);
  EXPECT_EQ(guest.write(number(input), "x").status(), Errno::kAgain);
}

TEST_F(DescriptorsTest, AStoredStateKeepsDuplicatesLocksAndPipes) {
  const std::uint32_t fd = guest.must_open("f", {.flags = kOpenCreate, .rights = kAllRights});
  const std::uint32_t twin = duplicate(fd);
  EXPECT_EQ(guest.state.lock(Fd{fd}, FileLock::kExclusive), Errno::kSuccess);
  const auto [output, input] = pipe();
  EXPECT_EQ(*guest.write(number(input), "kept"), 4u);
  auto decoded = decode(as_bytes(*encode(guest.state)), {});
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  guest.state = *std::move(decoded);
  EXPECT_EQ(*guest.write(fd, "abc"), 3u);
  EXPECT_EQ(offset(twin), 3u);
  const std::uint32_t other = guest.must_open("f", {.rights = kAllRights});
  EXPECT_EQ(guest.state.lock(Fd{other}, FileLock::kShared), Errno::kAgain);
  EXPECT_EQ(*guest.read(number(output), 9), "kept");
}

}  // namespace
}  // namespace skerry::wasi
