// SPDX-License-Identifier: Apache-2.0
// args_*, environ_*, clock_*, random_get, proc_*, sched_yield, sock_*.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

std::uint64_t bytes_of(const std::vector<std::string>& strings) {
  std::uint64_t total = 0;
  for (const std::string& string : strings) total += string.size() + 1;
  return total;
}

CallResult write_strings(const std::vector<std::string>& strings, GuestMemory memory,
                         GuestPointer pointers, GuestPointer buffer) {
  SKERRY_ASSIGN(const auto pointers_out, memory.range(pointers, strings.size() * std::uint64_t{4}));
  SKERRY_ASSIGN(const auto out, memory.range(buffer, bytes_of(strings)));
  std::size_t used = 0;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    put(pointers_out, i * 4, buffer + static_cast<std::uint32_t>(used));
    std::memcpy(out.data() + used, strings[i].c_str(), strings[i].size() + 1);
    used += strings[i].size() + 1;
  }
  return Errno::kSuccess;
}

CallResult write_sizes(const std::vector<std::string>& strings, GuestMemory memory,
                       GuestPointer count, GuestPointer bytes) {
  SKERRY_ASSIGN(const auto count_out, memory.range(count, 4));
  SKERRY_ASSIGN(const auto bytes_out, memory.range(bytes, 4));
  put(count_out, 0, static_cast<std::uint32_t>(strings.size()));
  put(bytes_out, 0, static_cast<std::uint32_t>(bytes_of(strings)));
  return Errno::kSuccess;
}

Errno no_socket(const Context& context, Arguments arguments) {
  const bool is_open = context.state.descriptors().find(fd_of(arguments, 0)) != nullptr;
  return is_open ? Errno::kNotSock : Errno::kBadf;
}

}  // namespace

CallResult args_get(Context& context, GuestMemory memory, Arguments arguments) {
  return write_strings(context.process.arguments, memory, u32(arguments, 0), u32(arguments, 1));
}

CallResult args_sizes_get(Context& context, GuestMemory memory, Arguments arguments) {
  return write_sizes(context.process.arguments, memory, u32(arguments, 0), u32(arguments, 1));
}

CallResult environ_get(Context& context, GuestMemory memory, Arguments arguments) {
  return write_strings(context.process.environment, memory, u32(arguments, 0), u32(arguments, 1));
}

CallResult environ_sizes_get(Context& context, GuestMemory memory, Arguments arguments) {
  return write_sizes(context.process.environment, memory, u32(arguments, 0), u32(arguments, 1));
}

CallResult clock_res_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), 8));
  if (u32(arguments, 0) > static_cast<std::uint32_t>(ClockId::kThreadCpu)) return Errno::kInval;
  put(out, 0, context.clock.resolution().count());
  return Errno::kSuccess;
}

CallResult clock_time_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 2), 8));
  Nanoseconds now{};
  switch (ClockId{u32(arguments, 0)}) {
    case ClockId::kRealtime:
      now = context.clock.realtime();
      break;
    case ClockId::kMonotonic:
      now = context.clock.monotonic();
      break;
    case ClockId::kProcessCpu:
    case ClockId::kThreadCpu:
      now = context.clock.cpu();
      break;
    default:
      return Errno::kInval;
  }
  put(out, 0, now.count());
  return Errno::kSuccess;
}

CallResult random_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 0), u32(arguments, 1)));
  return errno_of(context.entropy.fill(out));
}

CallResult proc_exit(Context&, GuestMemory, Arguments arguments) { return Exit{u32(arguments, 0)}; }

// The default action of each signal, where there is one without other processes: nothing, or the
// end as a shell would report it. Stopping and continuing make no sense here.
CallResult proc_raise(Context&, GuestMemory, Arguments arguments) {
  constexpr std::uint32_t kLastSignal = 30;                  // sys
  constexpr std::uint32_t kIgnored[] = {0, 16, 17, 22, 27};  // none, chld, cont, urg, winch
  constexpr std::uint32_t kStopping[] = {18, 19, 20, 21};    // stop, tstp, ttin, ttou
  const std::uint32_t signal = u32(arguments, 0);
  if (signal > kLastSignal) return Errno::kInval;
  if (std::ranges::find(kIgnored, signal) != std::end(kIgnored)) return Errno::kSuccess;
  if (std::ranges::find(kStopping, signal) != std::end(kStopping)) return Errno::kNotSup;
  return Exit{128 + signal};
}

// There is no one to yield to: a worker runs one guest, and the kernel shares the cores.
CallResult sched_yield(Context&, GuestMemory, Arguments) { return Errno::kSuccess; }

// A guest has no network: no descriptor is a socket.
CallResult sock_accept(Context& context, GuestMemory, Arguments arguments) {
  return no_socket(context, arguments);
}
CallResult sock_recv(Context& context, GuestMemory, Arguments arguments) {
  return no_socket(context, arguments);
}
CallResult sock_send(Context& context, GuestMemory, Arguments arguments) {
  return no_socket(context, arguments);
}
CallResult sock_shutdown(Context& context, GuestMemory, Arguments arguments) {
  return no_socket(context, arguments);
}

}  // namespace skerry::wasi
