// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/host_directory.h"

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <iterator>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/wasi/files/host_files.h"

namespace skerry::app {
namespace {

namespace fs = std::filesystem;
using worker::FileChange;
using Kind = FileChange::Kind;

void put(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  ASSERT_TRUE(write_file(path, as_bytes(text)).ok());
}

std::string get(const fs::path& path) { return read_file(path, mib(1)).value_or("(none)"); }

class ImportTest : public ::testing::Test {
 protected:
  Status import(std::string_view suffix = "") {
    SKERRY_ASSIGN(const auto parsed, ImportedDirectory::parse((directory / "in").native() +
                                                              "::/data" + std::string(suffix)));
    return import_directory(parsed, files);
  }
  std::string guest(const std::string& path) const {
    return wasi::read_file(files, path, mib(1)).value_or("(none)");
  }

  void expect_refused(const std::string& name) {
    const Status status = import();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_NE(message_of(status).find(name), std::string_view::npos) << status;
  }

  ImportTest() { put(directory / "in/a.txt", "A"); }

  const TestDirectory directory;
  const fs::path in = directory / "in";
  wasi::FileSystem files;
};

TEST_F(ImportTest, FilesAndDirectoriesAreCopied) {
  put(in / "sub/deep/b.txt", "B");
  fs::create_directory(in / "empty");
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(guest("/data/a.txt"), "A");
  EXPECT_EQ(guest("/data/sub/deep/b.txt"), "B");
  EXPECT_EQ(wasi::stat(files, "/data/empty")->type, wasi::FileType::kDirectory);
}

TEST_F(ImportTest, IsReadOnlyUnlessAskedOtherwise) {
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(wasi::stat(files, "/data/a.txt")->access, wasi::Access::kReadOnly);
  files = wasi::FileSystem();
  ASSERT_TRUE(import(":rw").ok());
  EXPECT_EQ(wasi::stat(files, "/data/a.txt")->access, wasi::Access::kReadWrite);
}

TEST_F(ImportTest, ModificationTimesAreKept) {
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (in / "a.txt").c_str(), times, 0), 0);
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(wasi::stat(files, "/data/a.txt")->modified,
            wasi::Nanoseconds(1'000'000'000'000'000'005));
}

TEST_F(ImportTest, LinkThatStaysInsideIsKept) {
  put(in / "sub/b.txt", "B");
  fs::create_symlink("../a.txt", in / "sub/relative");
  fs::create_symlink(fs::canonical(in) / "sub/b.txt", in / "absolute");
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(*wasi::read_symlink(files, "/data/sub/relative"), "../a.txt");
  EXPECT_EQ(*wasi::read_symlink(files, "/data/absolute"), "sub/b.txt")
      << "the host's path means nothing in the guest";
}

TEST_F(ImportTest, LinkThatLeavesIsRefused) {
  put(directory / "outside.txt", "secret");
  fs::create_symlink("../outside.txt", in / "leaving");
  expect_refused("leaving");
}

TEST_F(ImportTest, LinkThroughALinkThatLeavesIsRefused) {
  fs::create_directory(directory / "beside");
  put(directory / "beside/f", "secret");
  fs::create_directory_symlink("../beside", in / "call_handler");
  expect_refused("call_handler");
}

TEST_F(ImportTest, SiblingWithTheSameBeginningIsOutside) {
  put(directory / "inside/f", "secret");  // "in" is how its name begins
  fs::create_symlink("../inside/f", in / "leaving");
  expect_refused("leaving");
}

TEST_F(ImportTest, LinkToNowhereIsKeptAsItIsWritten) {
  fs::create_symlink("missing", in / "dangling");
  fs::create_symlink("/no/such/place", in / "absolute");
  fs::create_symlink("circle", in / "circle");
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(*wasi::read_symlink(files, "/data/dangling"), "missing");
  EXPECT_EQ(*wasi::read_symlink(files, "/data/absolute"), "/no/such/place");
  EXPECT_EQ(*wasi::read_symlink(files, "/data/circle"), "circle");
  EXPECT_EQ(guest("/data/a.txt"), "A");
}

TEST_F(ImportTest, AFileIsCopiedToAPathOfItsOwn) {
  const std::string host = (in / "a.txt").native();
  const auto parsed = ImportedDirectory::parse(host + "::/some/where/b.txt");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_TRUE(import_directory(*parsed, files).ok());
  EXPECT_EQ(guest("/some/where/b.txt"), "A");
  EXPECT_EQ(wasi::stat(files, "/some/where/b.txt")->access, wasi::Access::kReadOnly);
  put(host, "newer");
  ASSERT_TRUE(import_directory(*parsed, files).ok());
  EXPECT_EQ(guest("/some/where/b.txt"), "newer");
  EXPECT_EQ(ImportedDirectory::parse(host + "::/").status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ImportTest, PipeIsRefused) {
  ASSERT_EQ(::mkfifo((in / "pipe").c_str(), 0600), 0);
  expect_refused("pipe");
}

TEST_F(ImportTest, DeviceIsRefused) {
  if (::mknod((in / "null").c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0)
    GTEST_SKIP() << "this user cannot make devices";
  expect_refused("null");
}

/// Does `deed` when the import has seen `name` and before it opens that.
class SwapTest : public ImportTest {
 protected:
  SwapTest() {
    put(in / "sub/key", "inside");
    put(directory / "outside/key", "OUTSIDE");
  }
  Status import_with(const std::string& name, const std::function<void()>& deed) {
    SKERRY_ASSIGN(const auto parsed, ImportedDirectory::parse(in.native() + "::/data"));
    bool was_seen = false;
    Status status = import_directory(parsed, files, [&](const std::string& seen) {
      if (seen != name) return;
      was_seen = true;
      deed();
    });
    EXPECT_TRUE(was_seen);
    return status;
  }
  void swap_for_link(const fs::path& what, const fs::path& target) {
    fs::rename(what, directory / "moved");
    fs::create_symlink(target, what);
  }
  void expect_nothing_from_outside(const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_NE(message_of(status).find("changed while it was read"), std::string_view::npos)
        << status;
    EXPECT_NE(guest("/data/sub/key"), "OUTSIDE");
  }
};

TEST_F(SwapTest, NothingThatChangesIsImportedAsEver) {
  ASSERT_TRUE(import_with("sub", [] {}).ok());
  EXPECT_EQ(guest("/data/sub/key"), "inside");
}

TEST_F(SwapTest, DirectorySwappedForALinkIsNotFollowed) {
  expect_nothing_from_outside(import_with("sub", [&] { swap_for_link(in / "sub", "../outside"); }));
}

TEST_F(SwapTest, DirectorySwappedForALinkBesideItIsNotFollowedEither) {
  put(in / "z/key", "another");
  expect_nothing_from_outside(import_with("sub", [&] { swap_for_link(in / "sub", "z"); }));
}

TEST_F(SwapTest, ParentSwappedForALinkIsNotFollowed) {
  expect_nothing_from_outside(
      import_with("sub/key", [&] { swap_for_link(in / "sub", "../outside"); }));
}

TEST_F(SwapTest, FileSwappedForALinkIsNotFollowed) {
  expect_nothing_from_outside(
      import_with("sub/key", [&] { swap_for_link(in / "sub/key", "../../outside/key"); }));
}

TEST_F(SwapTest, FileSwappedForAPipeDoesNotHang) {
  expect_nothing_from_outside(import_with("sub/key", [&] {
    fs::remove(in / "sub/key");
    ASSERT_EQ(::mkfifo((in / "sub/key").c_str(), 0600), 0);
  }));
}

TEST_F(SwapTest, DirectoryItselfSwappedForALinkIsRefused) {
  const auto parsed = ImportedDirectory::parse(in.native() + "::/data");
  swap_for_link(in, "outside");
  EXPECT_FALSE(import_directory(*parsed, files).ok());
  EXPECT_EQ(guest("/data/key"), "(none)");
}

TEST_F(SwapTest, RacingThreadGetsNothingIn) {
  std::atomic<bool> is_over = false;
  std::thread racer([&] {
    while (!is_over) {
      std::error_code ignored;
      fs::rename(in / "sub", directory / "moved", ignored);
      fs::create_symlink("../outside", in / "sub", ignored);
      fs::remove(in / "sub", ignored);
      fs::rename(directory / "moved", in / "sub", ignored);
    }
  });
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  int imports = 0;
  while (std::chrono::steady_clock::now() < until) {
    files = wasi::FileSystem();
    if (import().ok()) ++imports;
    EXPECT_NE(guest("/data/sub/key"), "OUTSIDE");
  }
  is_over = true;
  racer.join();
  EXPECT_GT(imports, 0);
}

TEST_F(ImportTest, MoreThanTheQuotaIsResourceExhausted) {
  wasi::Quotas quotas;
  quotas.file_bytes = quotas.file_size = kib(64);
  files.set_quotas(quotas);
  put(in / "large", std::string(100'000, 'x'));
  const Status status = import();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_NE(message_of(status).find("--max-files"), std::string_view::npos) << status;
}

TEST_F(ImportTest, ACopyThatTheGuestCouldNotChangeGivesWayAsAWhole) {
  put(in / "old.txt", "old");
  ASSERT_TRUE(import().ok());
  fs::remove(in / "old.txt");
  put(in / "a.txt", "newer");
  ASSERT_TRUE(import().ok());
  EXPECT_EQ(guest("/data/a.txt"), "newer");
  EXPECT_FALSE(wasi::stat(files, "/data/old.txt").ok());
}

TEST_F(ImportTest, WhatTheGuestMadeStaysBesideWhatIsGivenAgain) {
  ASSERT_TRUE(import(":rw").ok());
  ASSERT_TRUE(wasi::add_file(files, "/data/own.txt", as_bytes("own")).ok());
  put(in / "a.txt", "newer");
  ASSERT_TRUE(import(":rw").ok());
  EXPECT_EQ(guest("/data/a.txt"), "newer");
  EXPECT_EQ(guest("/data/own.txt"), "own");
}

TEST_F(ImportTest, AnotherKindThanWhatIsThereIsRefused) {
  ASSERT_TRUE(wasi::add_file(files, "/data", as_bytes("own")).ok());
  EXPECT_EQ(import().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(wasi::remove(files, "/data").ok());
  ASSERT_TRUE(wasi::add_file(files, "/data/a.txt/own", as_bytes("own")).ok());
  EXPECT_FALSE(import().ok());
  EXPECT_EQ(guest("/data/a.txt/own"), "own");
}

TEST_F(ImportTest, WhatTheRuntimeBroughtIsNotReplaced) {
  ASSERT_TRUE(
      wasi::add_file(files, "/data/lib", as_bytes("library"), {.access = wasi::Access::kReadOnly})
          .ok());
  files.set_unlisted(*wasi::locate(files, "/data"));
  put(in / "lib", "evil");
  EXPECT_EQ(import().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(guest("/data/lib"), "library");
}

TEST_F(ImportTest, EmptyDirectoryGivesWay) {
  ASSERT_TRUE(wasi::make_directory(files, "/data").ok());
  EXPECT_TRUE(import().ok());
  EXPECT_EQ(guest("/data/a.txt"), "A");
  EXPECT_EQ(wasi::stat(files, "/data")->access, wasi::Access::kReadOnly);
}

TEST_F(ImportTest, RootTakesWhatIsNotThere) {
  ASSERT_TRUE(wasi::make_directory(files, "/tmp").ok());
  put(in / "tmp/b.txt", "B");
  const auto root = ImportedDirectory::parse(in.native() + "::/:rw");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(root->guest, "");
  ASSERT_TRUE(import_directory(*root, files).ok());
  EXPECT_EQ(guest("/a.txt"), "A");
  EXPECT_EQ(guest("/tmp/b.txt"), "B");
  put(in / "a.txt", "newer");
  ASSERT_TRUE(import_directory(*root, files).ok());
  EXPECT_EQ(guest("/a.txt"), "newer");
}

TEST_F(ImportTest, NameThatIsNotUtf8IsKept) {
  put(in / "bad\xff", "B");
  EXPECT_TRUE(import().ok());
  EXPECT_EQ(guest("/data/bad\xff"), "B");
}

TEST_F(ImportTest, FormsThatAreNoneAreRefused) {
  const std::string host = in.native();
  for (const std::string& text :
       {host, host + "::", host + "::data", host + "::.", std::string("::/data"), std::string()}) {
    EXPECT_EQ(ImportedDirectory::parse(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ImportedDirectory::parse(host + "/none::/data").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ImportedDirectory::parse(host + "::/data///")->guest, "/data");
}

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() {
    put(directory / "outside/secret", "secret");
    fs::create_directory(out);
  }
  /// One change, whole.
  Status apply(Kind kind, const std::string& path, const std::string& content = {}) {
    SKERRY_TRY(writer.apply({.kind = kind,
                             .path = "/out/" + path,
                             .content = content,
                             .size = kind == Kind::kFile ? content.size() : 0},
                            path));
    return writer.finish();
  }
  Status piece(const std::string& path, const std::string& content, std::uint64_t size,
               std::uint64_t offset = 0) {
    return writer.apply({.kind = Kind::kFile,
                         .path = "/out/" + path,
                         .content = content,
                         .is_further_piece = offset > 0,
                         .offset = offset,
                         .size = size},
                        path);
  }
  Status link(const std::string& path, const std::string& to) {
    return writer.apply({.kind = Kind::kHardLink, .path = "/out/" + path, .content = "/out/" + to},
                        path, to);
  }

  const TestDirectory directory;
  const fs::path out = directory / "out";
  HostDirectoryWriter writer = HostDirectoryWriter::open(out).value();
};

TEST_F(WriterTest, FilesArriveInPieces) {
  EXPECT_TRUE(piece("f", "one", 6).ok());
  EXPECT_TRUE(piece("f", "two", 0, 3).ok());
  EXPECT_TRUE(piece("f", "new", 3).ok());
  EXPECT_EQ(get(out / "f"), "onetwo");
  EXPECT_TRUE(writer.finish().ok());
  EXPECT_EQ(get(out / "f"), "new");
}

TEST_F(WriterTest, NewFilesHaveTheirModesAndThoseThereAreOpenedToNobody) {
  const auto mode = [&](const char* name) {
    return static_cast<unsigned>(fs::status(out / name).permissions());
  };
  const auto write = [&](const std::string& name, wasi::Mode permissions) {
    EXPECT_TRUE(writer
                    .apply({.kind = Kind::kFile,
                            .path = "/out/" + name,
                            .content = {},
                            .permissions = permissions},
                           name)
                    .ok());
    EXPECT_TRUE(writer.finish().ok());
  };
  write("tool", 04700);
  EXPECT_EQ(mode("tool"), 0700U);
  put(out / "private", "x");
  fs::permissions(out / "private", fs::perms(0640));
  write("private", 0644);
  EXPECT_EQ(mode("private"), 0640U);
  write("private", 0755);
  EXPECT_EQ(mode("private"), 0750U);
}

TEST_F(WriterTest, WhatIsNotWholeLeavesWhatWasThere) {
  put(out / "f", "old");
  fs::permissions(out / "f", fs::perms::owner_all);
  {
    auto half = HostDirectoryWriter::open(out).value();
    EXPECT_TRUE(
        half.apply({.kind = Kind::kFile, .path = "/f", .content = "ne", .size = 3}, "f").ok());
  }
  EXPECT_EQ(get(out / "f"), "old");
  EXPECT_TRUE(piece("f", "new", 3).ok());
  EXPECT_TRUE(writer.finish().ok());
  EXPECT_EQ(get(out / "f"), "new");
  EXPECT_EQ(fs::status(out / "f").permissions(), fs::perms::owner_all);
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 1);
}

TEST_F(WriterTest, WhenAPieceFailsTheFileDoesNotCome) {
  EXPECT_TRUE(piece("f", "one", 11).ok());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{2, before.rlim_max};
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_FALSE(piece("f", "two", 0, 3).ok());
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, ignored);
  EXPECT_TRUE(piece("f", "three", 0, 6).ok()) << "the failure was reported already";
  EXPECT_TRUE(writer.finish().ok());
  EXPECT_TRUE(fs::is_empty(out));
}

TEST_F(WriterTest, HolesTakeNoRoomOnTheDisk) {
  EXPECT_TRUE(piece("hole", "", mib(1024).value).ok());
  EXPECT_TRUE(piece("sparse", "begin", mib(3).value).ok());
  EXPECT_TRUE(piece("sparse", "end", 0, mib(2).value).ok());
  EXPECT_TRUE(writer.finish().ok());
  EXPECT_EQ(fs::file_size(out / "hole"), mib(1024).value);
  std::string expected(mib(3).value, '\0');
  expected.replace(0, 5, "begin");
  expected.replace(mib(2).value, 3, "end");
  EXPECT_TRUE(*read_file(out / "sparse", mib(4)) == expected);
  for (const char* name : {"hole", "sparse"}) {
    struct stat info{};
    ASSERT_EQ(::stat((out / name).c_str(), &info), 0);
    EXPECT_LT(info.st_blocks * 512, 64 << 10) << name;
  }
}

TEST_F(WriterTest, FurtherNamesAreHardLinks) {
  put(out / "there", "old");
  EXPECT_TRUE(piece("d/f", "content", 7).ok());
  EXPECT_TRUE(link("d/g", "d/f").ok());
  EXPECT_TRUE(link("new/h", "d/f").ok());
  EXPECT_TRUE(link("there", "d/f").ok());
  EXPECT_TRUE(link("there", "d/f").ok()) << "it is one already";
  EXPECT_TRUE(writer.finish().ok());
  for (const char* name : {"d/f", "d/g", "new/h", "there"}) EXPECT_EQ(get(out / name), "content");
  EXPECT_EQ(fs::hard_link_count(out / "d/f"), 4U);
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(out), {}), 6) << "and nothing else";
}

TEST_F(WriterTest, HardLinksLeadOnlyToFilesThatWereWritten) {
  put(out / "precious", "precious");
  EXPECT_EQ(link("l", "precious").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(link("l", "../outside/secret").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(link("l", "").code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(piece("f", "x", 1).ok());
  fs::create_directory_symlink("../outside", out / "call_handler");
  EXPECT_FALSE(link("call_handler/l", "f").ok());
  EXPECT_FALSE(link("../outside/l", "f").ok());
  fs::create_directory(out / "d");
  EXPECT_EQ(link("d", "f").code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(fs::exists(out / "l"));
  EXPECT_FALSE(fs::exists(directory / "outside/l"));
}

TEST_F(WriterTest, DirectoryIsMadeOnce) {
  EXPECT_TRUE(apply(Kind::kDirectory, "d").ok());
  EXPECT_TRUE(apply(Kind::kDirectory, "d").ok());
  EXPECT_TRUE(fs::is_directory(out / "d"));
}

TEST_F(WriterTest, MissingParentsAreMade) {
  EXPECT_TRUE(apply(Kind::kFile, "a/b/c", "x").ok());
  EXPECT_EQ(get(out / "a/b/c"), "x");
}

TEST_F(WriterTest, RemovedTreeGoesWithAllThatIsInIt) {
  put(out / "d/e/f", "x");
  for (const char* path : {"d", "d/e", "d/e/f"}) EXPECT_TRUE(apply(Kind::kRemoved, path).ok());
  EXPECT_TRUE(fs::is_empty(out));
}

TEST_F(WriterTest, RemovingWhatIsGoneIsFine) { EXPECT_TRUE(apply(Kind::kRemoved, "none").ok()); }

TEST_F(WriterTest, DirectoryThatBecameAFileIsReplaced) {
  // As changes_since tells it: the deletion, the creation, then what was in the directory.
  put(out / "d/f", "x");
  EXPECT_TRUE(apply(Kind::kRemoved, "d").ok());
  const Status made = apply(Kind::kFile, "d", "now a file");
  EXPECT_TRUE(made.ok()) << made;
  EXPECT_TRUE(apply(Kind::kRemoved, "d/f").ok());
  EXPECT_EQ(get(out / "d"), "now a file");
}

TEST_F(WriterTest, FileThatBecameADirectoryIsReplaced) {
  put(out / "f", "x");
  EXPECT_TRUE(apply(Kind::kRemoved, "f").ok());
  EXPECT_TRUE(apply(Kind::kDirectory, "f").ok());
  EXPECT_TRUE(apply(Kind::kFile, "f/g", "y").ok());
  EXPECT_EQ(get(out / "f/g"), "y");
}

TEST_F(WriterTest, PathsThatLeaveAreRefused) {
  for (const char* path : {"../outside/secret", "..", "a/../../outside/secret", "/etc/skerry-test",
                           "../new", "", "."}) {
    EXPECT_FALSE(apply(Kind::kFile, path, "gotcha").ok()) << path;
  }
  const std::string absolute = (directory / "outside/secret").native();
  EXPECT_FALSE(apply(Kind::kFile, absolute, "gotcha").ok());
  EXPECT_FALSE(apply(Kind::kRemoved, absolute).ok());
  EXPECT_FALSE(apply(Kind::kRemoved, "../outside/secret").ok());
  EXPECT_EQ(get(directory / "outside/secret"), "secret");
  EXPECT_FALSE(fs::exists(directory / "new"));
}

TEST_F(WriterTest, DirectoriesOutsideAreNeitherMadeNorRemoved) {
  EXPECT_FALSE(apply(Kind::kDirectory, "../made").ok());
  EXPECT_FALSE(fs::exists(directory / "made"));
  fs::create_directory(directory / "empty");
  EXPECT_FALSE(apply(Kind::kRemoved, "../empty").ok());
  EXPECT_TRUE(fs::exists(directory / "empty"));
}

TEST_F(WriterTest, RemovingTheDirectoryItselfIsRefused) {
  for (const char* path : {"..", "."}) {
    EXPECT_FALSE(apply(Kind::kRemoved, path).ok()) << path;
  }
  EXPECT_TRUE(fs::exists(out));
}

TEST_F(WriterTest, NothingIsWrittenThroughALink) {
  fs::create_directory_symlink("../outside", out / "call_handler");
  fs::create_symlink("../outside/secret", out / "window");
  EXPECT_FALSE(apply(Kind::kFile, "call_handler/secret", "gotcha").ok());
  EXPECT_FALSE(apply(Kind::kFile, "call_handler/new", "gotcha").ok());
  EXPECT_FALSE(apply(Kind::kFile, "window", "gotcha").ok());
  EXPECT_FALSE(apply(Kind::kDirectory, "call_handler/new").ok());
  EXPECT_FALSE(apply(Kind::kRemoved, "call_handler/secret").ok());
  EXPECT_EQ(get(directory / "outside/secret"), "secret");
  EXPECT_FALSE(fs::exists(directory / "outside/new"));
}

TEST_F(WriterTest, RemovedLinkLeavesItsTarget) {
  fs::create_symlink("../outside/secret", out / "window");
  EXPECT_TRUE(apply(Kind::kRemoved, "window").ok());
  EXPECT_FALSE(fs::is_symlink(out / "window"));
  EXPECT_EQ(get(directory / "outside/secret"), "secret");
}

TEST_F(WriterTest, LinksOfTheGuestsAreNotMade) {
  EXPECT_EQ(apply(Kind::kSymlink, "l", "../outside").code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(fs::is_symlink(out / "l"));
}

TEST_F(WriterTest, PipeInTheWayDoesNotHang) {
  ASSERT_EQ(::mkfifo((out / "pipe").c_str(), 0600), 0);
  auto child = Child::fork([&] {
    ::alarm(5);
    return apply(Kind::kFile, "pipe", "x").ok() ? 1 : 0;
  });
  const auto exit = child->wait();
  EXPECT_EQ(exit->signal, 0) << "it hung";
  EXPECT_EQ(exit->code, 0);
}

}  // namespace
}  // namespace skerry::app
