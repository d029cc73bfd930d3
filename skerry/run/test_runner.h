// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "skerry/run/runner.h"

/// For tests only.
namespace skerry::run::testing {

/// Runs nothing: keeps what it is asked, lets "programs" print, and answers as it is told.
class FakeRunner final : public Runner {
 public:
  // What comes of the next runs.
  std::string prints = {};                    ///< on standard output
  std::string complains = {};                 ///< on standard error
  sandbox::Outcome outcome = {};              ///< of every run
  std::optional<SessionReport> session = {};  ///< of runs in sessions; none: revision 1, committed
  Status failure = {};                        ///< not OK: no run comes about
  std::vector<worker::FileChange> changes = {};  ///< that every run reports
  Counts counted = {};
  /// Called for each operation on files; what it returns goes to the observer.
  std::function<std::string(const FileWork&)> on_files = {};

  // What was asked, in that order. Observers are gone.
  std::vector<Request> requests = {};
  std::vector<ReadOnlyRun> inspected = {};
  std::vector<FileWork> performed = {};

  boost::asio::awaitable<Result<Report>> run(Request request) override {
    worker::RunObserver* observer = std::exchange(request.observer, nullptr);
    requests.push_back(std::move(request));
    if (!failure.ok()) co_return failure;
    tell(observer);
    Report report{.outcome = outcome, .session = {}};
    if (const auto& name = requests.back().session) {
      report.session = session.value_or(SessionReport{
          .name = name->text(), .revision = 1, .saved = "committed", .message = {}, .failure = {}});
    }
    co_return report;
  }

  boost::asio::awaitable<Result<sandbox::Outcome>> inspect(ReadOnlyRun run) override {
    worker::RunObserver* observer = std::exchange(run.observer, nullptr);
    inspected.push_back(std::move(run));
    if (!failure.ok()) co_return failure;
    tell(observer);
    co_return outcome;
  }

  boost::asio::awaitable<Result<sandbox::Outcome>> perform(FileWork work) override {
    worker::RunObserver* observer = std::exchange(work.observer, nullptr);
    performed.push_back(std::move(work));
    if (!failure.ok()) co_return failure;
    if (on_files && observer != nullptr) {
      observer->output(wasi::Stream::kStdout, on_files(performed.back()));
    }
    co_return outcome;
  }

  Counts counts() const override { return counted; }

 private:
  void tell(worker::RunObserver* observer) const {
    if (observer == nullptr) return;
    observer->started();
    if (!prints.empty()) observer->output(wasi::Stream::kStdout, prints);
    if (!complains.empty()) observer->output(wasi::Stream::kStderr, complains);
    for (const worker::FileChange& change : changes) observer->changed(change);
  }
};

}  // namespace skerry::run::testing
