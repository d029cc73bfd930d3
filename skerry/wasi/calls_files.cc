// SPDX-License-Identifier: Apache-2.0
// fd_*: what works on an open descriptor.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "skerry/base/bytes.h"
#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

using Kind = Descriptor::Kind;

/// Of pipes, which the standard streams are for the guest's user.
constexpr Mode kModeOfPipes = 0010600;

/// Offsets are signed for the guest's C library.
constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();

FileType type_of(const Context& context, const Descriptor& descriptor) {
  // Not a character device: with one, wasi-libc's isatty says yes, and programs talk to a terminal
  // that is not there.
  return descriptor.is_stream() || descriptor.is_pipe()
             ? FileType::kUnknown
             : context.state.files().get(descriptor.inode).type();
}

OrErrno<std::uint32_t> read_input(Context& context, const Descriptor& input,
                                  const BufferList& buffers) {
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto out, buffers.buffer(i));
    if (out.empty()) continue;
    if ((input.flags & kNonblock) != 0) {
      const Result<bool> ready = context.input.wait(Nanoseconds(0));
      if (!ready.ok()) return Errno::kIo;
      if (!*ready) return Errno::kAgain;
    }
    const Result<std::size_t> count = context.input.read(out);
    // A person has pressed Ctrl-C: not an error of the stream.
    if (count.status().code() == StatusCode::kCancelled) return Errno::kCanceled;
    if (!count.ok() || *count > out.size()) return Errno::kIo;
    return static_cast<std::uint32_t>(*count);
  }
  return std::uint32_t{0};
}

OrErrno<std::uint32_t> write_output(Context& context, Stream stream, const BufferList& buffers) {
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto in, buffers.buffer(i));
    if (in.empty()) continue;
    const Status written = context.output.write(stream, in);
    if (written.code() == StatusCode::kUnavailable) return Errno::kPipe;
    SKERRY_ERRNO_TRY(errno_of(written));
    total += static_cast<std::uint32_t>(in.size());
  }
  return total;
}

const Device* device_of(const Context& context, const Descriptor& descriptor) {
  return context.state.files().get(descriptor.inode).device();
}

OrErrno<std::uint32_t> read_file_at(Context& context, InodeNumber file, std::uint64_t offset,
                                    const BufferList& buffers) {
  if (const Device* device = context.state.files().get(file).device())
    return read_device(context, *device, buffers);
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto out, buffers.buffer(i));
    const std::size_t count = context.state.files().read(file, offset + total, out);
    total += static_cast<std::uint32_t>(count);
    if (count < out.size()) break;
  }
  return total;
}

OrErrno<std::uint32_t> write_file_at(Context& context, InodeNumber file, std::uint64_t offset,
                                     const BufferList& buffers) {
  if (const Device* device = context.state.files().get(file).device())
    return write_device(*device, buffers);
  const Nanoseconds now = context.clock.realtime();
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto in, buffers.buffer(i));
    const auto count = context.state.files().write(file, offset + total, in, now);
    if (!count.ok() && total > 0) break;  // what went in counts; the next write tells the reason
    if (!count.ok()) return count.status();
    total += static_cast<std::uint32_t>(*count);
    if (*count < in.size()) break;
  }
  return total;
}

/// Memory is as durable as it gets. Pipes and devices keep nothing that Linux could sync.
Errno sync_result(const Context& context, Fd fd, Rights any_of) {
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd, 0));
  if (descriptor->is_pipe()) return Errno::kInval;
  if (!descriptor->is_stream() && device_of(context, *descriptor) != nullptr) return Errno::kInval;
  return (descriptor->rights & any_of) != 0 ? Errno::kSuccess : Errno::kNotCapable;
}

}  // namespace

void write_filestat(std::span<std::byte> out, InodeNumber number, const Inode& inode) {
  std::fill(out.begin(), out.end(), std::byte{0});
  put(out, 0, device_number(inode.mode, inode.access));
  put(out, 8, static_cast<std::uint64_t>(number));
  put(out, 16, static_cast<std::uint8_t>(inode.type()));
  put(out, 24, inode.link_count());
  put(out, 32, inode.size());
  put(out, 40, inode.accessed.count());
  put(out, 48, inode.modified.count());
  put(out, 56, inode.changed.count());
}

Errno set_times(Context& context, InodeNumber number, Nanoseconds accessed, Nanoseconds modified,
                std::uint32_t flags) {
  constexpr TimeFlags kBothAccess = kSetAccess | kSetAccessNow;
  constexpr TimeFlags kBothModification = kSetModification | kSetModificationNow;
  if ((flags & ~std::uint32_t{kAllTimeFlags}) != 0 || (flags & kBothAccess) == kBothAccess ||
      (flags & kBothModification) == kBothModification) {
    return Errno::kInval;
  }
  const Nanoseconds now = context.clock.realtime();
  if ((flags & kSetAccessNow) != 0) accessed = now;
  if ((flags & kSetModificationNow) != 0) modified = now;
  return context.state.files().set_times(
      number,
      {.accessed = (flags & kBothAccess) != 0 ? &accessed : nullptr,
       .modified = (flags & kBothModification) != 0 ? &modified : nullptr},
      now);
}

// Advice is about disks; there are none.
CallResult fd_advise(Context& context, GuestMemory, Arguments arguments) {
  constexpr std::uint32_t kLastAdvice = 5;
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd_of(arguments, 0), 0));
  if (descriptor->is_stream() || descriptor->is_pipe()) return Errno::kSpipe;
  const bool is_directory = descriptor->kind == Kind::kDirectory;
  if (!is_directory && (descriptor->rights & kFdAdvise) == 0) return Errno::kNotCapable;
  const bool is_known = u32(arguments, 3) <= kLastAdvice && arguments[2] <= kMaxOffset;
  return is_known ? Errno::kSuccess : Errno::kInval;
}

CallResult fd_allocate(Context& context, GuestMemory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* file, file_with(context, fd_of(arguments, 0), kFdAllocate));
  if (arguments[2] == 0) return Errno::kInval;
  if (device_of(context, *file) != nullptr) return Errno::kNoDev;
  return context.state.files().allocate(file->inode, arguments[1], arguments[2],
                                        context.clock.realtime());
}

CallResult fd_close(Context& context, GuestMemory, Arguments arguments) {
  return context.state.close(fd_of(arguments, 0));
}

// The right to sync includes the lesser one: wasi-libc asks for kFdDatasync only with O_WRONLY.
CallResult fd_datasync(Context& context, GuestMemory, Arguments arguments) {
  return sync_result(context, fd_of(arguments, 0), kFdDatasync | kFdSync);
}

CallResult fd_sync(Context& context, GuestMemory, Arguments arguments) {
  return sync_result(context, fd_of(arguments, 0), kFdSync);
}

CallResult fd_fdstat_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd_of(arguments, 0), 0));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), kFdstatSize));
  std::fill(out.begin(), out.end(), std::byte{0});
  put(out, 0, static_cast<std::uint8_t>(type_of(context, *descriptor)));
  put(out, 2, descriptor->flags);
  put(out, 8, descriptor->rights);
  put(out, 16, descriptor->inheriting);
  return Errno::kSuccess;
}

CallResult fd_fdstat_set_flags(Context& context, GuestMemory, Arguments arguments) {
  const Fd fd = fd_of(arguments, 0);
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd, kFdFdstatSetFlags));
  const std::uint32_t flags = u32(arguments, 1);
  if ((flags & ~std::uint32_t{kAllFdFlags}) != 0) return Errno::kInval;
  if (flags != descriptor->flags) context.state.set_flags(fd, static_cast<FdFlags>(flags));
  return Errno::kSuccess;
}

CallResult fd_fdstat_set_rights(Context& context, GuestMemory, Arguments arguments) {
  const Fd fd = fd_of(arguments, 0);
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd, 0));
  const Rights rights = arguments[1];
  const Rights inheriting = arguments[2];
  if ((rights & ~descriptor->rights) != 0 || (inheriting & ~descriptor->inheriting) != 0) {
    return Errno::kNotCapable;
  }
  Descriptor& edited = context.state.edit_descriptor(fd);
  edited.rights = rights;
  edited.inheriting = inheriting;
  return Errno::kSuccess;
}

CallResult fd_filestat_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor,
                descriptor_with(context, fd_of(arguments, 0), kFdFilestatGet));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), kFilestatSize));
  if (descriptor->is_stream() || descriptor->is_pipe()) {
    std::fill(out.begin(), out.end(), std::byte{0});
    if (context.state.files().get(FileSystem::kRoot).mode != 0)
      put(out, 0, device_number(kModeOfPipes));
    if (descriptor->is_pipe()) put(out, 8, static_cast<std::uint64_t>(descriptor->inode));
  } else {
    write_filestat(out, descriptor->inode, context.state.files().get(descriptor->inode));
  }
  return Errno::kSuccess;
}

CallResult fd_filestat_set_size(Context& context, GuestMemory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* file, descriptor_with(context, fd_of(arguments, 0), 0));
  // What Linux says of all but files that are open for writing, for which it has no right apart.
  if (file->kind != Kind::kFile || device_of(context, *file) != nullptr ||
      (file->rights & (kFdWrite | kFdFilestatSetSize)) == 0) {
    return Errno::kInval;
  }
  if ((file->rights & kFdFilestatSetSize) == 0) return Errno::kNotCapable;
  if (arguments[1] > kMaxOffset) return Errno::kInval;
  return context.state.files().set_size(file->inode, arguments[1], context.clock.realtime());
}

CallResult fd_filestat_set_times(Context& context, GuestMemory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor,
                descriptor_with(context, fd_of(arguments, 0), kFdFilestatSetTimes));
  return set_times(context, descriptor->inode, Nanoseconds(arguments[1]), Nanoseconds(arguments[2]),
                   u32(arguments, 3));
}

CallResult fd_pread(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* file, file_with(context, fd_of(arguments, 0), kFdRead | kFdSeek));
  SKERRY_ASSIGN(const BufferList buffers,
                BufferList::checked(memory, u32(arguments, 1), u32(arguments, 2)));
  SKERRY_ASSIGN(const auto count_out, memory.range(u32(arguments, 4), 4));
  if (arguments[3] > kMaxOffset) return Errno::kInval;
  SKERRY_ASSIGN(const std::uint32_t count,
                read_file_at(context, file->inode, arguments[3], buffers));
  put(count_out, 0, count);
  return Errno::kSuccess;
}

// At the offset also when appending: POSIX's rule, not Linux's.
CallResult fd_pwrite(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* file,
                file_with(context, fd_of(arguments, 0), kFdWrite | kFdSeek));
  SKERRY_ASSIGN(const BufferList buffers,
                BufferList::checked(memory, u32(arguments, 1), u32(arguments, 2)));
  SKERRY_ASSIGN(const auto count_out, memory.range(u32(arguments, 4), 4));
  if (arguments[3] > kMaxOffset) return Errno::kInval;
  SKERRY_ASSIGN(const std::uint32_t count,
                write_file_at(context, file->inode, arguments[3], buffers));
  put(count_out, 0, count);
  return Errno::kSuccess;
}

CallResult fd_read(Context& context, GuestMemory memory, Arguments arguments) {
  const Fd fd = fd_of(arguments, 0);
  const Descriptor* descriptor = context.state.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  if (descriptor->kind == Kind::kDirectory) return Errno::kIsDir;
  if ((descriptor->rights & kFdRead) == 0) return Errno::kNotCapable;
  SKERRY_ASSIGN(const BufferList buffers,
                BufferList::checked(memory, u32(arguments, 1), u32(arguments, 2)));
  SKERRY_ASSIGN(const auto count_out, memory.range(u32(arguments, 3), 4));
  if (descriptor->is_stream()) {
    SKERRY_ASSIGN(const std::uint32_t count, read_input(context, *descriptor, buffers));
    put(count_out, 0, count);
    return Errno::kSuccess;
  }
  if (descriptor->is_pipe()) {
    SKERRY_ASSIGN(const std::uint32_t count, read_pipe(context, fd, buffers));
    put(count_out, 0, count);
    return Errno::kSuccess;
  }
  SKERRY_ASSIGN(const std::uint32_t count,
                read_file_at(context, descriptor->inode, descriptor->offset, buffers));
  if (count > 0 && device_of(context, *descriptor) == nullptr)
    context.state.set_offset(fd, descriptor->offset + count);
  put(count_out, 0, count);
  return Errno::kSuccess;
}

CallResult fd_write(Context& context, GuestMemory memory, Arguments arguments) {
  const Fd fd = fd_of(arguments, 0);
  const Descriptor* descriptor = context.state.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  if (descriptor->kind == Kind::kDirectory || (descriptor->rights & kFdWrite) == 0)
    return Errno::kNotCapable;
  SKERRY_ASSIGN(const BufferList buffers,
                BufferList::checked(memory, u32(arguments, 1), u32(arguments, 2)));
  SKERRY_ASSIGN(const auto count_out, memory.range(u32(arguments, 3), 4));
  if (descriptor->is_stream()) {
    const Stream stream = descriptor->kind == Kind::kStderr ? Stream::kStderr : Stream::kStdout;
    SKERRY_ASSIGN(const std::uint32_t count, write_output(context, stream, buffers));
    put(count_out, 0, count);
    return Errno::kSuccess;
  }
  if (descriptor->is_pipe()) {
    SKERRY_ASSIGN(const std::uint32_t count, write_pipe(context, fd, buffers));
    put(count_out, 0, count);
    return Errno::kSuccess;
  }
  const bool appends = (descriptor->flags & kAppend) != 0;
  const std::uint64_t offset =
      appends ? context.state.files().get(descriptor->inode).size() : descriptor->offset;
  SKERRY_ASSIGN(const std::uint32_t count,
                write_file_at(context, descriptor->inode, offset, buffers));
  if (count > 0 && device_of(context, *descriptor) == nullptr)
    context.state.set_offset(fd, offset + count);
  put(count_out, 0, count);
  return Errno::kSuccess;
}

CallResult fd_prestat_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd_of(arguments, 0), 0));
  if (descriptor->preopen_name == nullptr) return Errno::kBadf;
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), kPrestatSize));
  put(out, 0, std::uint32_t{0});  // a directory, the only kind
  put(out, 4, static_cast<std::uint32_t>(descriptor->preopen_name->size()));
  return Errno::kSuccess;
}

CallResult fd_prestat_dir_name(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor, descriptor_with(context, fd_of(arguments, 0), 0));
  if (descriptor->preopen_name == nullptr) return Errno::kBadf;
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), u32(arguments, 2)));
  const std::string& name = *descriptor->preopen_name;
  if (out.size() < name.size()) return Errno::kNameTooLong;
  std::memcpy(out.data(), name.data(), name.size());
  return Errno::kSuccess;
}

CallResult fd_renumber(Context& context, GuestMemory, Arguments arguments) {
  return context.state.renumber(fd_of(arguments, 0), fd_of(arguments, 1));
}

CallResult fd_seek(Context& context, GuestMemory memory, Arguments arguments) {
  const Fd fd = fd_of(arguments, 0);
  const auto delta = static_cast<std::int64_t>(arguments[1]);
  const std::uint32_t whence = u32(arguments, 2);
  const bool only_asks = whence == static_cast<std::uint32_t>(Whence::kCurrent) && delta == 0;
  SKERRY_ASSIGN(const Descriptor* file, file_with(context, fd, only_asks ? kFdTell : kFdSeek));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 3), 8));
  std::uint64_t from = 0;
  switch (whence) {
    case static_cast<std::uint32_t>(Whence::kSet):
      break;
    case static_cast<std::uint32_t>(Whence::kCurrent):
      from = file->offset;
      break;
    case static_cast<std::uint32_t>(Whence::kEnd):
      from = context.state.files().get(file->inode).size();
      break;
    default:
      return Errno::kInval;
  }
  // `from` is at most kMaxOffset, so the sum cannot pass 2^64; below zero it wraps to more than
  // kMaxOffset.
  std::uint64_t offset = from + static_cast<std::uint64_t>(delta);
  if (device_of(context, *file) != nullptr) offset = 0;  // devices have no places
  if (offset > kMaxOffset) return delta < 0 ? Errno::kInval : Errno::kOverflow;
  if (offset != file->offset) context.state.set_offset(fd, offset);
  put(out, 0, offset);
  return Errno::kSuccess;
}

CallResult fd_tell(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* file, file_with(context, fd_of(arguments, 0), kFdTell));
  return memory.write(u32(arguments, 1), file->offset);
}

CallResult fd_readdir(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* descriptor,
                directory_with(context, fd_of(arguments, 0), kFdReaddir));
  SKERRY_ASSIGN(auto out, memory.range(u32(arguments, 1), u32(arguments, 2)));
  SKERRY_ASSIGN(const auto used_out, memory.range(u32(arguments, 4), 4));
  const FileSystem& files = context.state.files();
  const Inode& inode = files.get(descriptor->inode);
  if (inode.links == 0) return Errno::kNoEnt;  // removed while open

  const std::uint32_t capacity = u32(arguments, 2);
  // False once the buffer is full: the last entry is cut where it ends, which is how the guest
  // knows of more.
  const auto append = [&](std::string_view name, InodeNumber number, std::uint64_t cookie) {
    std::array<std::byte, kDirentSize> head{};
    put(head, 0, cookie + 1);
    put(head, 8, static_cast<std::uint64_t>(number));
    put(head, 16, static_cast<std::uint32_t>(name.size()));
    put(head, 20, static_cast<std::uint8_t>(files.get(number).type()));
    for (const std::span<const std::byte> piece :
         {std::span<const std::byte>(head), as_bytes(name)}) {
      const std::size_t length = std::min(piece.size(), out.size());
      if (length > 0) std::memcpy(out.data(), piece.data(), length);
      out = out.subspan(length);
      if (length < piece.size()) return false;
    }
    return !out.empty();
  };
  const std::uint64_t cookie = arguments[3];
  const Directory& names = *inode.directory();
  bool goes_on = capacity > 0;
  if (goes_on && cookie < 1) goes_on = append(".", descriptor->inode, 0);
  if (goes_on && cookie < 2) goes_on = append("..", names.parent(), 1);
  if (goes_on) {
    names.visit_from(cookie, [&](const Entry& entry) {
      return files.get(entry.inode).is_unlisted || append(entry.name, entry.inode, entry.cookie);
    });
  }
  put(used_out, 0, static_cast<std::uint32_t>(capacity - out.size()));
  return Errno::kSuccess;
}

}  // namespace skerry::wasi
