// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "shannon/agent.pb.h"

namespace skerry::shannon {

/// What clients of gRPC take of one message unless they say otherwise, and some room beside it: to
/// send more would lose all of it.
inline constexpr std::size_t kMaxAnswer = (std::size_t{4} << 20) - 4096;

/// Cuts the longest texts in `answer` until it has at most `most` bytes, its `result` last. Each
/// that was cut ends with a line that says so.
void fit_answer(::shannon::agent::ExecuteTaskResponse& answer, std::size_t most = kMaxAnswer);
void fit_answer(::shannon::agent::TaskUpdate& answer, std::size_t most = kMaxAnswer);
void fit_answer(::shannon::common::ToolResult& answer, std::size_t most = kMaxAnswer);

}  // namespace skerry::shannon
