// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/image/image_file.h"
#include "skerry/runtime/runtimes.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/v1/skerry.pb.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::session {

/// A variable as it is told about. All of it is the guest's word.
struct Variable {
  std::string type;
  std::string text;    ///< its repr, cut
  std::string digest;  ///< of its value, as far as that can be had
  bool operator==(const Variable&) const = default;
};
/// The global names that programs have made in a state.
using Variables = std::map<std::string, Variable>;

/// Asks a state for its variables: `program` is to run on it under `limits`, observed by this.
/// Whoever asks decides in which process. Confined to one thread.
class VariablesQuery final : public worker::RunObserver {
 public:
  /// For a state with this manifest and so much memory. kUnimplemented when its language cannot
  /// tell its variables; kFailedPrecondition when its runtime is not among these.
  static Result<VariablesQuery> of(const runtime::Runtimes& runtimes,
                                   const image::Manifest& manifest, ByteSize memory);

  const runtime::Program& program() const { return program_; }
  const sandbox::Limits& limits() const { return limits_; }

  /// What the program told, when its run has ended so. kDataLoss when it did not complete, or
  /// printed nonsense.
  Result<Variables> answer(const sandbox::Outcome& outcome) const;

  void output(wasi::Stream stream, std::string_view bytes) override;
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}

 private:
  runtime::Program program_;
  sandbox::Limits limits_;
  std::string printed_;
};

/// How two states differ.
struct VariablesDiff {
  Variables added;
  Variables changed;  ///< with their later values
  Variables removed;  ///< with the values that they had
};
VariablesDiff diff_of(const Variables& before, const Variables& after);
v1::DiffResponse proto_of(const VariablesDiff& diff);

}  // namespace skerry::session
