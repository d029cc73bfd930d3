// SPDX-License-Identifier: Apache-2.0
// Operations on files of sessions.
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
using Revision = std::shared_ptr<const image::Revision>;

/// One of the sessions that a look is about.
struct Looked {
  std::string store;
  store::SessionName name;
  Revision revision = nullptr;
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

Revision LocalRunner::LookedAt::find(const Key& key) {
  const loop::MutexLock lock(mutex_);
  const auto found = revisions_.find(key);
  return found == revisions_.end() ? nullptr : found->second.lock();
}

void LocalRunner::LookedAt::add(const Key& key, const Revision& revision) {
  const loop::MutexLock lock(mutex_);
  std::erase_if(revisions_, [](const auto& each) { return each.second.expired(); });
  revisions_[key] = revision;
}

awaitable<Result<Revision>> LocalRunner::newest(std::string store, store::SessionName name) {
  const auto kept = sessions_->kept_state(store, name);
  const LookedAt::Key key(store, name.text());
  auto work = [this, &name, &kept, &key](store::SessionStore& sessions) -> Result<Revision> {
    Revision known = kept ? kept->revision : looked_at_.find(key);
    const auto opened = sessions.open_revision(name, std::nullopt, known.get());
    // A session that does not exist looks as one that is yet to begin.
    const bool is_missing = opened.status().code() == StatusCode::kNotFound;
    if (!opened.ok() && !is_missing) return opened.status();
    if (opened.ok() && opened->revision) {
      if (known && known->id == opened->revision->id) return known;
      auto revision = std::make_shared<const image::Revision>(*opened->revision);
      looked_at_.add(key, revision);
      return revision;
    }
    std::string template_name = opened.ok() ? opened->template_name : std::string();
    if (template_name.empty()) template_name = installation_.runtimes().default_template();
    image::Revision start;
    SKERRY_ASSIGN(start.file_image, image::open_image(installation_.template_path(template_name)));
    return std::make_shared<const image::Revision>(std::move(start));
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
    auto revision = co_await std::move(opening);
    if (!revision.ok()) co_return revision.status();
    each.revision = *std::move(revision);
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
      if (kept && kept->worker == worker && kept->revision->id == each.revision->id) {
        starts.push_back({.from = kept->state});
      } else {
        files.add(each.revision, starts.emplace_back());
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
