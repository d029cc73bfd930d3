// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/calls.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

TEST(CallsTest, ThereAreFortySixAndEachIsFoundByName) {
  EXPECT_EQ(calls().size(), 46u);
  for (const Call& call : calls()) {
    EXPECT_EQ(find_call(call.name), &call);
    EXPECT_LE(call.parameters.size(), kMaxParameters);
    EXPECT_EQ(call.has_result, call.name != "proc_exit");
  }
  EXPECT_EQ(find_call("fd_dup"), nullptr);
}

TEST(ProcessCallsTest, ArgumentsAndEnvironmentAreHandedOver) {
  Guest guest;
  guest.process = {.arguments = {"python", "-c", ""}, .environment = {"A=1"}};
  EXPECT_EQ(guest.error("args_sizes_get", {1000, 1004}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(1000), 3u);
  EXPECT_EQ(guest.value<std::uint32_t>(1004), 11u);
  EXPECT_EQ(guest.error("args_get", {2000, 3001}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(2004), 3008u);
  EXPECT_EQ(guest.text(3001, 11), std::string("python\0-c\0\0", 11));
  EXPECT_EQ(guest.error("environ_get", {2000, 3000}), Errno::kSuccess);
  EXPECT_EQ(guest.text(3000, 4), std::string("A=1\0", 4));
}

TEST(ProcessCallsTest, ClocksTellTheWorldsTime) {
  Guest guest;
  EXPECT_EQ(guest.error("clock_time_get", {0, 0, 8}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint64_t>(8), 1'700'000'000'000'001'000u);
  EXPECT_EQ(guest.error("clock_res_get", {1, 8}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint64_t>(8), 1000u);
  EXPECT_EQ(guest.error("clock_time_get", {2, 0, 8}), Errno::kSuccess);
  EXPECT_EQ(guest.error("clock_time_get", {4, 0, 8}), Errno::kInval);
  EXPECT_EQ(guest.error("clock_res_get", {4, 8}), Errno::kInval);
}

TEST(ProcessCallsTest, ExitAndFatalSignalsEndTheGuest) {
  Guest guest;
  EXPECT_EQ(std::get<Exit>(guest.call("proc_exit", {3})).code, 3u);
  EXPECT_EQ(std::get<Exit>(guest.call("proc_exit", {0xffffffff})).code, 0xffffffffu);
  EXPECT_EQ(std::get<Exit>(guest.call("proc_raise", {6})).code, 134u);
  EXPECT_EQ(guest.error("proc_raise", {0}), Errno::kSuccess);
  EXPECT_EQ(guest.error("proc_raise", {16}), Errno::kSuccess);
  EXPECT_EQ(guest.error("proc_raise", {18}), Errno::kNotSup);
  EXPECT_EQ(guest.error("proc_raise", {31}), Errno::kInval);
}

TEST(ProcessCallsTest, SeededRandomNumbersRepeatAndGoOn) {
  Guest guest;
  guest.state.random.seed = seed_of(1);
  SeededEntropy seeded(guest.state.random);
  guest.entropy = &seeded;
  const HostState before = guest.state;
  EXPECT_EQ(guest.error("random_get", {0, 100}), Errno::kSuccess);
  const std::string first = guest.text(0, 100);
  EXPECT_EQ(guest.error("random_get", {0, 100}), Errno::kSuccess);
  EXPECT_NE(guest.text(0, 100), first);
  guest.state = before;
  EXPECT_EQ(guest.error("random_get", {0, 100}), Errno::kSuccess);
  EXPECT_EQ(guest.text(0, 100), first);
}

TEST(ProcessCallsTest, NoDescriptorIsASocket) {
  Guest guest;
  const auto expect_all = [&](std::uint64_t fd, Errno error) {
    EXPECT_EQ(guest.error("sock_accept", {fd, 0, 0}), error) << fd;
    EXPECT_EQ(guest.error("sock_recv", {fd, 0, 0, 0, 0, 0}), error) << fd;
    EXPECT_EQ(guest.error("sock_send", {fd, 0, 0, 0, 0}), error) << fd;
    EXPECT_EQ(guest.error("sock_shutdown", {fd, 0}), error) << fd;
  };
  expect_all(1, Errno::kNotSock);
  expect_all(Guest::kRoot, Errno::kNotSock);
  expect_all(99, Errno::kBadf);
}

TEST(StreamCallsTest, ReaderThatHasGoneIsABrokenPipe) {
  Guest guest;
  guest.output.status = absl::UnavailableError("the reader has gone");
  EXPECT_EQ(guest.write(1, "out").status(), Errno::kPipe);
  guest.output.status = absl::InternalError("the disk is full");
  EXPECT_EQ(guest.write(1, "out").status(), Errno::kIo);
}

TEST(StreamCallsTest, OutputGoesToTheSinkByStream) {
  Guest guest;
  EXPECT_EQ(*guest.write(1, "out"), 3u);
  EXPECT_EQ(*guest.write(2, "err"), 3u);
  EXPECT_EQ(guest.output.out, "out");
  EXPECT_EQ(guest.output.err, "err");
  guest.output.status = absl::InternalError("full");
  EXPECT_EQ(guest.write(1, "out").status(), Errno::kIo);
}

TEST(StreamCallsTest, InputComesFromTheSourceUntilItsEnd) {
  Guest guest;
  TextInput input("hello");
  guest.input = &input;
  EXPECT_EQ(*guest.read(0, 3), "hel");
  EXPECT_EQ(*guest.read(0, 3), "lo");
  EXPECT_EQ(*guest.read(0, 3), "");
}

TEST(StreamCallsTest, StreamsAreNoTerminalAndCannotSeek) {
  Guest guest;
  for (const std::uint32_t fd : {0u, 1u, 2u}) {
    EXPECT_EQ(guest.error("fd_fdstat_get", {fd, 0}), Errno::kSuccess);
    EXPECT_NE(guest.value<std::uint8_t>(0), static_cast<std::uint8_t>(FileType::kCharacterDevice));
    EXPECT_EQ(guest.value<std::uint64_t>(8) & (kFdSeek | kFdTell), 0u);
    EXPECT_EQ(guest.seek(fd, 0, Whence::kCurrent).status(), Errno::kSpipe);
    EXPECT_TRUE(guest.fstat(fd).ok());
  }
  EXPECT_EQ(guest.write(0, "x").status(), Errno::kNotCapable);
  EXPECT_EQ(guest.read(1, 1).status(), Errno::kNotCapable);
}

TEST(FileCallsTest, OffsetsMoveAndAppendGoesToTheEnd) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  EXPECT_EQ(*guest.write(fd, "0123456789"), 10u);
  EXPECT_EQ(*guest.seek(fd, -8, Whence::kEnd), 2u);
  EXPECT_EQ(*guest.read(fd, 3), "234");
  EXPECT_EQ(*guest.pread(fd, 2, 8), "89");
  EXPECT_EQ(guest.error("fd_tell", {fd, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint64_t>(0), 5u);
  EXPECT_EQ(guest.seek(fd, -6, Whence::kCurrent).status(), Errno::kInval);
  EXPECT_EQ(guest.seek(fd, INT64_MIN, Whence::kSet).status(), Errno::kInval);
  EXPECT_EQ(guest.seek(fd, INT64_MAX, Whence::kEnd).status(), Errno::kOverflow);
  EXPECT_EQ(guest.error("fd_fdstat_set_flags", {fd, kAppend}), Errno::kSuccess);
  EXPECT_EQ(*guest.write(fd, "end"), 3u);
  EXPECT_EQ(*guest.pread(fd, 20, 0), "0123456789end");
  EXPECT_EQ(guest.error("fd_fdstat_set_flags", {fd, 0x20}), Errno::kInval);
}

TEST(FileCallsTest, ManyBuffersAreOneReadOrWrite) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  guest.put_text(Guest::kBufferAt, "abcdef");
  for (std::uint32_t i = 0; i < 3; ++i) {
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i, Guest::kBufferAt + 2 * i);
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i + 4, i == 1 ? 0 : 2);
  }
  EXPECT_EQ(guest.error("fd_write", {fd, Guest::kListAt, 3, Guest::kResultAt}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(Guest::kResultAt), 4u);
  EXPECT_EQ(*guest.pread(fd, 10, 0), "abef");
  EXPECT_EQ(guest.error("fd_write", {fd, 0, 1025, Guest::kResultAt}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_write", {fd, 0, 0, Guest::kResultAt}), Errno::kSuccess);
}

TEST(FileCallsTest, ReadOverItsOwnBufferListDoesNoHarm) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  EXPECT_TRUE(guest.write(fd, std::string(64, '\xff')).ok());
  for (std::uint32_t i = 0; i < 4; ++i) {
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i, Guest::kListAt);
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i + 4, 16);
  }
  EXPECT_EQ(guest.error("fd_pread", {fd, Guest::kListAt, 4, 0, Guest::kResultAt}), Errno::kFault);
}

TEST(FileCallsTest, TimesAreSetAsTheFlagsSay) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  EXPECT_EQ(guest.error("fd_filestat_set_times", {fd, 5, 6, kSetAccess | kSetModification}),
            Errno::kSuccess);
  EXPECT_EQ(guest.fstat(fd)->accessed, 5u);
  EXPECT_EQ(guest.fstat(fd)->modified, 6u);
  EXPECT_EQ(
      guest.error("path_filestat_set_times", {3, 0, guest.path("f"), 1, 7, 8, kSetModificationNow}),
      Errno::kSuccess);
  EXPECT_EQ(guest.fstat(fd)->accessed, 5u);
  EXPECT_GT(guest.fstat(fd)->modified, 1'700'000'000'000'000'000u);
  EXPECT_EQ(guest.fstat(fd)->modified, guest.fstat(fd)->changed);
  EXPECT_EQ(guest.error("fd_filestat_set_times", {fd, 5, 6, kSetAccess | kSetAccessNow}),
            Errno::kInval);
  EXPECT_EQ(guest.error("fd_filestat_set_times", {fd, 5, 6, 16}), Errno::kInval);
}

TEST(FileCallsTest, AllocatedSpaceIsThereOrRefused) {
  Guest guest(HostState(FileSystem(Quotas{.file_bytes = kib(128), .file_size = mib(1)})));
  const std::uint32_t fd = guest.create("f");
  EXPECT_EQ(guest.error("fd_allocate", {fd, 0, 0}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_allocate", {fd, 0, ~std::uint64_t{0}}), Errno::kFbig);
  EXPECT_EQ(guest.error("fd_allocate", {fd, 0, 200'000}), Errno::kNoSpc);
  EXPECT_EQ(guest.fstat(fd)->size, 0u);
  EXPECT_EQ(guest.error("fd_allocate", {fd, 10, 100'000}), Errno::kSuccess);
  EXPECT_EQ(guest.fstat(fd)->size, 100'010u);
  EXPECT_EQ(guest.state.last_quota_hit(), QuotaKind::kFileBytes);
}

TEST(FileCallsTest, AdviceIsCheckedAndTaken) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  EXPECT_EQ(guest.error("fd_advise", {fd, 0, INT64_MAX, 5}), Errno::kSuccess);
  EXPECT_EQ(guest.error("fd_advise", {fd, 0, std::uint64_t{1} << 63, 0}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_advise", {fd, 0, 1, 6}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_advise", {1, 0, 1, 0}), Errno::kSpipe);
  EXPECT_EQ(guest.error("fd_advise", {Guest::kRoot, 0, 1, 0}), Errno::kSuccess);
}

TEST(FileCallsTest, WhatIsOpenForReadingCanBeSynced) {
  Guest guest;
  guest.create("f");
  for (const std::uint64_t fd : {guest.must_open("f", {.rights = kFdRead | kFdSync}),
                                 guest.must_open(".", {.rights = kFdReaddir | kFdSync}), 1u}) {
    EXPECT_EQ(guest.error("fd_sync", {fd}), Errno::kSuccess);
    EXPECT_EQ(guest.error("fd_datasync", {fd}), Errno::kSuccess);
  }
  const std::uint32_t data = guest.must_open("f", {.rights = kFdDatasync});
  EXPECT_EQ(guest.error("fd_datasync", {data}), Errno::kSuccess);
  EXPECT_EQ(guest.error("fd_sync", {data}), Errno::kNotCapable);
  EXPECT_EQ(guest.error("fd_datasync", {guest.must_open("f", {.rights = kFdRead})}),
            Errno::kNotCapable);
}

TEST(FileCallsTest, NoDirectoryIsOpenForWriting) {
  Guest guest;
  EXPECT_EQ(guest.write(Guest::kRoot, "x").status(), Errno::kNotCapable);
  EXPECT_EQ(guest.pwrite(Guest::kRoot, "x", 0).status(), Errno::kNotCapable);
  EXPECT_EQ(guest.read(Guest::kRoot, 1).status(), Errno::kIsDir);
  EXPECT_EQ(guest.pread(Guest::kRoot, 1, 0).status(), Errno::kIsDir);
}

TEST(FileCallsTest, ASizeIsSetThroughADescriptorThatWrites) {
  Guest guest;
  EXPECT_TRUE(guest.write(guest.create("f"), "abc").ok());
  const auto resized = [&](Rights rights) {
    return guest.error("fd_filestat_set_size", {guest.must_open("f", {.rights = rights}), 1});
  };
  EXPECT_EQ(resized(kFdRead), Errno::kInval);
  EXPECT_EQ(resized(kFdRead | kFdWrite), Errno::kNotCapable);
  EXPECT_EQ(guest.stat("f")->size, 3u);
  EXPECT_EQ(guest.error("fd_filestat_set_size", {Guest::kRoot, 1}), Errno::kInval);
  EXPECT_EQ(guest.error("fd_filestat_set_size", {1, 1}), Errno::kInval);
  EXPECT_EQ(resized(kFdFilestatSetSize), Errno::kSuccess);
  EXPECT_EQ(guest.stat("f")->size, 1u);
}

TEST(FileCallsTest, DescriptorsAreRenumberedAndLimited) {
  Guest guest(HostState(FileSystem(Quotas{.descriptors = 6})));
  const std::uint32_t a = guest.create("a");
  const std::uint32_t b = guest.create("b");
  EXPECT_EQ(a, 4u);
  EXPECT_EQ(guest.open("c", {.flags = kOpenCreate}).status(), Errno::kMfile);
  EXPECT_EQ(guest.state.last_quota_hit(), QuotaKind::kDescriptors);
  EXPECT_EQ(guest.stat("c").status(), Errno::kNoEnt) << "a refused open makes nothing";
  EXPECT_TRUE(guest.write(b, "b").ok());
  EXPECT_EQ(guest.error("fd_renumber", {b, a}), Errno::kSuccess);
  EXPECT_EQ(*guest.pread(a, 9, 0), "b");
  EXPECT_EQ(guest.close(b), Errno::kBadf);
  EXPECT_EQ(guest.error("fd_renumber", {a, b}), Errno::kBadf);
  EXPECT_EQ(guest.error("fd_renumber", {1, 2}), Errno::kSuccess);
  EXPECT_TRUE(guest.write(2, "x").ok());
  EXPECT_EQ(guest.output.out, "x");
}

TEST(FileCallsTest, RightsAreInheritedAndOnlyShrink) {
  Guest guest;
  const std::uint32_t directory = [&] {
    EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
    return guest.must_open("d", {.rights = kPathOpen | kFdReaddir, .inheriting = kFdRead});
  }();
  EXPECT_EQ(guest.open("f", {.flags = kOpenCreate, .rights = kFdRead, .inheriting = 0}, directory)
                .status(),
            Errno::kNotCapable);
  EXPECT_EQ(guest.open("f", {.rights = kFdWrite, .inheriting = 0}, directory).status(),
            Errno::kNotCapable);
  EXPECT_EQ(guest.open("f", {.rights = kFdRead, .inheriting = 0}, directory).status(),
            Errno::kNoEnt);
  EXPECT_EQ(guest.error("path_unlink_file", {directory, guest.path("f"), 1}), Errno::kNotCapable);
  EXPECT_EQ(guest.error("fd_fdstat_set_rights", {directory, kFdReaddir, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.error("fd_fdstat_set_rights", {directory, kPathOpen, 0}), Errno::kNotCapable);
  EXPECT_EQ(guest.open("f", {.rights = 0, .inheriting = 0}, directory).status(),
            Errno::kNotCapable);
  const std::uint32_t file =
      guest.must_open("f", {.flags = kOpenCreate, .rights = kFdRead | kPathOpen});
  EXPECT_EQ(guest.error("fd_fdstat_get", {file, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint64_t>(8), kFdRead);
  EXPECT_EQ(guest.write(file, "x").status(), Errno::kNotCapable);
  EXPECT_EQ(guest.seek(file, 1, Whence::kSet).status(), Errno::kNotCapable);
}

TEST(FileCallsTest, PreopensAreListedFromThree) {
  Guest guest;
  ASSERT_TRUE(make_directory(guest.state.files(), "/data").ok());
  ASSERT_EQ(*guest.state.add_preopen("/zip/inner", "/data"), Fd{4});
  EXPECT_EQ(guest.error("fd_prestat_get", {4, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint8_t>(0), 0u);
  EXPECT_EQ(guest.value<std::uint32_t>(4), 10u);
  EXPECT_EQ(guest.error("fd_prestat_dir_name", {4, 0, 9}), Errno::kNameTooLong);
  EXPECT_EQ(guest.error("fd_prestat_dir_name", {4, 0, 10}), Errno::kSuccess);
  EXPECT_EQ(guest.text(0, 10), "/zip/inner");
  EXPECT_EQ(guest.error("fd_prestat_get", {5, 0}), Errno::kBadf);
  EXPECT_EQ(guest.error("fd_prestat_get", {1, 0}), Errno::kBadf);
  EXPECT_TRUE(guest.open("f", {.flags = kOpenCreate}, 4).ok());
  EXPECT_EQ(guest.open("../f", {}, 4).status(), Errno::kPerm);
  EXPECT_EQ(guest.stat("data/f")->type, FileType::kRegularFile);
}

TEST(ReaddirTest, ListsEverythingOnceWhateverTheBuffer) {
  Guest guest;
  std::set<std::string> expected = {".", ".."};
  for (int i = 0; i < 50; ++i) {
    const std::string name =
        std::string(static_cast<std::size_t>(1 + i * 3), 'n') + std::to_string(i);
    guest.create(name);
    expected.insert(name);
  }
  for (const std::uint32_t capacity : {200u, 256u, 1000u, 100'000u}) {
    std::set<std::string> found;
    for (const auto& entry : guest.list_all(Guest::kRoot, capacity)) {
      EXPECT_TRUE(found.insert(entry.name).second) << entry.name;
    }
    EXPECT_EQ(found, expected) << capacity;
  }
}

TEST(ReaddirTest, EntriesAreNeitherSkippedNorRepeatedWhileOthersGo) {
  Guest guest;
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(guest.close(guest.create("f" + std::to_string(i))), Errno::kSuccess);
  std::vector<std::string> seen;
  std::uint64_t cookie = 0;
  for (bool more = true; more;) {
    const auto part = guest.list_once(Guest::kRoot, cookie, 120, more);
    for (const auto& entry : part) {
      seen.push_back(entry.name);
      cookie = entry.next;
      if (entry.name[0] == 'f') {
        EXPECT_EQ(guest.unlink(entry.name), Errno::kSuccess);
      }
    }
  }
  EXPECT_EQ(seen.size(), 42u);
  EXPECT_EQ(guest.list_all(Guest::kRoot, 1000).size(), 2u);
}

TEST(ReaddirTest, LastEntryIsCutWhereTheBufferEnds) {
  Guest guest;
  guest.create("name");
  EXPECT_EQ(guest.error("fd_readdir", {3, 0, 30, 2, Guest::kResultAt}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(Guest::kResultAt), 28u) << "all there is";
  EXPECT_EQ(guest.error("fd_readdir", {3, 0, 26, 2, Guest::kResultAt}), Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(Guest::kResultAt), 26u);
  EXPECT_EQ(guest.value<std::uint32_t>(16), 4u);
  EXPECT_EQ(guest.text(24, 2), "na");
  EXPECT_EQ(guest.error("fd_readdir", {3, 0, 0, 0, Guest::kResultAt}), Errno::kSuccess);
  EXPECT_EQ(guest.error("fd_readdir", {3, 0, 100, ~std::uint64_t{0}, Guest::kResultAt}),
            Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(Guest::kResultAt), 0u);
  EXPECT_EQ(guest.error("fd_readdir", {1, 0, 100, 0, Guest::kResultAt}), Errno::kNotDir);
}

TEST(PathCallsTest, OpenChecksItsFlags) {
  Guest guest;
  EXPECT_EQ(guest.open("f", {.flags = kOpenCreate | kOpenDirectory}).status(), Errno::kInval);
  EXPECT_EQ(guest.open("f", {.flags = 16}).status(), Errno::kInval);
  EXPECT_EQ(guest.open("f", {.fd_flags = 32}).status(), Errno::kInval);
  guest.create("f");
  EXPECT_EQ(guest.open("f", {.flags = kOpenCreate | kOpenExclusive}).status(), Errno::kExist);
  EXPECT_EQ(guest.open("f", {.flags = kOpenDirectory}).status(), Errno::kNotDir);
  EXPECT_EQ(guest.open(".", {.rights = kAllRights}).status(), Errno::kIsDir);
  EXPECT_TRUE(
      guest.open(".", {.flags = kOpenDirectory, .rights = ~kFdWrite, .inheriting = ~Rights{0}})
          .ok());
  EXPECT_EQ(guest.open("f", {}, 1).status(), Errno::kNotDir);
  EXPECT_EQ(guest.open("f", {}, 77).status(), Errno::kBadf);
}

TEST(PathCallsTest, PreopenOpensAgainWithItsRightsAndWithFewer) {
  Guest guest;
  EXPECT_EQ(guest.error("fd_fdstat_get", {Guest::kRoot, Guest::kResultAt}), Errno::kSuccess);
  const auto base = guest.value<Rights>(Guest::kResultAt + 8);
  const auto inheriting = guest.value<Rights>(Guest::kResultAt + 16);
  EXPECT_TRUE(guest.open(".", {.rights = base, .inheriting = inheriting}).ok());
  for (const OpenFlags flags : {OpenFlags{0}, OpenFlags{kOpenDirectory}}) {
    EXPECT_TRUE(guest.open(".", {.flags = flags, .rights = 0, .inheriting = 0}).ok());
    EXPECT_TRUE(guest.open(".", {.flags = flags, .rights = kFdRead, .inheriting = 0}).ok());
    EXPECT_EQ(guest.open(".", {.flags = flags, .rights = kFdRead | kFdWrite}).status(),
              Errno::kIsDir);
  }
}

TEST(PathCallsTest, AbsoluteLinkTargetsAreRefused) {
  Guest guest;
  EXPECT_EQ(guest.symlink("/etc/passwd", "l"), Errno::kPerm);
  EXPECT_EQ(guest.symlink("", "l"), Errno::kNoEnt);
  EXPECT_EQ(guest.symlink("\xff", "l"), Errno::kIlseq);
  EXPECT_EQ(guest.symlink("../../x", "l"), Errno::kSuccess) << "it may dangle";
  EXPECT_EQ(guest.stat("l").status(), Errno::kPerm);
  EXPECT_EQ(*guest.readlink("l"), "../../x");
  EXPECT_EQ(guest.stat("l", 0)->size, 7u);
}

TEST(PathCallsTest, UnlinkedOpenFileKeepsItsContent) {
  Guest guest;
  const std::uint32_t fd = guest.create("f");
  EXPECT_TRUE(guest.write(fd, "text").ok());
  EXPECT_EQ(guest.unlink("f"), Errno::kSuccess);
  EXPECT_EQ(guest.fstat(fd)->links, 0u);
  EXPECT_EQ(*guest.pread(fd, 9, 0), "text");
  EXPECT_EQ(guest.close(fd), Errno::kSuccess);
  EXPECT_EQ(guest.state.files().used_inodes(), 1u);
}

TEST(PathCallsTest, DirectoriesCountTheirLinksAsOnLinux) {
  Guest guest;
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  EXPECT_EQ(guest.make_directory("d/e"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("d")->links, 3u);
  EXPECT_EQ(guest.rename("d/e", "e"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("d")->links, 2u);
  EXPECT_EQ(guest.rename("e", "d"), Errno::kSuccess) << "over an empty directory";
  EXPECT_EQ(guest.rename("d", "d/x"), Errno::kInval);
}

TEST(PathCallsTest, ReadlinkCutsToTheBuffer) {
  Guest guest;
  EXPECT_EQ(guest.symlink("target", "l"), Errno::kSuccess);
  EXPECT_EQ(guest.error("path_readlink", {3, guest.path("l"), 1, 100, 3, Guest::kResultAt}),
            Errno::kSuccess);
  EXPECT_EQ(guest.value<std::uint32_t>(Guest::kResultAt), 3u);
  EXPECT_EQ(guest.text(100, 3), "tar");
}

class PollTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kIn = 4096;
  static constexpr std::uint32_t kOut = 8192;
  void clock(std::uint32_t index, std::uint32_t id, std::uint64_t timeout,
             std::uint16_t flags = 0) {
    const std::uint32_t at = kIn + index * kSubscriptionSize;
    guest_.set_value<std::uint64_t>(at, 100 + index);
    guest_.set_value<std::uint8_t>(at + 8, 0);
    guest_.set_value<std::uint32_t>(at + 16, id);
    guest_.set_value<std::uint64_t>(at + 24, timeout);
    guest_.set_value<std::uint16_t>(at + 40, flags);
  }
  void file(std::uint32_t index, std::uint8_t type, std::uint32_t fd) {
    const std::uint32_t at = kIn + index * kSubscriptionSize;
    guest_.set_value<std::uint64_t>(at, 100 + index);
    guest_.set_value<std::uint8_t>(at + 8, type);
    guest_.set_value<std::uint32_t>(at + 16, fd);
  }
  /// The user data of the events.
  std::vector<std::uint64_t> poll(std::uint32_t count) {
    EXPECT_EQ(guest_.error("poll_oneoff", {kIn, kOut, count, Guest::kResultAt}), Errno::kSuccess);
    std::vector<std::uint64_t> events;
    for (std::uint32_t i = 0; i < guest_.value<std::uint32_t>(Guest::kResultAt); ++i) {
      events.push_back(guest_.value<std::uint64_t>(kOut + i * kEventSize));
    }
    return events;
  }
  Errno event_error(std::uint32_t index) {
    return Errno{guest_.value<std::uint16_t>(kOut + index * kEventSize + 8)};
  }
  Guest guest_;
};

/// Input that never comes.
class SilentInput final : public InputSource {
 public:
  Result<std::size_t> read(std::span<std::byte>) override {
    return absl::UnavailableError("never");
  }
  Result<bool> wait(Nanoseconds) override { return false; }
};

TEST_F(PollTest, SleepsUntilTheEarliestClock) {
  clock(0, 1, 5'000'000'000);
  clock(1, 1, 3'000'000'000);
  clock(2, 0, 1'700'000'000'000'000'000 + 3'600'000'000'000, 1);
  const Nanoseconds before = guest_.clock->monotonic();
  EXPECT_EQ(poll(3), std::vector<std::uint64_t>{101});
  EXPECT_NEAR(static_cast<double>((guest_.clock->monotonic() - before).count()), 3e9, 1e5);
}

TEST_F(PollTest, PastDeadlinesAreDueAtOnce) {
  clock(0, 0, 5, 1);
  clock(1, 1, 0);
  clock(2, 1, ~std::uint64_t{0});
  EXPECT_EQ(poll(3), (std::vector<std::uint64_t>{100, 101}));
}

TEST_F(PollTest, FilesAndOutputAreAlwaysReady) {
  const std::uint32_t fd = guest_.create("f");
  EXPECT_TRUE(guest_.write(fd, "abc").ok());
  EXPECT_TRUE(guest_.seek(fd, 1, Whence::kSet).ok());
  file(0, 1, fd);
  file(1, 2, 1);
  clock(2, 1, 1'000'000'000'000);
  EXPECT_EQ(poll(3), (std::vector<std::uint64_t>{100, 101}));
  EXPECT_EQ(guest_.value<std::uint64_t>(kOut + 16), 2u) << "bytes left";
}

TEST_F(PollTest, SilentInputLeavesTheClock) {
  SilentInput input;
  guest_.input = &input;
  file(0, 1, 0);
  clock(1, 1, 1'000'000);
  EXPECT_EQ(poll(2), std::vector<std::uint64_t>{101});
  NoInput ended;
  guest_.input = &ended;
  EXPECT_EQ(poll(2), std::vector<std::uint64_t>{100});
}

TEST_F(PollTest, ErrorsBelongToTheirSubscription) {
  file(0, 1, 99);
  file(1, 2, 0);
  clock(2, 2, 1);
  EXPECT_EQ(poll(3).size(), 3u);
  EXPECT_EQ(event_error(0), Errno::kBadf);
  EXPECT_EQ(event_error(1), Errno::kNotCapable);
  EXPECT_EQ(event_error(2), Errno::kNotSup);
  file(0, 7, 0);
  EXPECT_EQ(guest_.error("poll_oneoff", {kIn, kOut, 1, 0}), Errno::kInval);
  EXPECT_EQ(guest_.error("poll_oneoff", {kIn, kOut, 0, 0}), Errno::kInval);
  EXPECT_EQ(guest_.error("poll_oneoff", {kIn, kOut, 5000, 0}), Errno::kInval);
}

TEST_F(PollTest, RealSleepTakesRealTime) {
  SystemClock system(guest_.state.clock);
  guest_.clock = &system;
  clock(0, 1, 5'000'000);
  const Nanoseconds before = system.monotonic();
  EXPECT_EQ(poll(1), std::vector<std::uint64_t>{100});
  EXPECT_GE(system.monotonic() - before, Nanoseconds(5'000'000));
}

}  // namespace
}  // namespace skerry::wasi
