// SPDX-License-Identifier: Apache-2.0
// Pipes within one guest.
#include <algorithm>
#include <optional>
#include <vector>

#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

using Kind = Descriptor::Kind;

/// As Linux has it.
constexpr std::uint64_t kCapacity = 65536;

/// How far the pipe's content has been read, if its output is open.
std::optional<std::uint64_t> read_so_far(const Context& context, InodeNumber pipe) {
  std::optional<std::uint64_t> offset;
  context.state.descriptors().visit([&](Fd, const Descriptor& open) {
    if (open.kind == Kind::kPipeOutput && open.inode == pipe) offset = open.offset;
  });
  return offset;
}

bool has_input(const Context& context, InodeNumber pipe) {
  bool has = false;
  context.state.descriptors().visit([&](Fd, const Descriptor& open) {
    has |= open.kind == Kind::kPipeInput && open.inode == pipe;
  });
  return has;
}

/// Drops what has been read, so that the file stays as small as what is in the pipe.
Errno drop_read(Context& context, Fd output, std::uint64_t read_to) {
  FileSystem& files = context.state.files();
  const InodeNumber file = context.state.descriptors().find(output)->inode;
  const Nanoseconds now = context.clock.realtime();
  const std::uint64_t size = files.get(file).size();
  if (size > read_to && read_to < kCapacity) {
    context.state.set_offset(output, read_to);
    return Errno::kSuccess;
  }
  std::vector<std::byte> rest(size - read_to);
  files.read(file, read_to, rest);
  SKERRY_ERRNO_TRY(files.set_size(file, 0, now));
  if (!rest.empty()) SKERRY_ERRNO_TRY(files.write(file, 0, rest, now).status());
  context.state.set_offset(output, 0);
  return Errno::kSuccess;
}

}  // namespace

PipeReadiness pipe_readiness(const Context& context, const Descriptor& end) {
  const std::uint64_t size = context.state.files().get(end.inode).size();
  if (end.kind == Kind::kPipeOutput) {
    const bool has_other = has_input(context, end.inode);
    const std::uint64_t bytes = size - std::min(size, end.offset);
    return {.is_ready = bytes > 0 || !has_other, .has_other_end = has_other, .bytes = bytes};
  }
  const auto offset = read_so_far(context, end.inode);
  const std::uint64_t used = size - std::min(size, offset.value_or(0));
  const std::uint64_t room = kCapacity - std::min(kCapacity, used);
  return {.is_ready = room > 0 || !offset, .has_other_end = offset.has_value(), .bytes = room};
}

OrErrno<std::uint32_t> read_pipe(Context& context, Fd fd, const BufferList& buffers) {
  const Descriptor end = *context.state.descriptors().find(fd);
  std::uint32_t total = 0;
  bool wants = false;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto out, buffers.buffer(i));
    wants |= !out.empty();
    const std::size_t count = context.state.files().read(end.inode, end.offset + total, out);
    total += static_cast<std::uint32_t>(count);
    if (count < out.size()) break;
  }
  if (total > 0) {
    SKERRY_ERRNO_TRY(drop_read(context, fd, end.offset + total));
    return total;
  }
  if (!wants || !has_input(context, end.inode)) return std::uint32_t{0};
  return (end.flags & kNonblock) != 0 ? Errno::kAgain : Errno::kDeadlk;
}

OrErrno<std::uint32_t> write_pipe(Context& context, Fd fd, const BufferList& buffers) {
  const Descriptor end = *context.state.descriptors().find(fd);
  const PipeReadiness before = pipe_readiness(context, end);
  if (!before.has_other_end) return Errno::kPipe;
  FileSystem& files = context.state.files();
  std::uint64_t room = before.bytes;
  std::uint32_t total = 0;
  bool wants = false;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto in, buffers.buffer(i));
    wants |= !in.empty();
    const auto part = in.first(std::min<std::uint64_t>(room, in.size()));
    if (part.empty()) continue;
    const std::uint64_t size = files.get(end.inode).size();
    const auto count = files.write(end.inode, size, part, context.clock.realtime());
    if (!count.ok()) return total > 0 ? OrErrno<std::uint32_t>(total) : count.status();
    total += static_cast<std::uint32_t>(*count);
    room -= *count;
    if (*count < part.size()) break;
  }
  if (total > 0 || !wants) return total;
  return (end.flags & kNonblock) != 0 ? Errno::kAgain : Errno::kDeadlk;
}

}  // namespace skerry::wasi
