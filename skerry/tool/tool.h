// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/tool/definition.h"
#include "skerry/wasi/environment.h"

namespace skerry::tool {

/// What became of a call.
enum class Verdict {
  kOk,
  kFailed,       ///< the tool ran and did not succeed
  kTimeout,      ///< it was ended at its time limit
  kCancelled,    ///< because its caller asked
  kInvalid,      ///< it was not called: the parameters do not fit
  kUnknownTool,  ///< it was not called: there is none of that name
  kForbidden,    ///< it was not called: its caller may not
  kBusy,         ///< it was not called: too many wait, or a rate or quota is used up
  kUnavailable,  ///< it was not called: the service cannot run it now; try again later
  kBroken,       ///< our own failure
};

/// "ok", "failed", "unknown_tool": for logs and counts.
std::string_view name_of(Verdict verdict);

/// What there is to count of a call that was a run. A value.
struct RunFigures {
  sandbox::OutcomeKind outcome = sandbox::OutcomeKind::kCompleted;
  sandbox::Usage usage = {};
  std::optional<std::int64_t> session_bytes = {};  ///< of disk, by the session's new revision
};

/// Whether a result came from those that are kept.
enum class CacheUse {
  kNone,  ///< results of this tool are not kept
  kMiss,
  kHit,
};

/// A tool's answer. Texts in it are UTF-8.
struct ToolResult {
  Verdict verdict = Verdict::kOk;
  nlohmann::json output = {};                ///< what it is for; a failed call may have some, too
  std::string error = {};                    ///< for people and models; empty when it succeeded
  std::chrono::milliseconds retry_after{0};  ///< of a call that was refused; 0: unknown
  nlohmann::json metadata = nlohmann::json::object();
  std::chrono::nanoseconds took{0};
  std::optional<RunFigures> run = {};  ///< of a tool that ran a program
  CacheUse cache = CacheUse::kNone;

  bool succeeded() const { return verdict == Verdict::kOk; }
};

ToolResult failed(Verdict verdict, std::string error);

/// Whether the consumer of some output can take more now. Confined to the event loop's thread.
struct OutputFlow {
  bool is_full = false;
  std::function<void()> resume = {};  ///< the producer's: to be called when it no longer is full
};

/// Sees output while a tool produces it: UTF-8, whole characters.
class OutputCallback {
 public:
  OutputCallback() = default;
  /// `flow`: where the consumer says that it is full; null: it never is.
  template <typename Take>
    requires std::is_invocable_v<Take&, wasi::Stream, std::string_view>
  OutputCallback(Take take, std::shared_ptr<OutputFlow> flow = nullptr)  // NOLINT(*-explicit-*)
      : take_(std::move(take)), flow_(std::move(flow)) {}

  explicit operator bool() const { return static_cast<bool>(take_); }
  void operator()(wasi::Stream stream, std::string_view text) const { take_(stream, text); }
  const std::shared_ptr<OutputFlow>& flow() const { return flow_; }

 private:
  std::function<void(wasi::Stream stream, std::string_view text)> take_;
  std::shared_ptr<OutputFlow> flow_;
};

/// Notified once for each finished call, including rejected ones.
class CallWatcher {
 public:
  virtual ~CallWatcher() = default;
  virtual void called(const access::Principal& caller, std::string_view tool,
                      const ToolResult& result) = 0;
};

/// Something that can be called with parameters. Confined to the event loop's thread.
class Tool {
 public:
  virtual ~Tool() = default;
  virtual const Definition& definition() const = 0;
  /// Cancelling the wait ends the call as kCancelled. `on_output` may be empty.
  virtual boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                                  OutputCallback on_output) = 0;
};

}  // namespace skerry::tool
