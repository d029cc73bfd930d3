// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "skerry/wasi/calls.h"

// The 46 calls as functions, and what they share. For this folder's calls*.cc; others go through
// `calls()`.
//
// Order within each call, so that a failing call has changed nothing: look up the descriptor and
// its rights, check every guest pointer (results' too), then act, then write results.

namespace skerry::wasi {

using Arguments = std::span<const std::uint64_t>;

inline std::uint32_t u32(Arguments arguments, std::size_t index) {
  return static_cast<std::uint32_t>(arguments[index]);
}
inline Fd fd_of(Arguments arguments, std::size_t index) { return Fd{u32(arguments, index)}; }

/// `badf`, then `notcapable` unless it has all of `needed`. Lasts until the table is next changed.
OrErrno<const Descriptor*> descriptor_with(const Context& context, Fd fd, Rights needed);
/// A regular file: `spipe` for a stream, `isdir` for a directory, which no one can open for
/// writing.
OrErrno<const Descriptor*> file_with(const Context& context, Fd fd, Rights needed);
/// A directory: `notdir` for the rest.
OrErrno<const Descriptor*> directory_with(const Context& context, Fd fd, Rights needed);

/// `io` for a failure of ours: a guest can do nothing about it.
inline Errno errno_of(const Status& status) { return status.ok() ? Errno::kSuccess : Errno::kIo; }

/// `acces` unless the guest has all of these permissions for the inode.
inline Errno may(const FileSystem& files, InodeNumber number, Mode permissions) {
  return files.get(number).permits(permissions) ? Errno::kSuccess : Errno::kAcces;
}

/// What path_open gives for a device: itself, or a copy of the descriptor that it stands for.
/// `wanted` has the flags and rights that were asked for.
OrErrno<Descriptor> opened_device(const Context& context, Device device, Descriptor wanted);
/// What reading and writing come to on a device that can be opened as itself.
OrErrno<std::uint32_t> read_device(Context& context, Device device, const BufferList& buffers);
OrErrno<std::uint32_t> write_device(Device device, const BufferList& buffers);

/// What reading from and writing to a pipe's ends come to. `deadlk` where it would wait: nobody
/// else is there to wait for.
OrErrno<std::uint32_t> read_pipe(Context& context, Fd fd, const BufferList& buffers);
OrErrno<std::uint32_t> write_pipe(Context& context, Fd fd, const BufferList& buffers);
/// Whether the end of a pipe can be read from or written to without waiting, and how much there is.
struct PipeReadiness {
  bool is_ready = false;
  bool has_other_end = false;
  std::uint64_t bytes = 0;
};
PipeReadiness pipe_readiness(const Context& context, const Descriptor& end);

/// Where modes are kept, a filestat's device number holds the mode in its upper half: preview 1 has
/// no field for it, and one device is all there is.
/// Above it stands whether the file is read-only.
constexpr std::uint64_t device_number(Mode mode, Access access = Access::kReadWrite) {
  const std::uint64_t is_read_only = access == Access::kReadOnly ? 1 : 0;
  return mode == 0 ? 1 : 1 | std::uint64_t{mode} << 32 | is_read_only << 48;
}

/// Writes an inode's filestat; its 64 bytes must have been checked.
void write_filestat(std::span<std::byte> out, InodeNumber number, const Inode& inode);

/// As the flags ask. `inval` for unknown flags, and for a time that is both given and now.
Errno set_times(Context& context, InodeNumber number, Nanoseconds accessed, Nanoseconds modified,
                std::uint32_t flags);

CallResult args_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult args_sizes_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult clock_res_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult clock_time_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult environ_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult environ_sizes_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult proc_exit(Context& context, GuestMemory memory, Arguments arguments);
CallResult proc_raise(Context& context, GuestMemory memory, Arguments arguments);
CallResult random_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult sched_yield(Context& context, GuestMemory memory, Arguments arguments);
CallResult sock_accept(Context& context, GuestMemory memory, Arguments arguments);
CallResult sock_recv(Context& context, GuestMemory memory, Arguments arguments);
CallResult sock_send(Context& context, GuestMemory memory, Arguments arguments);
CallResult sock_shutdown(Context& context, GuestMemory memory, Arguments arguments);

CallResult fd_advise(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_allocate(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_close(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_datasync(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_fdstat_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_fdstat_set_flags(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_fdstat_set_rights(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_filestat_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_filestat_set_size(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_filestat_set_times(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_pread(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_prestat_dir_name(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_prestat_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_pwrite(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_read(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_readdir(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_renumber(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_seek(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_sync(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_tell(Context& context, GuestMemory memory, Arguments arguments);
CallResult fd_write(Context& context, GuestMemory memory, Arguments arguments);

CallResult path_create_directory(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_filestat_get(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_filestat_set_times(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_link(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_open(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_readlink(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_remove_directory(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_rename(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_symlink(Context& context, GuestMemory memory, Arguments arguments);
CallResult path_unlink_file(Context& context, GuestMemory memory, Arguments arguments);

CallResult poll_oneoff(Context& context, GuestMemory memory, Arguments arguments);

}  // namespace skerry::wasi
