// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/run/report.h"
#include "skerry/run/request.h"

namespace skerry::run {

/// Whether an environment can have a variable of this name.
inline bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == name.npos;
}

/// Whoever works on the files of sessions. Confined to the event loop's thread.
class FileRunner {
 public:
  virtual ~FileRunner() = default;

  /// Admits the operation as a run, and performs it in a process of its own or a worker of the
  /// tenant's: one that only reads on what is there now, also while somebody runs in the session; a
  /// change in its turn, and what it changed is committed when this returns. The answer is
  /// untrusted. The outcome is kCompleted, or tells why there is no answer.
  virtual boost::asio::awaitable<Result<sandbox::Outcome>> perform(FileWork work) = 0;
};

/// Whoever runs programs: what every front end and tool uses. `session::LocalRunner` is the one of
/// the service; tests have `testing::FakeRunner`.
///
/// Confined to the event loop's thread.
class Runner : public FileRunner {
 public:
  /// Admits the run and does it once a worker is free. Cancelling the wait cancels the run, whose
  /// outcome then says so. kInvalidArgument for limits out of bounds, and for a module that is
  /// refused; kResourceExhausted when too many wait already; and as `access::Gate::admit` fails.
  virtual boost::asio::awaitable<Result<Report>> run(Request request) = 0;

  /// The same of a run that leaves nothing.
  virtual boost::asio::awaitable<Result<sandbox::Outcome>> inspect(ReadOnlyRun run) = 0;

  /// Runs that wait for a module to be compiled are among those that wait.
  virtual Counts counts() const = 0;
};

}  // namespace skerry::run
