// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace skerry::wasi {

/// Nanoseconds: a length of time, or a point of it counted from the clock's own start (1970 for
/// real time).
using Nanoseconds = std::chrono::duration<std::uint64_t, std::nano>;

/// A guest's file descriptor: an index into its own table, nothing of the host's.
enum class Fd : std::uint32_t {};

/// Names a file, directory or symbolic link for as long as it lives. Never used twice within one
/// file system.
enum class InodeNumber : std::uint64_t {};

/// What an inode or descriptor is, as the guest sees it.
enum class FileType : std::uint8_t {
  kUnknown = 0,
  kBlockDevice = 1,
  kCharacterDevice = 2,
  kDirectory = 3,
  kRegularFile = 4,
  kSocketDatagram = 5,
  kSocketStream = 6,
  kSymbolicLink = 7,
};

/// What a descriptor may be used for: bits of a 64-bit set, as the specification numbers them.
using Rights = std::uint64_t;
inline constexpr Rights kFdDatasync = 1u << 0;
inline constexpr Rights kFdRead = 1u << 1;
inline constexpr Rights kFdSeek = 1u << 2;
inline constexpr Rights kFdFdstatSetFlags = 1u << 3;
inline constexpr Rights kFdSync = 1u << 4;
inline constexpr Rights kFdTell = 1u << 5;
inline constexpr Rights kFdWrite = 1u << 6;
inline constexpr Rights kFdAdvise = 1u << 7;
inline constexpr Rights kFdAllocate = 1u << 8;
inline constexpr Rights kPathCreateDirectory = 1u << 9;
inline constexpr Rights kPathCreateFile = 1u << 10;
inline constexpr Rights kPathLinkSource = 1u << 11;
inline constexpr Rights kPathLinkTarget = 1u << 12;
inline constexpr Rights kPathOpen = 1u << 13;
inline constexpr Rights kFdReaddir = 1u << 14;
inline constexpr Rights kPathReadlink = 1u << 15;
inline constexpr Rights kPathRenameSource = 1u << 16;
inline constexpr Rights kPathRenameTarget = 1u << 17;
inline constexpr Rights kPathFilestatGet = 1u << 18;
inline constexpr Rights kPathFilestatSetSize = 1u << 19;
inline constexpr Rights kPathFilestatSetTimes = 1u << 20;
inline constexpr Rights kFdFilestatGet = 1u << 21;
inline constexpr Rights kFdFilestatSetSize = 1u << 22;
inline constexpr Rights kFdFilestatSetTimes = 1u << 23;
inline constexpr Rights kPathSymlink = 1u << 24;
inline constexpr Rights kPathRemoveDirectory = 1u << 25;
inline constexpr Rights kPathUnlinkFile = 1u << 26;
inline constexpr Rights kPollFdReadwrite = 1u << 27;
inline constexpr Rights kSockShutdown = 1u << 28;
inline constexpr Rights kSockAccept = 1u << 29;

inline constexpr Rights kAllRights = (1u << 30) - 1;

/// What makes sense on a regular file; the rest is dropped when one is opened.
inline constexpr Rights kRegularFileRights =
    kFdDatasync | kFdRead | kFdSeek | kFdFdstatSetFlags | kFdSync | kFdTell | kFdWrite | kFdAdvise |
    kFdAllocate | kFdFilestatGet | kFdFilestatSetSize | kFdFilestatSetTimes | kPollFdReadwrite;

/// What makes sense on a directory.
inline constexpr Rights kDirectoryRights =
    kFdFdstatSetFlags | kFdSync | kFdDatasync | kPathCreateDirectory | kPathCreateFile |
    kPathLinkSource | kPathLinkTarget | kPathOpen | kFdReaddir | kPathReadlink | kPathRenameSource |
    kPathRenameTarget | kPathFilestatGet | kPathFilestatSetSize | kPathFilestatSetTimes |
    kFdFilestatGet | kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory | kPathUnlinkFile;

/// Without kFdSeek and kFdTell.
inline constexpr Rights kInputRights =
    kFdRead | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
inline constexpr Rights kOutputRights =
    kFdWrite | kFdDatasync | kFdSync | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;

/// Flags of a descriptor (fdflags).
using FdFlags = std::uint16_t;
inline constexpr FdFlags kAppend = 1u << 0;
inline constexpr FdFlags kDsync = 1u << 1;
inline constexpr FdFlags kNonblock = 1u << 2;
inline constexpr FdFlags kRsync = 1u << 3;
inline constexpr FdFlags kSync = 1u << 4;
inline constexpr FdFlags kAllFdFlags = (1u << 5) - 1;

/// Flags of path_open (oflags).
using OpenFlags = std::uint16_t;
inline constexpr OpenFlags kOpenCreate = 1u << 0;
inline constexpr OpenFlags kOpenDirectory = 1u << 1;
inline constexpr OpenFlags kOpenExclusive = 1u << 2;
inline constexpr OpenFlags kOpenTruncate = 1u << 3;
inline constexpr OpenFlags kAllOpenFlags = (1u << 4) - 1;

/// Flags of a path look-up.
inline constexpr std::uint32_t kSymlinkFollow = 1u << 0;

/// Which times to set, and whether to the current time (fstflags).
using TimeFlags = std::uint16_t;
inline constexpr TimeFlags kSetAccess = 1u << 0;
inline constexpr TimeFlags kSetAccessNow = 1u << 1;
inline constexpr TimeFlags kSetModification = 1u << 2;
inline constexpr TimeFlags kSetModificationNow = 1u << 3;
inline constexpr TimeFlags kAllTimeFlags = (1u << 4) - 1;

enum class ClockId : std::uint32_t {
  kRealtime = 0,
  kMonotonic = 1,
  kProcessCpu = 2,
  kThreadCpu = 3
};
enum class Whence : std::uint8_t { kSet = 0, kCurrent = 1, kEnd = 2 };

/// Sizes in bytes and layouts of what the calls write, little-endian; offsets stand where they are
/// written.
inline constexpr std::uint32_t kFdstatSize = 24;
inline constexpr std::uint32_t kFilestatSize = 64;
inline constexpr std::uint32_t kPrestatSize = 8;
inline constexpr std::uint32_t kDirentSize = 24;
inline constexpr std::uint32_t kIovecSize = 8;
inline constexpr std::uint32_t kSubscriptionSize = 48;
inline constexpr std::uint32_t kEventSize = 32;

}  // namespace skerry::wasi
