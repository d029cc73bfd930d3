// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/base/status.h"
#include "skerry/broker/broker.h"
#include "skerry/broker/module_store.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/run/runner.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_access.h"
#include "skerry/session/session_runs.h"

namespace skerry::session {

/// Runs on this machine: a broker with its workers, and sessions in a store on its disk.
///
/// Everything happens on the thread that runs the io_context.
class LocalRunner final : public run::Runner {
 public:
  struct Options {
    broker::Options pool = {};
    /// What programs and sessions may be of: those that the zygote has.
    runtime::Runtimes runtimes = {};
    SessionRuns::Options sessions = {};
    store::Policy policy = {};  ///< how much of each tenant's sessions is kept
    broker::ModuleOptions modules = {};
    /// What every run finds in its environment, unless it asks for another value.
    std::map<std::string, std::string> variables = {};
    /// Admits each run and learns how it ended; must outlive the runner. Null: all are admitted.
    access::Gate* gate = nullptr;
  };

  /// Starts the zygote and waits until it is ready; its failure is `broker::Broker::start`'s. The
  /// io_context must outlive the runner.
  static Result<std::unique_ptr<LocalRunner>> start(boost::asio::io_context& io, Options options);

  boost::asio::awaitable<Result<run::Report>> run(run::Request request) override;
  boost::asio::awaitable<Result<sandbox::Outcome>> inspect(run::ReadOnlyRun run) override;
  boost::asio::awaitable<Result<sandbox::Outcome>> perform(run::FileWork work) override;
  run::Counts counts() const override;

  /// The sessions, for what is no run in them.
  SessionAccess& sessions() { return *access_; }

 private:
  Status admit(const access::Principal& principal);
  void record(const access::Principal& principal, const Status& status,
              const sandbox::Outcome* outcome);
  boost::asio::awaitable<Result<run::Report>> run_admitted(run::Request request);
  boost::asio::awaitable<Result<run::Report>> run_module(run::Request request);
  /// Runs outside of sessions, with a module's code if it is one's.
  boost::asio::awaitable<Result<run::Report>> run_alone(run::Request request,
                                                        std::shared_ptr<const OwnedFd> module);
  boost::asio::awaitable<Result<run::Report>> run_in_session(SessionRuns::Order order);
  boost::asio::awaitable<Result<sandbox::Outcome>> change_files(run::FileWork work,
                                                                worker::RunRequest request);
  boost::asio::awaitable<Result<sandbox::Outcome>> look_at_files(run::FileWork work,
                                                                 worker::RunRequest request);
  /// The files of the newest revision of one of the sessions that an operation looks at: not read
  /// here, so that any number of looks may wait for a worker.
  boost::asio::awaitable<Result<std::shared_ptr<const image::StoredFiles>>> newest(
      std::string store, store::SessionName name);

  runtime::Installation installation_{{}, {}};
  std::string home_;
  access::Gate* gate_ = nullptr;
  std::map<std::string, std::string> variables_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<SessionRuns> sessions_;  // before its broker
  std::unique_ptr<SessionAccess> access_;
  std::unique_ptr<broker::ModuleStore> modules_;
};

}  // namespace skerry::session
