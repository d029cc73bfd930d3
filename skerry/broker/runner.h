// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/base/status.h"
#include "skerry/broker/broker.h"
#include "skerry/broker/module_store.h"
#include "skerry/broker/session_access.h"
#include "skerry/broker/session_runs.h"

namespace skerry::broker {

/// Whether an environment can have a variable of this name.
bool is_variable_name(std::string_view name);

/// A broker with its workers and sessions, behind one call that a coroutine waits for: what front
/// ends use.
///
/// Everything happens on the thread that runs the io_context.
class Runner {
 public:
  struct Options {
    broker::Options pool = {};
    SessionRuns::Options sessions = {};
    ModuleOptions modules = {};
    /// What every run finds in its environment, unless it asks for another value.
    std::map<std::string, std::string> variables = {};
    /// Admits each run and learns how it ended; must outlive the runner. Null: all are admitted.
    access::Gate* gate = nullptr;
  };

  /// Starts the zygote and waits until it is ready; its failure is `Broker::start`'s. The
  /// io_context must outlive the runner.
  static Result<std::unique_ptr<Runner>> start(boost::asio::io_context& io, Options options);

  struct Order {
    access::Principal principal;
    std::optional<session::SessionName> session;  ///< none: a fresh run
    /// `template_name` may be empty: the session's own, or the default.
    worker::RunRequest request;
    session::Durability durability = session::Durability::kCommitted;
    Isolation isolation = Isolation::kTenant;
    /// A WASI command to run, in binary or text form, instead of a Python program: then `request`
    /// has its words as `command`, there is no session, and it has a process of its own.
    std::shared_ptr<const std::string> module = nullptr;
    /// Sees the run while it happens; must live until the answer.
    worker::RunObserver* observer = nullptr;
  };
  struct Answer {
    sandbox::Outcome outcome;
    std::optional<SessionReport> session;  ///< of a run in one
  };
  /// Admits the run and does it once a worker is free. Cancelling the wait cancels the run, whose
  /// outcome then says so. kInvalidArgument for limits out of bounds, and for a module that is
  /// refused; kResourceExhausted when too many wait already; and as `Gate::admit` fails.
  boost::asio::awaitable<Result<Answer>> run(Order order);

  /// A look at a session's revision: a run that starts there and leaves nothing.
  struct ReadOnlyRun {
    access::Principal principal;
    std::shared_ptr<const image::Revision> revision;
    worker::RunRequest request;
    worker::RunObserver* observer = nullptr;  ///< as in an order
  };
  boost::asio::awaitable<Result<sandbox::Outcome>> inspect(ReadOnlyRun run);

  /// An operation on the files of a session, of a user's memory, or of both.
  struct FileWork {
    access::Principal principal;
    std::optional<session::SessionName> session = {};  ///< whose workspace it may touch
    std::optional<session::SessionName> memory = {};   ///< the user whose memory it may touch
    std::string operation = {};                        ///< an encoded operation::Request; or
    std::shared_ptr<const OwnedFd> large_operation = nullptr;  ///< a sealed file with it
    std::chrono::milliseconds time{30'000};  ///< after which it ends by itself, and soon is killed
    ByteSize workspace_quota = {};
    ByteSize memory_quota = {};
    /// Of one that may change files: how a list of revisions names it. Empty: it looks.
    std::string title = {};
    worker::RunObserver* observer = nullptr;  ///< gets the answer as standard output
  };
  /// Admits it as a run, and performs it in a worker of the tenant's: a look on what is there now,
  /// also while somebody runs in the session; a change in its turn, and what it changed is
  /// committed when this returns. The answer is untrusted. The outcome is kCompleted, or tells why
  /// there is no answer.
  boost::asio::awaitable<Result<sandbox::Outcome>> perform(FileWork work);

  /// The sessions, for what is no run in them.
  SessionAccess& sessions() { return *access_; }

  /// Who waits for a module to be compiled is among those who wait.
  Counts counts() const;

 private:
  Status admit(const access::Principal& principal);
  void record(const access::Principal& principal, const Status& status,
              const sandbox::Outcome* outcome);
  boost::asio::awaitable<Result<Answer>> run_admitted(Order order);
  boost::asio::awaitable<Result<Answer>> run_module(Order order);
  boost::asio::awaitable<Result<sandbox::Outcome>> outcome_of(Run run);
  boost::asio::awaitable<Result<SessionRuns::Answer>> run_in_session(SessionRuns::Order order);
  boost::asio::awaitable<Result<sandbox::Outcome>> change_files(FileWork work,
                                                                worker::RunRequest request);
  boost::asio::awaitable<Result<sandbox::Outcome>> look_at_files(FileWork work,
                                                                 worker::RunRequest request);
  /// The newest revision of one of the sessions that an operation looks at.
  boost::asio::awaitable<Result<std::shared_ptr<const image::Revision>>> newest(
      std::string store, session::SessionName name);

  runtime::Home runtime_home_;
  std::string home_;
  access::Gate* gate_ = nullptr;
  std::map<std::string, std::string> variables_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<SessionRuns> sessions_;  // before its broker
  std::unique_ptr<SessionAccess> access_;
  std::unique_ptr<ModuleStore> modules_;
};

}  // namespace skerry::broker
