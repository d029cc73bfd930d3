// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/audit_log.h"
#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/operation/request.h"
#include "skerry/run/runner.h"
#include "skerry/session/session_access.h"
#include "skerry/workspace/scope.h"

namespace skerry::workspace {

/// Calls on the files of sessions, besides their runs. Each is an operation in a worker of the
/// tenant's; here is what comes before and after it: who may touch what, how long it may take, and
/// checking the answer. A look sees what the last run or change left. A change is made between
/// runs, whole or not at all, and is a revision like a run's: the next run sees it, a rewind takes
/// it back. Each call is admitted as a run is, and has a line in the audit log.
///
/// For coroutines of the event loop; nothing here blocks it. A call whose wait is cancelled ends,
/// and its worker with it.
///
/// Failures: as `operation::perform`; kPermissionDenied for a memory without a user; kUnavailable
/// when there was no turn or no worker for 30 s; kDeadlineExceeded when its time was over;
/// kResourceExhausted when too many calls wait already; kCancelled.
class FileCalls {
 public:
  struct Options {
    ByteSize workspace = mib(100);      ///< the most that clients may have in a session; to 200 MiB
    ByteSize memory = mib(10);          ///< and in a user's memory
    ByteSize read = mib(10);            ///< the most of one file that is read or edited; to 20 MiB
    std::chrono::seconds patience{30};  ///< that a call waits, and then works; 1 to 300

    /// kInvalidArgument naming what is out of its bounds.
    Status check() const;
  };
  template <typename Value>
  using Awaited = boost::asio::awaitable<Result<Value>>;

  /// Large requests and answers are encoded and decoded on the sessions' threads. All must outlive
  /// it; `audit` null: nothing is logged. `options` must be good.
  FileCalls(run::FileRunner& runner, session::SessionAccess& sessions, const Options& options,
            access::AuditLog* audit = nullptr)
      : runner_(runner), sessions_(&sessions), options_(options), audit_(audit) {}
  /// For a program that makes one call at a time: encodes and decodes at once, without a thread.
  FileCalls(run::FileRunner& runner, const Options& options) : runner_(runner), options_(options) {}
  FileCalls(const FileCalls&) = delete;
  FileCalls& operator=(const FileCalls&) = delete;

  const Options& options() const { return options_; }

  Awaited<operation::Content> read(Scope scope, operation::ReadFile request);
  Awaited<operation::Written> write(Scope scope, operation::WriteFile request);
  Awaited<files::Listed> list(Scope scope, operation::ListFiles request);
  /// `time`: how long it may work, at most the patience. When that is over, the output says so, and
  /// has what was written until then.
  Awaited<operation::CommandOutput> run(Scope scope, operation::RunCommand request,
                                        std::chrono::seconds time);
  Awaited<files::Found> search(Scope scope, operation::SearchFiles request);
  Awaited<operation::Edited> edit(Scope scope, operation::EditFile request);
  /// kInvalidArgument for one from a root to another.
  Awaited<operation::Written> move(Scope scope, operation::MoveFile request);
  Awaited<files::Deleted> remove(Scope scope, operation::DeleteFiles request);

 private:
  Awaited<operation::Response> perform(Scope scope, operation::Request request,
                                       std::chrono::milliseconds time);
  Awaited<operation::Response> response_of(Scope scope, const operation::Request& request,
                                           std::chrono::milliseconds time);
  template <typename Value>
  Awaited<Value> perform_as(Scope scope, operation::Request request);
  Awaited<run::FileWork> prepare(Scope scope, const operation::Request& request);
  Awaited<sandbox::Outcome> with_patience(run::FileWork work);

  /// The Result of `work`, which is too long for an event loop that others wait for.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> aside(Work work);

  run::FileRunner& runner_;
  session::SessionAccess* sessions_ = nullptr;
  const Options options_;
  access::AuditLog* audit_ = nullptr;
};

}  // namespace skerry::workspace
