// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/file.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

namespace fs = std::filesystem;

std::size_t entries_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

std::string content_of(const fs::path& path) {
  return read_file(path, mib(1)).value_or("(unreadable)");
}

TEST(AtomicFileTest, IsNotThereBeforeCommit) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", as_bytes("old")).ok());
  auto file = AtomicFile::create(directory / "f");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(write_all(file->fd(), as_bytes("new")).ok());
  EXPECT_EQ(content_of(directory / "f"), "old");
  EXPECT_TRUE(file->commit().ok());
  EXPECT_EQ(content_of(directory / "f"), "new");
  EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(AtomicFileTest, DroppedFileLeavesNothing) {
  const TestDirectory directory;
  {
    auto file = AtomicFile::create(directory / "f");
    ASSERT_TRUE(file.ok());
    AtomicFile moved = *std::move(file);
    ASSERT_TRUE(write_all(moved.fd(), as_bytes("half")).ok());
    EXPECT_FALSE(fs::exists(directory / "f"));
  }
  EXPECT_EQ(entries_in(directory.path()), 0U);
}

TEST(AtomicFileTest, ANewFileTakesNobodysName) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", as_bytes("old")).ok());
  fs::create_symlink("nowhere", directory / "link");
  for (const char* name : {"f", "link"}) {
    auto file = AtomicFile::create(directory / name);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(write_all(file->fd(), as_bytes("new")).ok());
    EXPECT_EQ(file->commit_new().code(), StatusCode::kAlreadyExists) << name;
  }
  EXPECT_EQ(content_of(directory / "f"), "old");
  EXPECT_FALSE(fs::exists(directory / "nowhere"));
  auto file = AtomicFile::create(directory / "g");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(write_all(file->fd(), as_bytes("new")).ok());
  EXPECT_TRUE(file->commit_new().ok());
  EXPECT_EQ(content_of(directory / "g"), "new");
  EXPECT_EQ(entries_in(directory.path()), 3U) << "and nothing else is left";
}

TEST(AtomicFileTest, MissingDirectoryIsNotFound) {
  const TestDirectory directory;
  EXPECT_EQ(AtomicFile::create(directory / "no/f").status().code(), StatusCode::kNotFound);
}

TEST(AtomicFileTest, BareNameMeansTheWorkingDirectory) {
  const TestDirectory directory;
  auto child = Child::fork([&] {
    if (::chdir(directory.path().c_str()) != 0) return 2;
    return write_file("bare", as_bytes("text")).ok() ? 0 : 1;
  });
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->wait()->code, 0);
  EXPECT_EQ(content_of(directory / "bare"), "text");
}

TEST(CopyAllTest, CopiesWhatIsLeftUpToACap) {
  const TestDirectory directory;
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += std::to_string(i);
  ASSERT_TRUE(write_file(directory / "source", as_bytes(text)).ok());
  const auto source = open_file(directory / "source", O_RDONLY);
  const auto copy = open_file(directory / "copy", O_WRONLY | O_CREAT);
  ASSERT_EQ(::lseek(source->get(), 1, SEEK_SET), 1);
  ASSERT_TRUE(copy_all(source->get(), copy->get(), bytes(text.size())).ok());
  EXPECT_TRUE(read_file(directory / "copy", mib(8)).value() == text.substr(1));
  ASSERT_EQ(::lseek(source->get(), 0, SEEK_SET), 0);
  const auto more = open_file(directory / "more", O_WRONLY | O_CREAT);
  EXPECT_EQ(copy_all(source->get(), more->get(), bytes(text.size() - 1)).code(),
            StatusCode::kResourceExhausted);
}

TEST(AtomicFileTest, KilledWriterLeavesNothing) {
  const TestDirectory directory;
  auto writer = Child::fork([&] {
    const auto file = AtomicFile::create(directory / "f");
    return ::raise(SIGKILL);
  });
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(writer->wait()->signal, SIGKILL);
  EXPECT_EQ(entries_in(directory.path()), 0U);
}

TEST(AtomicFileTest, StaleTemporariesAreClearedAndNothingElse) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "kept", as_bytes("x")).ok());
  ASSERT_TRUE(write_file(directory / ".tmp-a1B2c3", as_bytes("half")).ok());
  remove_stale_temporaries(directory.path());
  EXPECT_EQ(entries_in(directory.path()), 1U);
  EXPECT_TRUE(fs::exists(directory / "kept"));
}

TEST(ReadFileTest, TakesExactlyItsCapAndNoMore) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", as_bytes("12345")).ok());
  EXPECT_EQ(*read_file(directory / "f", bytes(5)), "12345");
  const auto over = read_file(directory / "f", bytes(4));
  EXPECT_EQ(over.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(over.status()).find("/f: "), std::string_view::npos) << over.status();
}

TEST(ReadFileTest, CapHoldsWhereSizeIsUnknown) {
  EXPECT_EQ(read_file("/dev/zero", kib(100)).status().code(), StatusCode::kResourceExhausted);
}

TEST(ReadFileTest, MissingFileIsNotFound) {
  EXPECT_EQ(read_file("/no/such/file", kib(1)).status().code(), StatusCode::kNotFound);
}

TEST(PrivateDirectoryTest, IsMadeWithItsParentsForTheOwnerAlone) {
  const TestDirectory directory;
  ASSERT_TRUE(make_private_directory(directory / "a/b/c").ok());
  for (const char* name : {"a", "a/b", "a/b/c"}) {
    struct stat info{};
    ASSERT_EQ(::stat((directory / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U) << name;
  }
  EXPECT_TRUE(make_private_directory(directory / "a/b/c").ok()) << "a second time";
}

TEST(PrivateDirectoryTest, GroupOrWorldWritableIsRefused) {
  const TestDirectory directory;
  for (const mode_t mode : {mode_t{0770}, mode_t{0702}}) {
    const fs::path path = directory / std::to_string(mode);
    ASSERT_TRUE(make_private_directory(path).ok());
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const Status status = make_private_directory(path);
    EXPECT_EQ(status.code(), StatusCode::kPermissionDenied);
    EXPECT_NE(message_of(status).find(path.native()), std::string_view::npos) << status;
  }
}

TEST(PrivateDirectoryTest, ForeignOwnerIsRefused) {
  const TestDirectory directory;
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(directory.path().c_str(), 12345, 12345), 0);
  EXPECT_EQ(make_private_directory(directory.path()).code(), StatusCode::kPermissionDenied);
}

TEST(PrivateDirectoryTest, FileInItsPlaceIsRefused) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", as_bytes("x")).ok());
  EXPECT_EQ(make_private_directory(directory / "f").code(), StatusCode::kInvalidArgument);
}

/// What another process gets that does not want to wait: 0, or EWOULDBLOCK.
int lock_elsewhere(const fs::path& path) {
  auto child = Child::fork([&] {
    const auto file = open_file(path, O_RDWR);
    return ::flock(file->get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  });
  return child->wait()->code;
}

TEST(FileLockTest, ExcludesAnotherProcess) {
  const TestDirectory directory;
  {
    const auto lock = FileLock::acquire(directory / "lock");
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ(lock_elsewhere(directory / "lock"), EWOULDBLOCK);
  }
  EXPECT_EQ(lock_elsewhere(directory / "lock"), 0);
}

TEST(FileLockTest, ManyShareAFileByNumber) {
  const TestDirectory directory;
  const auto path = directory / "locks";
  constexpr std::uint64_t kLast = (std::uint64_t{1} << 63) - 2;
  auto first = FileLock::acquire(path, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto last = FileLock::try_acquire(path, kLast);
  EXPECT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(FileLock::try_acquire(path, 1).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(FileLock::try_acquire(path, kLast).status().code(), StatusCode::kUnavailable);
  {
    const FileLock gone = *std::move(first);
  }
  EXPECT_TRUE(FileLock::try_acquire(path, 1).ok());
  EXPECT_TRUE(FileLock::try_acquire(path).ok());
  auto holder = Child::fork([&] {
    const auto lock = FileLock::acquire(path, 7);
    return ::raise(SIGKILL);
  });
  EXPECT_EQ(holder->wait()->signal, SIGKILL);
  EXPECT_TRUE(FileLock::acquire(path, 7).ok());
}

TEST(FileLockTest, EndsWithAKilledProcess) {
  const TestDirectory directory;
  auto holder = Child::fork([&] {
    const auto lock = FileLock::acquire(directory / "lock");
    return ::raise(SIGKILL);
  });
  EXPECT_EQ(holder->wait()->signal, SIGKILL);
  EXPECT_EQ(lock_elsewhere(directory / "lock"), 0);
}

}  // namespace
}  // namespace skerry
