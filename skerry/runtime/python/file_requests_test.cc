// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/file_requests.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "skerry/wasi/files/host_files.h"

namespace skerry::runtime::python {
namespace {

using wasi::FileSystem;

template <typename T>
std::string bytes_of(T number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::string mode_frame(wasi::InodeNumber inode, std::uint32_t permissions) {
  return "m" + bytes_of(static_cast<std::uint64_t>(inode)) + bytes_of(permissions) +
         bytes_of(std::uint64_t{7});
}

std::string answer(std::string_view frame, wasi::HostState& state) {
  const auto answer = answer_file_request(frame, state);
  return answer && answer->ok() ? **answer : "none";
}

class FileRequestsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    files.set_mode(FileSystem::kRoot, 0040755);
    ASSERT_TRUE(wasi::add_file(files, "/f", as_bytes("x")).ok());
    file = *wasi::locate(files, "/f");
  }
  wasi::HostState state;
  FileSystem& files = state.files();
  wasi::InodeNumber file{};
};

TEST_F(FileRequestsTest, PermissionsAreKeptAndTheTypeStays) {
  EXPECT_EQ(answer(mode_frame(file, 0107755), state), "0");
  EXPECT_EQ(files.get(file).mode, 0107755);
  EXPECT_EQ(answer(mode_frame(file, 0xffffffff), state), "0");
  EXPECT_EQ(files.get(file).mode, 0107777);
  EXPECT_EQ(files.get(file).changed, wasi::Nanoseconds(7));
}

TEST_F(FileRequestsTest, NoInodeOrAReadOnlyOneIsAnErrorOfWasis) {
  EXPECT_EQ(answer(mode_frame(wasi::InodeNumber{99}, 0644), state), "44");
  files.set_access(file, wasi::Access::kReadOnly);
  EXPECT_EQ(answer(mode_frame(file, 0644), state), "69");
}

TEST_F(FileRequestsTest, TheUmaskIsExchangedAndShapesWhatIsMade) {
  EXPECT_EQ(answer("u" + bytes_of(std::uint32_t{0177077}), state), "18");
  EXPECT_EQ(files.umask(), 077);
  EXPECT_EQ(files.get(*files.create_file(FileSystem::kRoot, "g", {})).mode, 0100600);
  EXPECT_EQ(files.get(*files.create_directory(FileSystem::kRoot, "d", {})).mode, 0040700);
}

TEST_F(FileRequestsTest, RoomIsToldInBytesAndInodes) {
  const wasi::Quotas& quotas = files.quotas();
  EXPECT_EQ(answer("v", state), std::to_string(quotas.file_bytes.value) + " 512 " +
                                    std::to_string(quotas.inodes) + " 2");
}

TEST_F(FileRequestsTest, DescriptorsAreDuplicatedLockedAndPiped) {
  const auto two = [](std::uint32_t first, std::uint32_t second) {
    return bytes_of(first) + bytes_of(second);
  };
  EXPECT_EQ(answer("D" + two(1, 0xffffffff), state), "4");
  EXPECT_EQ(answer("D" + two(1, 9), state), "9");
  EXPECT_EQ(answer("D" + two(77, 9), state), "-8");
  EXPECT_EQ(answer("D" + two(1, 0xfffffffe), state), "-8");
  EXPECT_EQ(answer("F" + bytes_of(std::uint32_t{9}), state), "0 0 1");
  EXPECT_EQ(answer("F" + bytes_of(std::uint32_t{77}), state), "-8");
  EXPECT_EQ(answer("L" + two(3, 2), state), "0");
  EXPECT_EQ(answer("L" + two(3, 3), state), "-28");
  EXPECT_EQ(answer("L" + two(77, 1), state), "-8");
  EXPECT_EQ(answer("P" + bytes_of(std::uint32_t{0}), state), "5 6");
  EXPECT_EQ(answer("P" + bytes_of(std::uint32_t{1} << 9), state), "-28");
}

TEST_F(FileRequestsTest, FramesOfAnotherLengthAreRefusedAndOthersAreNotAnswered) {
  for (const std::string frame :
       {"m", "u", "u123", "m12345678", "u12345", "D", "D1234", "F", "L1", "P12345"}) {
    EXPECT_FALSE(answer_file_request(frame, state).value().ok()) << frame;
  }
  for (const std::string frame : {"", "d", "vv", "x"}) {
    EXPECT_FALSE(answer_file_request(frame, state).has_value()) << frame;
  }
}

}  // namespace
}  // namespace skerry::runtime::python
