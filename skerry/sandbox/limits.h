// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::sandbox {

/// In whose words a caller is told how to raise a limit, or to hand something in.
enum class LimitWords {
  kOptions,         ///< of the command line: `--timeout S`
  kRunFields,       ///< of `/v1/run` and skerry.v1: `"timeout": S`
  kToolParameters,  ///< of tools: `"timeout_seconds": S`
};

/// What one run may use. The one type for it, from the command line to the worker. Every field has
/// its default here and its bounds in `check`.
struct Limits {
  /// Linear memory, beside what the template brings. Growth beyond it fails softly: Python sees
  /// MemoryError.
  ByteSize memory = mib(256);
  /// Wall time from the first guest instruction. The run's process is killed when it ends.
  std::chrono::milliseconds wall{30'000};
  /// How long the program may wait for a person's input, all waits together: that does not count as
  /// wall time.
  std::chrono::milliseconds input{3'600'000};
  /// Bytes kept of each stream; more is cut with a marker, never a failure.
  ByteSize output = mib(1);
  /// Instructions, roughly. None: not counted. Counting needs a second compilation of the runtime.
  std::optional<std::uint64_t> fuel;
  /// Sizes of all files together that the guest makes or that are imported for it, holes included.
  ByteSize files = mib(256);
  std::uint32_t open_files = 256;
  /// In each table of a module; a bundled runtime has a number of its own. CPython 3.12 for WASI
  /// has a table of 5,903.
  std::uint32_t table_elements = 10'000;
  LimitWords words = LimitWords::kOptions;

  /// Whether a sandbox that was loaded under these may serve a run under `other`: they differ in
  /// time and output at most.
  bool suit_sandbox_of(const Limits& other) const;

  /// kInvalidArgument naming the first limit that is out of its bounds, its value and the bounds.
  Status check() const;
};

/// One limit as people meet it: in an outcome, in errors, in `--json`.
struct LimitName {
  std::string_view key;   ///< "memory"
  std::string_view unit;  ///< "bytes"
  /// What raises it, in each of `LimitWords`: an option, a field, or a key of the service's
  /// configuration where a caller cannot ask for more.
  std::array<std::string_view, 3> raised_by;

  std::string_view option(LimitWords words) const {
    return raised_by[static_cast<std::size_t>(words)];
  }
};

inline constexpr LimitName kMemoryLimit{
    "memory", "bytes", {"--memory MB", "\"memory\": MB", "the service's wasi.memory_limit_bytes"}};
inline constexpr LimitName kWallLimit{
    "wall", "seconds", {"--timeout S", "\"timeout\": S", "\"timeout_seconds\": S"}};
inline constexpr LimitName kInputLimit{
    "input",
    "seconds",
    {"--input-timeout S", "\"input_timeout\": S", "skerry run --input-timeout S"}};
inline constexpr LimitName kFuelLimit{
    "fuel", "units", {"--fuel N", "the service's configuration", "\"fuel\": N"}};
inline constexpr LimitName kOutputLimit{
    "output",
    "bytes",
    {"--max-output BYTES", "\"max_output\": BYTES", "the service's wasi.max_output_bytes"}};
inline constexpr LimitName kFilesLimit{
    "files",
    "bytes",
    {"--max-files MB", "the service's wasi.max_files_bytes", "the service's wasi.max_files_bytes"}};
inline constexpr LimitName kOpenFilesLimit{
    "open_files",
    "files",
    {"--max-open-files N", "the service's wasi.max_open_files",
     "the service's wasi.max_open_files"}};
inline constexpr LimitName kTableLimit{
    "table_elements",
    "elements",
    {"--max-table-elements N", "skerry exec --max-table-elements N",
     "skerry exec --max-table-elements N"}};

/// The limit with this key; none when there is none.
std::optional<LimitName> find_limit(std::string_view key);

}  // namespace skerry::sandbox
