// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "skerry/wasi/environment.h"
#include "skerry/wasi/files/errno.h"
#include "skerry/wasi/guest_memory.h"
#include "skerry/wasi/host_state.h"

namespace skerry::wasi {

/// The module name that guests import the calls from.
inline constexpr std::string_view kModuleName = "wasi_snapshot_preview1";

/// How a run was started. A plain value; strings have no NUL (what follows one would be lost to the
/// guest).
struct Process {
  std::vector<std::string> arguments;
  /// "NAME=value".
  std::vector<std::string> environment;
};

/// What the calls of one guest work on. Borrows everything, for as long as the guest runs. Confined
/// to one thread.
struct Context {
  HostState& state;
  const Process& process;
  Clock& clock;
  Entropy& entropy;
  OutputSink& output;
  InputSource& input;
};

/// The guest asked to end: the engine unwinds it.
struct Exit {
  /// As proc_exit was given it; 128 + the signal's number after proc_raise.
  std::uint32_t code = 0;
  bool operator==(const Exit&) const = default;
};

/// What a call comes to: the errno that the guest gets, or its end.
using CallResult = std::variant<Errno, Exit>;

enum class ValueType : std::uint8_t { kI32, kI64 };

/// One of the calls: what an engine needs to bind it.
struct Call {
  /// As many as `parameters`; an i32 is the low half of its element. All untrusted. Never throws,
  /// whatever they are.
  using Function = CallResult (*)(Context&, GuestMemory, std::span<const std::uint64_t> arguments);

  std::string_view name;
  std::span<const ValueType> parameters;
  /// An i32, the errno; only proc_exit has none.
  bool has_result = true;
  Function function = nullptr;
};

/// The most parameters that a call has (path_open).
inline constexpr std::size_t kMaxParameters = 9;

/// All 46 calls of WASI preview 1, by name in alphabetical order. Lasts for ever.
std::span<const Call> calls();

/// Null when there is none of that name.
const Call* find_call(std::string_view name);

}  // namespace skerry::wasi
