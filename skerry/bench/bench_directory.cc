// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/bench_directory.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <random>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/file.h"

namespace skerry::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// How long the watcher waits for the bench's own processes, which die with it, and tries to remove
// what they may still be writing.
constexpr std::chrono::seconds kRemovalTime{20};
constexpr std::chrono::milliseconds kPause{20};

fs::path root_of(const runtime::Home& home) { return home.root / "bench"; }

Result<OwnedFd> locked(const fs::path& directory, int how) {
  SKERRY_ASSIGN(OwnedFd fd, open_file(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  SKERRY_TRY(
      syscall_result("flock", directory.native(), [&] { return ::flock(fd.get(), how); }).status());
  return fd;
}

/// The directory of all benches, locked against others that make or remove one. It may be removed
/// while we wait for the lock.
Result<OwnedFd> lock_root(const fs::path& root) {
  for (;;) {
    SKERRY_TRY(make_private_directory(root));
    auto fd = locked(root, LOCK_EX);
    if (fd.status().code() == StatusCode::kNotFound) continue;
    SKERRY_TRY(fd.status());
    struct stat info{};
    if (::fstat(fd->get(), &info) == 0 && info.st_nlink > 0) return fd;
  }
}

/// Removes what belongs to no process any more. `root` must be locked.
void remove_stale(const fs::path& root) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    const auto unused = locked(entry.path(), LOCK_EX | LOCK_NB);
    std::error_code ignored;
    if (unused.ok()) fs::remove_all(entry.path(), ignored);
  }
}

/// Removes the directory, and that of all benches if it was the last.
void remove_directory(const fs::path& directory) {
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  const auto root = locked(directory.parent_path(), LOCK_EX);
  if (root.ok()) ::rmdir(directory.parent_path().c_str());
}

/// In the watcher. Ends when the pipe does, or says that there is nothing left to do.
void watch(int pipe, const fs::path& directory) {
  char byte = 0;
  const auto got = syscall_result("read", {}, [&] { return ::read(pipe, &byte, 1); });
  if (got.ok() && *got == 1) return;
  const auto end = Clock::now() + kRemovalTime;
  // Forked processes of the bench hold the lock, too. Those that run another program die at the
  // same moment, but may make a file meanwhile.
  for (bool was_gone = false; Clock::now() < end; std::this_thread::sleep_for(kPause)) {
    std::error_code error;
    const bool is_gone = !fs::exists(directory, error);
    if (is_gone && was_gone) break;
    was_gone = is_gone;
    if (is_gone || locked(directory, LOCK_EX | LOCK_NB).ok()) remove_directory(directory);
  }
}

[[noreturn]] void become_watcher(int pipe, const fs::path& directory) {
  // A terminal's Ctrl-C is for the bench, and so is whatever waits for its streams to end.
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
  constexpr int kPipe = 10;
  ::dup2(pipe, kPipe);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < kPipe; ++fd) ::dup2(nowhere, fd);
  ::close_range(kPipe + 1, ~0U, 0);
  watch(kPipe, directory);
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<BenchDirectory>> BenchDirectory::create(const runtime::Home& home) {
  const fs::path root = root_of(home);
  std::unique_ptr<BenchDirectory> made(new BenchDirectory());
  SKERRY_ASSIGN(const OwnedFd root_lock, lock_root(root));
  remove_stale(root);
  made->path_ = root / (std::to_string(::getpid()) + "-" + std::to_string(std::random_device()()));
  SKERRY_TRY(made->start_watcher());
  SKERRY_TRY(make_private_directory(made->path_));
  SKERRY_ASSIGN(made->lock_, locked(made->path_, LOCK_EX));
  return made;
}

Status BenchDirectory::start_watcher() {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  watched_ = OwnedFd(ends[1]);
  SKERRY_ASSIGN(watcher_, syscall_result("fork", {}, [] { return ::fork(); }));
  if (watcher_ == 0) {
    watched_.close();
    become_watcher(reader.get(), path_);
  }
  // Before it has a session of its own, what kills the bench kills it, too.
  const auto end = Clock::now() + kRemovalTime;
  while (::getsid(watcher_) != watcher_ && Clock::now() < end) std::this_thread::yield();
  return ok_status();
}

BenchDirectory::~BenchDirectory() {
  lock_.close();
  remove_directory(path_);
  if (watcher_ == 0) return;
  (void)write_all(watched_.get(), as_bytes("."));
  (void)syscall_result("waitpid", {}, [&] { return ::waitpid(watcher_, nullptr, 0); });
}

}  // namespace skerry::bench
