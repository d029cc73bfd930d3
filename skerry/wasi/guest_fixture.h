// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/wasi/calls.h"
#include "skerry/wasi/files/host_files.h"

// A guest to test with: memory, environment and state, and each call by name. For this folder's
// tests and fuzz targets.

namespace skerry::wasi {

/// Keeps what the guest writes.
class KeptOutput final : public OutputSink {
 public:
  Status write(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::kStdout ? out : err) += as_text(bytes);
    return status;
  }
  std::string out;
  std::string err;
  Status status;
};

/// A guest with 256 KiB of memory. Paths and buffers go through fixed places in it.
class Guest {
 public:
  static constexpr std::uint32_t kMemorySize = 256 * 1024;
  static constexpr std::uint32_t kPathAt = 1024;
  static constexpr std::uint32_t kOtherPathAt = 16 * 1024;
  static constexpr std::uint32_t kResultAt = 32 * 1024;
  static constexpr std::uint32_t kListAt = 40 * 1024;
  static constexpr std::uint32_t kBufferAt = 64 * 1024;
  static constexpr std::uint32_t kRoot = 3;

  explicit Guest(HostState initial = HostState()) : state(std::move(initial)) {}

  CallResult call(std::string_view name, std::initializer_list<std::uint64_t> arguments) {
    const Call* found = find_call(name);
    EXPECT_NE(found, nullptr) << name;
    EXPECT_EQ(found->parameters.size(), arguments.size()) << name;
    Context context{state, process, *clock, *entropy, output, *input};
    return found->function(context, GuestMemory(memory),
                           std::span(arguments.begin(), arguments.size()));
  }
  Errno error(std::string_view name, std::initializer_list<std::uint64_t> arguments) {
    const CallResult result = call(name, arguments);
    return std::holds_alternative<Errno>(result) ? std::get<Errno>(result) : Errno::kSuccess;
  }

  void put_text(std::uint32_t at, std::string_view text) {
    std::memcpy(memory.data() + at, text.data(), text.size());
  }
  std::string text(std::uint32_t at, std::size_t length) const {
    return std::string(as_text(std::span(memory).subspan(at, length)));
  }
  template <typename T>
  T value(std::uint32_t at) const {
    T out;
    std::memcpy(&out, memory.data() + at, sizeof out);
    return out;
  }
  template <typename T>
  void set_value(std::uint32_t at, T in) {
    std::memcpy(memory.data() + at, &in, sizeof in);
  }
  std::uint64_t path(std::string_view text) {
    put_text(kPathAt, text);
    return kPathAt;
  }
  std::uint64_t other_path(std::string_view text) {
    put_text(kOtherPathAt, text);
    return kOtherPathAt;
  }

  struct OpenOptions {
    OpenFlags flags = 0;
    Rights rights = kAllRights & ~kFdWrite;
    Rights inheriting = kAllRights;
    FdFlags fd_flags = 0;
    std::uint32_t lookup = kSymlinkFollow;
  };
  OrErrno<std::uint32_t> open(std::string_view name, const OpenOptions& options,
                              std::uint32_t base = kRoot) {
    const Errno result =
        error("path_open", {base, options.lookup, path(name), name.size(), options.flags,
                            options.rights, options.inheriting, options.fd_flags, kResultAt});
    if (result != Errno::kSuccess) return result;
    return value<std::uint32_t>(kResultAt);
  }
  std::uint32_t must_open(std::string_view name, const OpenOptions& options) {
    const auto fd = open(name, options);
    EXPECT_EQ(fd.status(), Errno::kSuccess) << name << ": " << errno_name(fd.status());
    return fd.ok() ? *fd : 0xffff;
  }
  std::uint32_t create(std::string_view name) {
    return must_open(name, {.flags = kOpenCreate, .rights = kAllRights});
  }
  Errno close(std::uint32_t fd) { return error("fd_close", {fd}); }

  OrErrno<std::uint32_t> write(std::uint32_t fd, std::string_view text) {
    put_text(kBufferAt, text);
    set_list(text.size());
    return counted(error("fd_write", {fd, kListAt, 1, kResultAt}));
  }
  OrErrno<std::uint32_t> pwrite(std::uint32_t fd, std::string_view text, std::uint64_t offset) {
    put_text(kBufferAt, text);
    set_list(text.size());
    return counted(error("fd_pwrite", {fd, kListAt, 1, offset, kResultAt}));
  }
  OrErrno<std::string> read(std::uint32_t fd, std::size_t length) {
    set_list(length);
    return taken(error("fd_read", {fd, kListAt, 1, kResultAt}));
  }
  OrErrno<std::string> pread(std::uint32_t fd, std::size_t length, std::uint64_t offset) {
    set_list(length);
    return taken(error("fd_pread", {fd, kListAt, 1, offset, kResultAt}));
  }
  OrErrno<std::uint64_t> seek(std::uint32_t fd, std::int64_t delta, Whence whence) {
    const Errno result = error("fd_seek", {fd, static_cast<std::uint64_t>(delta),
                                           static_cast<std::uint64_t>(whence), kResultAt});
    if (result != Errno::kSuccess) return result;
    return value<std::uint64_t>(kResultAt);
  }

  Errno make_directory(std::string_view name) {
    return error("path_create_directory", {kRoot, path(name), name.size()});
  }
  Errno remove_directory(std::string_view name) {
    return error("path_remove_directory", {kRoot, path(name), name.size()});
  }
  Errno unlink(std::string_view name) {
    return error("path_unlink_file", {kRoot, path(name), name.size()});
  }
  Errno rename(std::string_view from, std::string_view to) {
    return error("path_rename", {kRoot, path(from), from.size(), kRoot, other_path(to), to.size()});
  }
  Errno link(std::string_view from, std::string_view to, std::uint32_t lookup = 0) {
    return error("path_link",
                 {kRoot, lookup, path(from), from.size(), kRoot, other_path(to), to.size()});
  }
  Errno symlink(std::string_view target, std::string_view name) {
    return error("path_symlink",
                 {other_path(target), target.size(), kRoot, path(name), name.size()});
  }
  OrErrno<std::string> readlink(std::string_view name) {
    return taken(
        error("path_readlink", {kRoot, path(name), name.size(), kBufferAt, 8192, kResultAt}));
  }

  struct Stat {
    std::uint64_t inode = 0;
    FileType type = FileType::kUnknown;
    std::uint64_t links = 0;
    std::uint64_t size = 0;
    std::uint64_t accessed = 0;
    std::uint64_t modified = 0;
    std::uint64_t changed = 0;
  };
  OrErrno<Stat> stat(std::string_view name, std::uint32_t lookup = kSymlinkFollow) {
    const Errno result =
        error("path_filestat_get", {kRoot, lookup, path(name), name.size(), kResultAt});
    if (result != Errno::kSuccess) return result;
    return stat_at_result();
  }
  OrErrno<Stat> fstat(std::uint32_t fd) {
    const Errno result = error("fd_filestat_get", {fd, kResultAt});
    if (result != Errno::kSuccess) return result;
    return stat_at_result();
  }

  struct Dirent {
    std::string name;
    std::uint64_t next = 0;
    std::uint64_t inode = 0;
    FileType type = FileType::kUnknown;
  };
  /// Whole entries only. `more` tells whether the buffer was too small.
  std::vector<Dirent> list_once(std::uint32_t fd, std::uint64_t cookie, std::uint32_t capacity,
                                bool& more) {
    std::vector<Dirent> found;
    EXPECT_EQ(error("fd_readdir", {fd, kBufferAt, capacity, cookie, kResultAt}), Errno::kSuccess);
    const auto used = value<std::uint32_t>(kResultAt);
    more = used == capacity;
    for (std::uint32_t at = 0; at + kDirentSize <= used;) {
      const std::uint32_t base = kBufferAt + at;
      const auto length = value<std::uint32_t>(base + 16);
      if (at + kDirentSize + length > used) break;
      found.push_back({text(base + kDirentSize, length), value<std::uint64_t>(base),
                       value<std::uint64_t>(base + 8), FileType{value<std::uint8_t>(base + 20)}});
      at += kDirentSize + length;
    }
    return found;
  }
  std::vector<Dirent> list_all(std::uint32_t fd, std::uint32_t capacity) {
    std::vector<Dirent> all;
    for (bool more = true; more;) {
      const auto part = list_once(fd, all.empty() ? 0 : all.back().next, capacity, more);
      if (part.empty()) break;
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  std::vector<std::byte> memory = std::vector<std::byte>(kMemorySize);
  HostState state;
  Process process;
  KeptOutput output;
  NoInput no_input;
  FixedClock fixed_clock{state.clock, Nanoseconds(1'700'000'000'000'000'000)};
  SystemEntropy system_entropy;
  Clock* clock = &fixed_clock;
  Entropy* entropy = &system_entropy;
  InputSource* input = &no_input;

 private:
  void set_list(std::size_t length) {
    set_value<std::uint32_t>(kListAt, kBufferAt);
    set_value<std::uint32_t>(kListAt + 4, static_cast<std::uint32_t>(length));
  }
  OrErrno<std::uint32_t> counted(Errno result) const {
    if (result != Errno::kSuccess) return result;
    return value<std::uint32_t>(kResultAt);
  }
  OrErrno<std::string> taken(Errno result) const {
    if (result != Errno::kSuccess) return result;
    return text(kBufferAt, value<std::uint32_t>(kResultAt));
  }
  Stat stat_at_result() const {
    const std::uint32_t at = kResultAt;
    return {value<std::uint64_t>(at + 8),  FileType{value<std::uint8_t>(at + 16)},
            value<std::uint64_t>(at + 24), value<std::uint64_t>(at + 32),
            value<std::uint64_t>(at + 40), value<std::uint64_t>(at + 48),
            value<std::uint64_t>(at + 56)};
  }
};

inline std::ostream& operator<<(std::ostream& out, Errno error) { return out << errno_name(error); }

}  // namespace skerry::wasi
