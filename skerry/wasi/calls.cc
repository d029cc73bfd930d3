// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/calls.h"

#include <algorithm>
#include <array>

#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

// Short, for the table below reads as the specification's signatures.
// NOLINTBEGIN(readability-identifier-naming)
constexpr ValueType i = ValueType::kI32;
constexpr ValueType l = ValueType::kI64;

template <ValueType... types>
constexpr std::array<ValueType, sizeof...(types)> kTypes = {types...};
// NOLINTEND(readability-identifier-naming)

constexpr Call kCalls[] = {
    {"args_get", kTypes<i, i>, true, args_get},
    {"args_sizes_get", kTypes<i, i>, true, args_sizes_get},
    {"clock_res_get", kTypes<i, i>, true, clock_res_get},
    {"clock_time_get", kTypes<i, l, i>, true, clock_time_get},
    {"environ_get", kTypes<i, i>, true, environ_get},
    {"environ_sizes_get", kTypes<i, i>, true, environ_sizes_get},
    {"fd_advise", kTypes<i, l, l, i>, true, fd_advise},
    {"fd_allocate", kTypes<i, l, l>, true, fd_allocate},
    {"fd_close", kTypes<i>, true, fd_close},
    {"fd_datasync", kTypes<i>, true, fd_datasync},
    {"fd_fdstat_get", kTypes<i, i>, true, fd_fdstat_get},
    {"fd_fdstat_set_flags", kTypes<i, i>, true, fd_fdstat_set_flags},
    {"fd_fdstat_set_rights", kTypes<i, l, l>, true, fd_fdstat_set_rights},
    {"fd_filestat_get", kTypes<i, i>, true, fd_filestat_get},
    {"fd_filestat_set_size", kTypes<i, l>, true, fd_filestat_set_size},
    {"fd_filestat_set_times", kTypes<i, l, l, i>, true, fd_filestat_set_times},
    {"fd_pread", kTypes<i, i, i, l, i>, true, fd_pread},
    {"fd_prestat_dir_name", kTypes<i, i, i>, true, fd_prestat_dir_name},
    {"fd_prestat_get", kTypes<i, i>, true, fd_prestat_get},
    {"fd_pwrite", kTypes<i, i, i, l, i>, true, fd_pwrite},
    {"fd_read", kTypes<i, i, i, i>, true, fd_read},
    {"fd_readdir", kTypes<i, i, i, l, i>, true, fd_readdir},
    {"fd_renumber", kTypes<i, i>, true, fd_renumber},
    {"fd_seek", kTypes<i, l, i, i>, true, fd_seek},
    {"fd_sync", kTypes<i>, true, fd_sync},
    {"fd_tell", kTypes<i, i>, true, fd_tell},
    {"fd_write", kTypes<i, i, i, i>, true, fd_write},
    {"path_create_directory", kTypes<i, i, i>, true, path_create_directory},
    {"path_filestat_get", kTypes<i, i, i, i, i>, true, path_filestat_get},
    {"path_filestat_set_times", kTypes<i, i, i, i, l, l, i>, true, path_filestat_set_times},
    {"path_link", kTypes<i, i, i, i, i, i, i>, true, path_link},
    {"path_open", kTypes<i, i, i, i, i, l, l, i, i>, true, path_open},
    {"path_readlink", kTypes<i, i, i, i, i, i>, true, path_readlink},
    {"path_remove_directory", kTypes<i, i, i>, true, path_remove_directory},
    {"path_rename", kTypes<i, i, i, i, i, i>, true, path_rename},
    {"path_symlink", kTypes<i, i, i, i, i>, true, path_symlink},
    {"path_unlink_file", kTypes<i, i, i>, true, path_unlink_file},
    {"poll_oneoff", kTypes<i, i, i, i>, true, poll_oneoff},
    {"proc_exit", kTypes<i>, false, proc_exit},
    {"proc_raise", kTypes<i>, true, proc_raise},
    {"random_get", kTypes<i, i>, true, random_get},
    {"sched_yield", kTypes<>, true, sched_yield},
    {"sock_accept", kTypes<i, i, i>, true, sock_accept},
    {"sock_recv", kTypes<i, i, i, i, i, i>, true, sock_recv},
    {"sock_send", kTypes<i, i, i, i, i>, true, sock_send},
    {"sock_shutdown", kTypes<i, i>, true, sock_shutdown},
};
static_assert(std::size(kCalls) == 46);
static_assert(std::ranges::is_sorted(kCalls, {}, &Call::name));

}  // namespace

std::span<const Call> calls() { return kCalls; }

const Call* find_call(std::string_view name) {
  const auto found = std::ranges::lower_bound(kCalls, name, {}, &Call::name);
  return found != std::end(kCalls) && found->name == name ? found : nullptr;
}

OrErrno<const Descriptor*> descriptor_with(const Context& context, Fd fd, Rights needed) {
  const Descriptor* descriptor = context.state.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  if ((descriptor->rights & needed) != needed) return Errno::kNotCapable;
  return descriptor;
}

OrErrno<const Descriptor*> file_with(const Context& context, Fd fd, Rights needed) {
  const Descriptor* descriptor = context.state.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  if (descriptor->is_stream() || descriptor->is_pipe()) return Errno::kSpipe;
  if (descriptor->kind == Descriptor::Kind::kDirectory)
    return (needed & kFdWrite) != 0 ? Errno::kNotCapable : Errno::kIsDir;
  return descriptor_with(context, fd, needed);
}

OrErrno<const Descriptor*> directory_with(const Context& context, Fd fd, Rights needed) {
  const Descriptor* descriptor = context.state.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  if (descriptor->kind != Descriptor::Kind::kDirectory) return Errno::kNotDir;
  return descriptor_with(context, fd, needed);
}

}  // namespace skerry::wasi
