// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/runtime/python.h"
#include "skerry/sandbox/limits.h"

namespace skerry::worker {

/// One fresh Python run, as a worker is told to do it. A value.
struct RunRequest {
  /// The largest, encoded: a program of 32 MiB and as much standard input.
  static constexpr std::size_t kMaxSize = std::size_t{66} << 20;

  runtime::PythonProgram program;
  sandbox::Limits limits;
  std::string template_name;
  std::string input;  ///< standard input, whole
  std::optional<std::uint64_t> seed;
  std::optional<std::chrono::nanoseconds> fixed_clock;
};

/// The bytes that `decode` reads. kResourceExhausted, naming the sizes, when they are too many.
Result<std::string> encode(const RunRequest& request);

/// kInternal when `bytes` are no request.
Result<RunRequest> decode(std::string_view bytes);

}  // namespace skerry::worker
