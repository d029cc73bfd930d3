// SPDX-License-Identifier: Apache-2.0
// Random operations, done both by a guest in its file system and on the host's own in a scratch
// directory. Results, errors, sizes, links and contents must agree: Linux is the model.
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/fd.h"
#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

Errno errno_of_host(int error) {
  switch (error) {
    case 0:
      return Errno::kSuccess;
    case ENOENT:
      return Errno::kNoEnt;
    case EEXIST:
      return Errno::kExist;
    case ENOTDIR:
      return Errno::kNotDir;
    case EISDIR:
      return Errno::kIsDir;
    case ENOTEMPTY:
      return Errno::kNotEmpty;
    case EINVAL:
      return Errno::kInval;
    case ELOOP:
      return Errno::kLoop;
    case EPERM:
      return Errno::kPerm;
    case EBUSY:
      return Errno::kBusy;
    case ENAMETOOLONG:
      return Errno::kNameTooLong;
    case EBADF:
      return Errno::kNotCapable;  // a descriptor without the right: rights are all WASI has
    default:
      return Errno::kIo;
  }
}

class ModelTest : public ::testing::TestWithParam<unsigned> {
 protected:
  struct OpenFile {
    std::uint32_t guest = 0;
    OwnedFd host;
    bool appends = false;
  };

  void SetUp() override {
    std::string name = ::testing::TempDir() + "/skerry_model_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    scratch_ = name;
    root_ = OwnedFd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    random_.seed(GetParam());
  }
  void TearDown() override { std::filesystem::remove_all(scratch_); }

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  std::string random_path() {
    static const char* const kNames[] = {"a", "b", "c", "d", "e"};
    std::string path = kNames[below(5)];
    for (unsigned depth = below(4); depth > 0; --depth) {
      static const char* const kSteps[] = {"/", "//", "/./"};
      path += kSteps[below(12) < 10 ? 0 : 1 + below(2)];
      path += below(25) == 0 ? "../" + std::string(kNames[below(5)]) : kNames[below(5)];
    }
    if (below(15) == 0) path += "/";
    if (below(60) == 0) path += "/.";
    return path;
  }

  std::string random_text() {
    std::string text(below(20) == 0 ? 1 + below(100'000) : 1 + below(300), '\0');
    for (char& c : text) c = static_cast<char>('a' + below(26));
    return text;
  }

  void same(Errno guest, int host_result, std::string_view what) {
    const Errno host = host_result == -1 ? errno_of_host(errno) : Errno::kSuccess;
    EXPECT_EQ(guest, host) << what << ", step " << step_;
  }

  void step() {
    switch (below(18)) {
      case 0:
        make_directory();
        break;
      case 1:
        remove_directory();
        break;
      case 2:
        unlink();
        break;
      case 3:
        rename();
        break;
      case 4:
        link();
        break;
      case 5:
        symlink();
        break;
      case 6:
        readlink();
        break;
      case 7:
        stat();
        break;
      case 8:
      case 9:
      case 10:
        open();
        break;
      case 11:
        write();
        break;
      case 12:
        pwrite();
        break;
      case 13:
        read();
        break;
      case 14:
        seek();
        break;
      case 15:
        truncate();
        break;
      case 16:
        close();
        break;
      case 17:
        fstat();
        break;
      default:
        break;
    }
  }

  void make_directory() {
    const std::string path = random_path();
    const Errno guest = guest_.make_directory(path);
    same(guest, mkdirat(root_.get(), path.c_str(), 0755), "mkdir " + path);
  }
  void remove_directory() {
    const std::string path = random_path();
    const Errno guest = guest_.remove_directory(path);
    same(guest, unlinkat(root_.get(), path.c_str(), AT_REMOVEDIR), "rmdir " + path);
  }
  void unlink() {
    const std::string path = random_path();
    const Errno guest = guest_.unlink(path);
    same(guest, unlinkat(root_.get(), path.c_str(), 0), "unlink " + path);
  }
  void rename() {
    const std::string from = random_path();
    const std::string to = random_path();
    const Errno guest = guest_.rename(from, to);
    same(guest, renameat(root_.get(), from.c_str(), root_.get(), to.c_str()),
         "rename " + from + " " + to);
  }
  void link() {
    const std::string from = random_path();
    const std::string to = random_path();
    const bool follows = below(2) == 0;
    const Errno guest = guest_.link(from, to, follows ? kSymlinkFollow : 0);
    same(
        guest,
        linkat(root_.get(), from.c_str(), root_.get(), to.c_str(), follows ? AT_SYMLINK_FOLLOW : 0),
        "link " + from + " " + to);
  }
  void symlink() {
    const std::string target = std::string(1, static_cast<char>('a' + below(5))) +
                               (below(3) == 0 ? "/b" : "") + (below(10) == 0 ? "/" : "");
    const std::string path = random_path();
    const Errno guest = guest_.symlink(target, path);
    same(guest, symlinkat(target.c_str(), root_.get(), path.c_str()),
         "symlink " + target + " " + path);
  }
  void readlink() {
    const std::string path = random_path();
    const auto guest = guest_.readlink(path);
    std::string buffer(4096, '\0');
    const ssize_t host = readlinkat(root_.get(), path.c_str(), buffer.data(), buffer.size());
    same(guest.status(), static_cast<int>(host), "readlink " + path);
    if (guest.ok() && host >= 0) {
      EXPECT_EQ(*guest, buffer.substr(0, static_cast<std::size_t>(host)));
    }
  }

  static FileType type_of(mode_t mode) {
    return S_ISDIR(mode)   ? FileType::kDirectory
           : S_ISLNK(mode) ? FileType::kSymbolicLink
                           : FileType::kRegularFile;
  }
  void same_stat(const OrErrno<Guest::Stat>& guest, int result, const struct stat& host,
                 const std::string& what) {
    same(guest.status(), result, what);
    if (!guest.ok() || result != 0) return;
    EXPECT_EQ(guest->type, type_of(host.st_mode)) << what << ", step " << step_;
    if (guest->type == FileType::kDirectory)
      return;  // sizes and links of directories differ between file systems
    EXPECT_EQ(guest->size, static_cast<std::uint64_t>(host.st_size)) << what << ", step " << step_;
    EXPECT_EQ(guest->links, host.st_nlink) << what << ", step " << step_;
  }
  void stat() {
    const std::string path = random_path();
    const bool follows = below(2) == 0;
    struct stat host{};
    const auto guest = guest_.stat(path, follows ? kSymlinkFollow : 0);
    const int result = fstatat(root_.get(), path.c_str(), &host, follows ? 0 : AT_SYMLINK_NOFOLLOW);
    same_stat(guest, result, host, "stat " + path);
  }

  void open() {
    const std::string path = random_path();
    OpenFlags flags = 0;
    int host_flags = O_CLOEXEC | O_NONBLOCK;
    const auto take = [&](unsigned one_in, OpenFlags flag, int host_flag) {
      if (below(one_in) != 0) return false;
      flags |= flag;
      host_flags |= host_flag;
      return true;
    };
    // Linux before 6.4 made a file for O_CREAT with O_DIRECTORY; WASI forbids the pair.
    if (take(2, kOpenCreate, O_CREAT)) {
      take(4, kOpenExclusive, O_EXCL);
    } else {
      take(6, kOpenDirectory, O_DIRECTORY);
    }
    const bool writes = (flags & kOpenDirectory) == 0 && below(2) == 0;
    // Truncating without writing is unspecified in POSIX.
    if (writes) take(5, kOpenTruncate, O_TRUNC);
    const bool appends = writes && below(4) == 0;
    const bool follows = below(4) != 0;
    host_flags |=
        (writes ? O_RDWR : O_RDONLY) | (appends ? O_APPEND : 0) | (follows ? 0 : O_NOFOLLOW);
    const Rights rights =
        writes ? kAllRights : kAllRights & ~(kFdWrite | kFdFilestatSetSize | kFdAllocate);
    auto guest = guest_.open(path, {.flags = flags,
                                    .rights = rights,
                                    .fd_flags = appends ? kAppend : FdFlags{0},
                                    .lookup = follows ? kSymlinkFollow : 0});
    OwnedFd host(openat(root_.get(), path.c_str(), host_flags, 0644));
    same(guest.status(), host.get(),
         "open " + path + " flags " + std::to_string(flags) + (writes ? "w" : "r"));
    if (!guest.ok() || !host.is_open()) return;
    if (open_.size() >= 20) close();
    open_.push_back({*guest, std::move(host), appends});
  }
  OpenFile* some_file() {
    return open_.empty() ? nullptr : &open_[below(static_cast<unsigned>(open_.size()))];
  }
  void close() {
    if (open_.empty()) return;
    const auto at = open_.begin() + below(static_cast<unsigned>(open_.size()));
    EXPECT_EQ(guest_.close(at->guest), Errno::kSuccess);
    open_.erase(at);
  }
  bool is_directory(const OpenFile& file) const {
    struct stat host{};
    return ::fstat(file.host.get(), &host) == 0 && S_ISDIR(host.st_mode);
  }

  void write() {
    OpenFile* file = some_file();
    if (file == nullptr) return;
    const std::string text = random_text();
    const auto guest = guest_.write(file->guest, text);
    const ssize_t host = ::write(file->host.get(), text.data(), text.size());
    same(guest.status(), static_cast<int>(host), "write");
    if (guest.ok()) {
      EXPECT_EQ(*guest, host);
    }
  }
  void pwrite() {
    OpenFile* file = some_file();
    if (file == nullptr || file->appends) return;  // Linux appends then, against POSIX
    const std::string text = random_text();
    const std::uint64_t offset = below(300'000);
    const auto guest = guest_.pwrite(file->guest, text, offset);
    const ssize_t host =
        ::pwrite(file->host.get(), text.data(), text.size(), static_cast<off_t>(offset));
    same(guest.status(), static_cast<int>(host), "pwrite");
  }
  void read() {
    OpenFile* file = some_file();
    if (file == nullptr) return;
    std::string buffer(1 + below(100'000), '\0');
    const auto guest = guest_.read(file->guest, buffer.size());
    const ssize_t host = ::read(file->host.get(), buffer.data(), buffer.size());
    same(guest.status(), static_cast<int>(host), "read");
    if (guest.ok() && host >= 0) {
      EXPECT_TRUE(*guest == buffer.substr(0, static_cast<std::size_t>(host))) << "step " << step_;
    }
  }
  void seek() {
    OpenFile* file = some_file();
    if (file == nullptr || is_directory(*file)) return;
    const std::int64_t delta = static_cast<std::int64_t>(below(200'000)) - 50'000;
    const auto whence = static_cast<Whence>(below(3));
    const int host_whence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    const auto guest = guest_.seek(file->guest, delta, whence);
    const off_t host = lseek(file->host.get(), delta, host_whence[static_cast<int>(whence)]);
    same(guest.status(), host == -1 ? -1 : 0, "seek");
    if (guest.ok()) {
      EXPECT_EQ(*guest, static_cast<std::uint64_t>(host));
    }
  }
  void truncate() {
    OpenFile* file = some_file();
    if (file == nullptr) return;
    const std::uint64_t size = below(3) == 0 ? below(400) : below(300'000);
    const Errno guest = guest_.error("fd_filestat_set_size", {file->guest, size});
    const int host = ftruncate(file->host.get(), static_cast<off_t>(size));
    same(guest, host, "truncate");
  }
  void fstat() {
    OpenFile* file = some_file();
    if (file == nullptr) return;
    struct stat host{};
    const auto guest = guest_.fstat(file->guest);
    const int result = ::fstat(file->host.get(), &host);
    same_stat(guest, result, host, "fstat");
  }

  /// Both trees, whole.
  void compare(const std::string& directory) {
    const auto fd = guest_.open(directory, {.flags = kOpenDirectory});
    ASSERT_TRUE(fd.ok()) << directory << " " << errno_name(fd.status());
    std::multiset<std::string> guest_names;
    for (const Guest::Dirent& entry : guest_.list_all(*fd, 64 + below(400)))
      guest_names.insert(entry.name);
    EXPECT_EQ(guest_.close(*fd), Errno::kSuccess);
    std::multiset<std::string> host_names = {".", ".."};
    const std::filesystem::path there = scratch_ / directory;
    for (const auto& entry : std::filesystem::directory_iterator(there)) {
      const std::string name = entry.path().filename().string();
      host_names.insert(name);
      const std::string path = directory + "/" + name;
      if (entry.is_symlink()) continue;
      if (entry.is_directory()) {
        compare(path);
        continue;
      }
      const OwnedFd host(openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
      std::string expected(entry.file_size(), '\0');
      ASSERT_EQ(::pread(host.get(), expected.data(), expected.size(), 0),
                static_cast<ssize_t>(expected.size()));
      const auto found = wasi::read_file(guest_.state.files(), path.substr(1), mib(16));
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_TRUE(*found == expected) << path << ", step " << step_;
    }
    EXPECT_EQ(guest_names, host_names) << directory << ", step " << step_;
  }

  std::filesystem::path scratch_;
  OwnedFd root_;
  Guest guest_;
  std::mt19937 random_;
  std::vector<OpenFile> open_;
  unsigned step_ = 0;
};

TEST_P(ModelTest, GuestsFileSystemAgreesWithLinux) {
  std::vector<HostState> snapshots;  // held, so that sharing and copying are tried as well
  for (step_ = 0; step_ < 6000; ++step_) {
    step();
    if (step_ % 250 == 0) compare(".");
    if (step_ % 100 == 0) snapshots.push_back(guest_.state);
    if (snapshots.size() > 5) snapshots.erase(snapshots.begin());
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace skerry::wasi
