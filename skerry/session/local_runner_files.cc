// SPDX-License-Identifier: Apache-2.0
// Operations on files of sessions.
#include <fcntl.h>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "skerry/image/image_file.h"
#include "skerry/loop/cancellation.h"
#include "skerry/session/file_start.h"
#include "skerry/session/local_runner.h"
#include "skerry/store/memory_tenant.h"

namespace skerry::session {
namespace {

using boost::asio::awaitable;
using Files = std::shared_ptr<const image::StoredFiles>;

Result<OwnedFd> duplicate(int fd) {
  SKERRY_ASSIGN(const int copy, syscall_result("fcntl", "F_DUPFD_CLOEXEC",
                                               [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); }));
  return OwnedFd(copy);
}

/// One of the sessions that a look is about.
struct Looked {
  std::string store;
  store::SessionName name;
  Files files = nullptr;
};

}  // namespace

awaitable<Result<sandbox::Outcome>> LocalRunner::perform(run::FileWork work) {
  worker::RunRequest request = file_request(work);
  if (const Status status = request.limits.check(); !status.ok()) co_return status;
  if (const Status status = admit(work.principal); !status.ok()) co_return status;
  const access::Principal principal = work.principal;
  auto performing = work.title.empty() ? look_at_files(std::move(work), std::move(request))
                                       : change_files(std::move(work), std::move(request));
  auto outcome = co_await std::move(performing);
  record(principal, outcome.status(), outcome.ok() ? &*outcome : nullptr);
  co_return outcome;
}

awaitable<Result<sandbox::Outcome>> LocalRunner::change_files(run::FileWork work,
                                                              worker::RunRequest request) {
  SessionRuns::Files files{.title = std::move(work.title),
                           .is_memory = !work.session,
                           .second = work.session ? std::move(work.memory) : std::nullopt,
                           .operation = std::move(work.large_operation)};
  SessionRuns::Order order{.tenant = std::move(work.principal.tenant),
                           .name = work.session ? *std::move(work.session) : *work.memory,
                           .request = std::move(request),
                           .files = std::move(files),
                           .observer = work.observer};
  auto running = run_in_session(std::move(order));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return report.status();
  co_return std::move(report->outcome);
}

awaitable<Result<Files>> LocalRunner::newest(std::string store, store::SessionName name) {
  auto work = [this, &name](store::SessionStore& sessions) -> Result<Files> {
    auto opened = sessions.open_files(name);
    // A session that does not exist looks as one that is yet to begin.
    const bool is_missing = opened.status().code() == StatusCode::kNotFound;
    if (!opened.ok() && !is_missing) return opened.status();
    if (opened.ok() && opened->files) {
      return std::make_shared<const image::StoredFiles>(*std::move(opened->files));
    }
    std::string template_name = opened.ok() ? opened->template_name : std::string();
    if (template_name.empty()) template_name = installation_.runtimes().default_template();
    SKERRY_ASSIGN(const auto image, image::open_image(installation_.template_path(template_name)));
    image::StoredFiles start{.template_sha256 = image->sha256};
    SKERRY_ASSIGN(start.template_file, duplicate(image->base->fd()));
    return std::make_shared<const image::StoredFiles>(std::move(start));
  };
  auto opening = access_->with(std::move(store), std::move(work));
  co_return co_await std::move(opening);
}

awaitable<Result<sandbox::Outcome>> LocalRunner::look_at_files(run::FileWork work,
                                                               worker::RunRequest request) {
  auto looked = std::make_shared<std::vector<Looked>>();
  if (work.session)
    looked->push_back({.store = work.principal.tenant, .name = *std::move(work.session)});
  if (work.memory) {
    looked->push_back(
        {.store = store::memory_tenant(work.principal.tenant), .name = *std::move(work.memory)});
  }
  for (Looked& each : *looked) {
    auto opening = newest(each.store, each.name);
    auto opened = co_await std::move(opening);
    if (!opened.ok()) co_return opened.status();
    each.files = *std::move(opened);
  }
  // It may have been cancelled where that could not be heard.
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (loop::is_cancelled(state)) {
    co_return worker::cancelled_outcome();
  }
  broker::InSession session;
  if (const auto kept = sessions_->kept_state(looked->front().store, looked->front().name)) {
    session.worker = kept->worker;
  }
  session.start = [this, looked, operation = work.large_operation](std::uint64_t worker) {
    FileStart files(operation);
    std::vector<worker::SessionStart> starts;
    for (const Looked& each : *looked) {
      // What the worker keeps is as good, if it is the same.
      const auto kept = sessions_->kept_state(each.store, each.name);
      if (kept && kept->worker == worker && kept->revision == each.files->id) {
        starts.push_back({.from = kept->state});
      } else {
        files.add(each.files, starts.emplace_back());
      }
    }
    std::optional<worker::SessionStart> second;
    if (starts.size() > 1) second = std::move(starts[1]);
    return std::move(files).finish(std::move(starts[0]), std::move(second));
  };
  session.left = [](const worker::LeftState&, bool) {};
  broker::Run run{.tenant = std::move(work.principal.tenant),
                  .request = std::move(request),
                  .session = std::move(session),
                  .module = nullptr,
                  .observer = work.observer};
  auto running = broker_->run(std::move(run));
  co_return co_await std::move(running);
}

}  // namespace skerry::session
