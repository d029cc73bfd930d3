// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/file_processes.h"

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "skerry/app/session_run.h"
#include "skerry/image/image_file.h"
#include "skerry/jail/memory_file.h"
#include "skerry/session/ask_again.h"
#include "skerry/session/file_start.h"
#include "skerry/worker/file_worker.h"
#include "skerry/worker/run_process.h"

namespace skerry::app {
namespace {

using boost::asio::awaitable;
using Clock = std::chrono::steady_clock;
using SharedRevision = std::shared_ptr<const image::Revision>;

// Often enough for the seconds of a progress line to pass one by one.
constexpr std::chrono::milliseconds kPulse{200};

/// Passes what a process says on, and tells now and then that it lasts.
class Watched final : public worker::RunObserver {
 public:
  Watched(worker::RunObserver& observer, const std::function<void()>& lasts)
      : observer_(observer), lasts_(lasts) {}
  void started() override { observer_.started(); }
  void output(wasi::Stream stream, std::string_view bytes) override {
    observer_.output(stream, bytes);
  }
  void cut(wasi::Stream stream) override { observer_.cut(stream); }
  void changed(const worker::FileChange& change) override { observer_.changed(change); }
  std::optional<std::chrono::milliseconds> pulse() const override { return kPulse; }
  void go_on() override { lasts_(); }

 private:
  worker::RunObserver& observer_;
  const std::function<void()>& lasts_;
};

/// A process that ends with its operation keeps no sandboxes.
class NoSandboxes final : public worker::KeptSandboxes {
 public:
  sandbox::Sandbox* find(std::uint64_t) override { return nullptr; }
  void rename(std::uint64_t, std::uint64_t) override {}
};

Result<std::vector<OwnedFd>> copies_of(const std::vector<int>& files) {
  std::vector<OwnedFd> copies;
  for (const int file : files) {
    SKERRY_ASSIGN(const int copy, syscall_result("fcntl", "a session's file", [&] {
                    return ::fcntl(file, F_DUPFD_CLOEXEC, 0);
                  }));
    copies.emplace_back(copy);
  }
  return copies;
}

}  // namespace

Result<FileProcesses> FileProcesses::open(store::SessionStore& store,
                                          const runtime::Installation& home, Options options) {
  auto catalog = worker::ImageCatalog::open_blobs(home);
  // A session that begins needs its template, too.
  if (!catalog.ok() || options.missing == Missing::kBegun) {
    SKERRY_TRY(ready_runtimes(home, engine::Metering::kNone));
    catalog = worker::ImageCatalog::open_blobs(home);
  }
  if (!catalog.ok()) return catalog.status();
  return FileProcesses(store, home, *std::move(catalog), std::move(options));
}

awaitable<Result<sandbox::Outcome>> FileProcesses::perform(run::FileWork work) {
  if (!work.session || work.memory) {
    co_return absl::InvalidArgumentError("only a service has memories of users");
  }
  if (work.title.empty()) {
    const auto revision = looked_at(*work.session);
    if (!revision.ok()) co_return revision.status();
    co_return work_on(*revision, work, -1);
  }
  if (options_.missing == Missing::kRefused) {
    const auto info = store_->info(*work.session);
    if (!info.ok()) co_return info.status();
  }
  auto beginning = begin(*work.session);
  auto turn = co_await std::move(beginning);
  if (!turn.ok()) co_return turn.status();
  co_return change(*turn, work);
}

Result<SharedRevision> FileProcesses::looked_at(const store::SessionName& name) const {
  const auto& revision = options_.revision;
  SKERRY_ASSIGN(auto opened,
                store_->open_revision(
                    name, revision ? std::optional<std::string_view>(*revision) : std::nullopt));
  if (opened.revision) return std::make_shared<const image::Revision>(*std::move(opened.revision));
  image::Revision start;
  SKERRY_ASSIGN(start.file_image,
                image::open_image(installation_.template_path(opened.template_name)));
  return std::make_shared<const image::Revision>(std::move(start));
}

awaitable<Result<session::SessionTransaction>> FileProcesses::begin(
    const store::SessionName& name) {
  bool has_told = false;
  auto once = [&]() -> awaitable<Result<session::SessionTransaction>> {
    auto turn = session::SessionTransaction::try_begin(*store_, installation_, name, {});
    if (session::is_busy(turn) && !std::exchange(has_told, true)) {
      std::fputs(
          ("skerry: session " + name.text() + ": waiting for the run that is under way\n").c_str(),
          stderr);
    }
    co_return turn;
  };
  auto asking = session::ask_again(Clock::time_point::max(), std::move(once));
  auto turn = co_await std::move(asking);
  if (turn.ok() && !turn->notice().empty()) {
    std::fputs(("skerry: session " + name.text() + ": " + turn->notice() + "\n").c_str(), stderr);
  }
  co_return turn;
}

Result<sandbox::Outcome> FileProcesses::work_on(const SharedRevision& revision, run::FileWork& work,
                                                int left) const {
  worker::RunRequest request = session::file_request(work);
  SKERRY_TRY(request.limits.check());
  worker::SessionStart start{.becomes = left < 0 ? 0U : 1U};
  session::FileStart files(work.large_operation);
  files.add(revision, start);
  const auto begun = std::move(files).finish(std::move(start));
  request.session = begun.start;
  Watched observer(*work.observer, options_.lasts);
  const auto body = [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
    SKERRY_ASSIGN(auto copies, copies_of(begun.files));
    NoSandboxes none;
    return worker::FileWorker(catalog_, none)
        .perform_alone(request, std::move(copies), left, channel);
  };
  return worker::supervise(body, request.limits, bytes(0), observer);
}

Result<sandbox::Outcome> FileProcesses::change(session::SessionTransaction& turn,
                                               run::FileWork& work) {
  using Changed = worker::LeftFiles::Changed;
  SKERRY_ASSIGN(OwnedFd left, jail::make_memory_file("files"));
  auto outcome = work_on(std::make_shared<const image::Revision>(turn.parent()), work, left.get());
  if (!outcome.ok() || outcome->kind != sandbox::OutcomeKind::kCompleted) return outcome;
  options_.lasts();
  // Its writer has ended.
  SKERRY_TRY(jail::seal_memory_file(left.get()));
  SKERRY_ASSIGN(auto files, worker::LeftFiles::read({.file = std::move(left), .bytes = {}}));
  if (files.changed == Changed::kNothing) return outcome;
  if (files.changed != Changed::kFirst) {
    return absl::DataLossError("what the operation left is of no session");
  }
  SKERRY_TRY(
      turn.commit_files(*store_, installation_.runtimes(), std::move(files.host_state), work.title)
          .status());
  return outcome;
}

}  // namespace skerry::app
