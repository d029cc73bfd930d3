// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "skerry/base/status.h"
#include "skerry/bench/samples.h"
#include "skerry/broker/broker.h"
#include "skerry/run/report.h"
#include "skerry/runtime/home.h"
#include "skerry/session/session_runs.h"

namespace skerry::bench {

/// A broker with its workers and sessions, and the loop that it lives on: what benches drive.
/// Confined to one thread.
class BrokerBench {
 public:
  struct Options {
    std::filesystem::path store;  ///< of sessions
    std::chrono::milliseconds hibernate{60'000};
  };
  static Result<std::unique_ptr<BrokerBench>> start(const runtime::Home& home, Options options);

  /// Starts a run; `done` is told how it ended.
  broker::Broker::RunId begin(const std::string& tenant, const std::string& code,
                              run::Isolation isolation, broker::Broker::Done done,
                              std::chrono::milliseconds wall = std::chrono::seconds(30));

  /// One print from its request to its outcome, in milliseconds.
  Result<double> time(const std::string& tenant,
                      run::Isolation isolation = run::Isolation::kTenant);
  Result<Samples> times(const std::string& tenant, int count, run::Isolation isolation);

  /// Prints per second with `at_once` under way at any moment.
  Result<double> per_second(const std::string& tenant, int at_once, int count);

  /// Runs a loop until its deadline, and times the next print: the worker is gone, a spare is not.
  Result<double> after_kill();

  /// One run in a session of the bench's tenant.
  struct InSession {
    std::string name;
    std::string code;
    store::Durability durability = store::Durability::kCommitted;
    run::Isolation isolation = run::Isolation::kTenant;
  };
  using Ended = std::function<void(Result<run::Report>)>;
  void begin(const InSession& run, const Ended& done);
  /// From its request to the answer that its revision is kept, in milliseconds. A failure when it
  /// is not kept.
  Result<double> time(const InSession& run);

  Status wait_for_spares(int count);
  /// Lets the loop work until `condition` holds. kDeadlineExceeded after a minute.
  Status wait_until(const std::function<bool()>& condition);

  broker::Broker& broker() { return *broker_; }
  session::SessionRuns& sessions() { return *sessions_; }

 private:
  class Output final : public worker::RunObserver {
   public:
    void output(wasi::Stream, std::string_view bytes) override { text += bytes; }
    void cut(wasi::Stream) override {}
    void changed(const worker::FileChange&) override {}
    std::string text;
  };

  boost::asio::io_context io_;
  std::string template_name_;
  Output output_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<session::SessionRuns> sessions_;
};

/// The store of a bench's sessions, under a policy that keeps all.
Result<std::unique_ptr<store::SessionStore>> open_bench_store(const std::filesystem::path& store);

}  // namespace skerry::bench
