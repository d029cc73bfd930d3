// SPDX-License-Identifier: Apache-2.0
// Devices, modes and what listings leave out: what a state has beyond WASI, for guests that expect
// POSIX.
#include <gtest/gtest.h>

#include "skerry/wasi/call_functions.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/guest_fixture.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::wasi {
namespace {

constexpr Rights kReads = kAllRights & ~kFdWrite;

/// A guest whose root has a mode, with a device of each kind in /dev, which is not listed.
class PosixTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FileSystem& files = guest.state.files();
    files.set_mode(FileSystem::kRoot, 0040755);
    const std::pair<const char*, Device> devices[] = {
        {"/dev/null", Device::kNull},     {"/dev/zero", Device::kZero},
        {"/dev/full", Device::kFull},     {"/dev/urandom", Device::kRandom},
        {"/dev/tty", Device::kTerminal},  {"/dev/stdin", Device::kStdin},
        {"/dev/stdout", Device::kStdout}, {"/dev/stderr", Device::kStderr}};
    for (const auto& [path, device] : devices) {
      ASSERT_TRUE(add_device(files, path, device, {.access = Access::kReadOnly}).ok());
    }
    files.set_unlisted(*locate(files, "/dev"));
  }

  std::uint32_t device(const char* name, Rights rights = kAllRights) {
    return guest.must_open(std::string("dev/") + name, {.rights = rights});
  }
  InodeNumber inode(const char* path) { return *locate(guest.state.files(), path); }
  Mode mode(const char* path) { return guest.state.files().get(inode(path)).mode; }
  void permit(const char* path, Mode permissions) {
    EXPECT_EQ(guest.state.files().set_permissions(inode(path), permissions, {}), Errno::kSuccess);
  }
  std::uint64_t device_number_of(std::string_view name) {
    EXPECT_TRUE(guest.stat(name, 0).ok());
    return guest.value<std::uint64_t>(Guest::kResultAt);
  }
  std::vector<std::string> listed() {
    std::vector<std::string> names;
    const std::uint32_t root = guest.must_open(".", {.flags = kOpenDirectory, .rights = kReads});
    for (const auto& entry : guest.list_all(root, 100)) names.push_back(entry.name);
    return names;
  }

  Guest guest;
};

TEST_F(PosixTest, NullTakesEverythingAndGivesNothing) {
  const std::uint32_t fd = guest.must_open(
      "dev/null",
      {.flags = kOpenCreate | kOpenTruncate, .rights = kAllRights, .fd_flags = kAppend});
  EXPECT_EQ(*guest.write(fd, "gone"), 4u);
  EXPECT_EQ(*guest.pwrite(fd, "gone", 99), 4u);
  EXPECT_EQ(*guest.read(fd, 9), "");
  EXPECT_EQ(*guest.seek(fd, 5, Whence::kSet), 0u);
  EXPECT_EQ(guest.stat("dev/null")->size, 0u);
  EXPECT_EQ(guest.error("fd_filestat_set_size", {fd, 5}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_allocate", {fd, 0, 5}), Errno::kNoDev);
  EXPECT_EQ(guest.error("fd_sync", {fd}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_datasync", {fd}), Errno::kInval);
}

TEST_F(PosixTest, ZeroFullAndRandomGiveWhatLinuxGives) {
  const std::string zeros(9, '\0');
  EXPECT_EQ(*guest.read(device("zero"), 9), zeros);
  EXPECT_EQ(*guest.pread(device("zero"), 9, 1000), zeros);
  EXPECT_EQ(*guest.read(device("full"), 9), zeros);
  EXPECT_EQ(guest.write(device("full"), "x").status(), Errno::kNoSpc);
  EXPECT_EQ(*guest.write(device("zero"), "x"), 1u);
  const std::string random = *guest.read(device("urandom"), 64);
  EXPECT_EQ(random.size(), 64u);
  EXPECT_NE(random, *guest.read(device("urandom"), 64));
}

TEST_F(PosixTest, RandomBytesOfASeedRepeat) {
  guest.state.random.seed = seed_of(1);
  SeededEntropy seeded(guest.state.random);
  guest.entropy = &seeded;
  const std::uint32_t fd = device("urandom");
  const HostState before = guest.state;
  const std::string first = *guest.read(fd, 32);
  guest.state = before;
  EXPECT_EQ(*guest.read(fd, 32), first);
}

TEST_F(PosixTest, TheTerminalIsThereAndCannotBeOpened) {
  EXPECT_EQ(guest.stat("dev/tty")->type, FileType::kCharacterDevice);
  EXPECT_EQ(guest.open("dev/tty", {}).status(), Errno::kNxio);
}

TEST_F(PosixTest, StandardStreamsOpenAsCopiesOfTheirDescriptors) {
  TextInput input("typed");
  guest.input = &input;
  EXPECT_EQ(*guest.read(device("stdin", kReads), 9), "typed");
  EXPECT_EQ(*guest.write(device("stdout", kFdWrite), "out"), 3u);
  EXPECT_EQ(*guest.write(device("stderr", kFdWrite), "err"), 3u);
  EXPECT_EQ(guest.output.out + guest.output.err, "outerr");
  EXPECT_EQ(guest.open("dev/stdin", {.rights = kAllRights}).status(), Errno::kAcces);
  const std::uint32_t file = guest.create("f");
  EXPECT_EQ(guest.error("fd_renumber", {file, 1}), Errno::kSuccess);
  EXPECT_EQ(*guest.write(device("stdout", kFdWrite), "in f"), 4u);
  EXPECT_EQ(*guest.pread(1, 9, 0), "in f");
  EXPECT_EQ(guest.close(1), Errno::kSuccess);
  EXPECT_EQ(guest.open("dev/stdout", {.rights = kFdWrite}).status(), Errno::kNoEnt);
}

TEST_F(PosixTest, NoDeviceIsATerminal) {
  for (const char* name : {"null", "zero", "urandom"}) {
    const std::uint32_t fd = device(name);
    EXPECT_EQ(guest.error("fd_fdstat_get", {fd, 0}), Errno::kSuccess);
    EXPECT_EQ(guest.value<std::uint8_t>(0), static_cast<std::uint8_t>(FileType::kCharacterDevice));
    // Which is how wasi-libc tells one.
    EXPECT_NE(guest.value<std::uint64_t>(8) & (kFdSeek | kFdTell), 0u);
  }
}

TEST_F(PosixTest, UnlistedNamesAreFoundButNeitherListedNorTaken) {
  guest.create("mine");
  EXPECT_EQ(listed(), (std::vector<std::string>{".", "..", "mine"}));
  EXPECT_TRUE(guest.stat("dev").ok());
  EXPECT_EQ(guest.remove_directory("dev"), Errno::kBusy);
  EXPECT_EQ(guest.rename("dev", "x"), Errno::kBusy);
  EXPECT_EQ(guest.rename("mine", "yours"), Errno::kSuccess);
}

TEST_F(PosixTest, WhatIsMadeHasAModeThatTheDeviceNumberTells) {
  guest.create("f");
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  EXPECT_EQ(guest.symlink("f", "l"), Errno::kSuccess);
  EXPECT_EQ(device_number_of("f"), device_number(0100644));
  EXPECT_EQ(device_number_of("d"), device_number(0040755));
  EXPECT_EQ(device_number_of("l"), device_number(0120777));
  EXPECT_EQ(device_number_of("dev/null"), device_number(0020666, Access::kReadOnly));
  Guest plain;
  plain.create("f");
  EXPECT_TRUE(plain.stat("f").ok());
  EXPECT_EQ(plain.value<std::uint64_t>(Guest::kResultAt), 1u) << "no mode where none is kept";
}

TEST_F(PosixTest, AModeStopsReadingAndWriting) {
  guest.create("f");
  permit("/f", 0444);
  EXPECT_EQ(guest.open("f", {.rights = kAllRights}).status(), Errno::kAcces);
  EXPECT_EQ(guest.open("f", {.flags = kOpenTruncate, .rights = kReads}).status(), Errno::kAcces);
  EXPECT_TRUE(guest.open("f", {.rights = kReads}).ok());
  permit("/f", 0200);
  EXPECT_EQ(guest.open("f", {.rights = kReads}).status(), Errno::kAcces);
  EXPECT_TRUE(guest.open("f", {.rights = kFdWrite}).ok());
  EXPECT_EQ(guest.unlink("f"), Errno::kSuccess) << "which is the directory's matter";
}

TEST_F(PosixTest, ADirectorysModeStopsChangesListingsAndSearches) {
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  guest.create("d/f");
  permit("/d", 0555);
  EXPECT_EQ(guest.open("d/g", {.flags = kOpenCreate, .rights = kAllRights}).status(),
            Errno::kAcces);
  EXPECT_EQ(guest.make_directory("d/e"), Errno::kAcces);
  EXPECT_EQ(guest.symlink("f", "d/l"), Errno::kAcces);
  EXPECT_EQ(guest.link("d/f", "d/h"), Errno::kAcces);
  EXPECT_EQ(guest.unlink("d/f"), Errno::kAcces);
  EXPECT_EQ(guest.rename("d/f", "f"), Errno::kAcces);
  EXPECT_TRUE(guest.open("d/f", {.rights = kAllRights}).ok());
  permit("/d", 0311);
  EXPECT_EQ(guest.open("d", {.flags = kOpenDirectory, .rights = kReads}).status(), Errno::kAcces);
  EXPECT_TRUE(guest.stat("d/f").ok());
  permit("/d", 0600);
  EXPECT_EQ(guest.stat("d/f").status(), Errno::kAcces);
  EXPECT_TRUE(read_file(guest.state.files(), "/d/f", mib(1)).ok()) << "the host may";
}

TEST_F(PosixTest, TheRootIsItsOwnParentAndLinksMayBeAbsolute) {
  guest.create("f");
  EXPECT_TRUE(guest.stat("../../f").ok());
  EXPECT_EQ(guest.stat("../etc/passwd").status(), Errno::kNoEnt);
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  EXPECT_EQ(guest.symlink("/f", "d/l"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("d/l")->inode, guest.stat("f")->inode);
  const std::uint32_t below = guest.must_open("d", {.flags = kOpenDirectory, .rights = kReads});
  EXPECT_EQ(guest.open("..", {}, below).status(), Errno::kPerm) << "but not out of a directory";
  EXPECT_EQ(guest.open("l", {}, below).status(), Errno::kPerm);
}

TEST_F(PosixTest, DevicesModesAndTheUmaskAreStored) {
  guest.create("f");
  permit("/f", 0600);
  device("null");
  guest.state.files().set_umask(077);
  const std::string stored = *encode(guest.state);
  const auto no_blobs = [](std::string_view) -> Result<Blob> { return absl::NotFoundError(""); };
  Guest again(*decode(as_bytes(stored), no_blobs, {}));
  EXPECT_EQ(*encode(again.state), stored);
  EXPECT_EQ(again.state.files().umask(), 077);
  EXPECT_EQ(again.state.files().get(inode("/f")).mode, 0100600);
  EXPECT_TRUE(again.state.files().get(inode("/dev")).is_unlisted);
  EXPECT_EQ(*again.state.files().get(inode("/dev/full")).device(), Device::kFull);
}

TEST_F(PosixTest, OverATemplateAChangedModeIsStored) {
  guest.create("f");
  const HostState base = guest.state;
  const auto no_blobs = [](std::string_view) -> Result<Blob> { return absl::NotFoundError(""); };
  permit("/f", 0755);
  guest.state.files().set_umask(002);
  const std::string stored = *encode(guest.state, &base);
  const auto again = decode(as_bytes(stored), no_blobs, {}, &base);
  EXPECT_EQ(again->files().get(inode("/f")).mode, 0100755);
  EXPECT_EQ(again->files().umask(), 002);
  EXPECT_LT(stored.size(), encode(guest.state)->size() / 2) << "and nothing else of the files";
}

}  // namespace
}  // namespace skerry::wasi
