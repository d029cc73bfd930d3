// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "skerry/app/run_options.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_transaction.h"
#include "skerry/store/session_store.h"

namespace skerry::app {

/// The tenant of the command line.
inline constexpr std::string_view kLocalTenant = "default";

/// The policy that the environment sets: SKERRY_SESSION_TTL, SKERRY_SESSIONS,
/// SKERRY_SESSION_REVISIONS, SKERRY_SESSION_BYTES, SKERRY_SESSION_COLD. kInvalidArgument names the
/// one that is out of bounds.
Result<store::Policy> session_policy();

/// Opens the home's sessions under that policy.
Result<std::unique_ptr<store::SessionStore>> open_sessions(const runtime::Home& home);

/// One run in a session: where it starts, and what becomes of what it leaves.
class SessionRun {
 public:
  struct Options {
    std::string name;
    std::string template_name;  ///< empty: the session's own, or the default
    bool durable = false;
  };

  /// Waits for the session to be free, and opens its head.
  static Result<std::unique_ptr<SessionRun>> open(const runtime::Installation& installation,
                                                  const Options& options,
                                                  const sandbox::Limits& limits);

  const sandbox::LoadedImage& loaded() const { return *loaded_; }

  /// A new session draws random numbers of its own; a run that goes on keeps the state there is.
  runtime::Randomness randomness() const;

  /// Makes `program` one that goes on: its names stay, its tracebacks say which run they are from.
  void continue_with(runtime::Program& program) const { transaction_.continue_with(program); }

  /// In the run's process, after it: leaves the sandbox's state for `report`. Nothing, when the
  /// guest did not come back.
  Status leave_state(sandbox::Sandbox& sandbox) const;

  /// The descriptor that `leave_state` writes to.
  int left() const { return left_.get(); }

  /// In the supervising process, when the run's is gone: commits, or says why not.
  run::SessionReport report(const sandbox::Outcome& outcome, const runtime::Program& program);

  /// Lets others have the session, then sees to it that the store stays small. When the answer is
  /// out: it may take a moment.
  static void end(std::unique_ptr<SessionRun> run);

 private:
  SessionRun(std::unique_ptr<store::SessionStore> store, session::SessionTransaction transaction)
      : store_(std::move(store)), transaction_(std::move(transaction)) {}

  std::unique_ptr<store::SessionStore> store_;
  session::SessionTransaction transaction_;
  std::unique_ptr<sandbox::LoadedImage> loaded_;
  store::Durability durability_ = store::Durability::kCommitted;
  sandbox::Limits limits_;
  OwnedFd left_;  // what the run's process writes and this one reads
};

/// A template's loaded image, made or mended first if need be.
Result<std::unique_ptr<sandbox::LoadedImage>> ready_image(const runtime::Installation& installation,
                                                          std::string_view template_name,
                                                          engine::Metering metering);

/// Sees to it that every runtime is set up.
Status ready_runtimes(const runtime::Installation& installation, engine::Metering metering);

}  // namespace skerry::app
