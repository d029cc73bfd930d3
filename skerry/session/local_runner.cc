// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/local_runner.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "skerry/loop/cancellation.h"
#include "skerry/store/directory_store.h"

namespace skerry::session {
namespace {

using boost::asio::awaitable;

Status check_variables(const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) {
    if (!run::is_variable_name(name)) {
      return absl::InvalidArgumentError("an environment variable's name is empty, or has = or NUL");
    }
    if (value.find('\0') != value.npos) {
      return absl::InvalidArgumentError("environment variable " + name + " has a NUL");
    }
  }
  return ok_status();
}

/// `text` without the path of the service's home, which is nobody's business.
std::string without_home(std::string text, const std::string& home) {
  for (auto at = text.find(home); at != text.npos; at = text.find(home, at)) {
    text.replace(at, home.size(), "SKERRY_HOME");
  }
  return text;
}

Status without_home(const Status& status, const std::string& home) {
  if (status.ok()) return status;
  return {status.code(), without_home(std::string(message_of(status)), home)};
}

}  // namespace

Result<std::unique_ptr<LocalRunner>> LocalRunner::start(boost::asio::io_context& io,
                                                        Options options) {
  auto runner = std::make_unique<LocalRunner>();
  SKERRY_TRY(options.modules.check());
  const runtime::Home home = options.pool.home;
  runner->installation_ = runtime::Installation(home, std::move(options.runtimes));
  runner->home_ = home.root.native();
  SKERRY_ASSIGN(runner->broker_, broker::Broker::start(io, std::move(options.pool)));
  const auto stores = std::make_shared<store::DirectoryStores>(home.store(), options.policy);
  SKERRY_ASSIGN(runner->sessions_, SessionRuns::start(io, *runner->broker_, runner->installation_,
                                                      stores, options.sessions));
  runner->access_ = std::make_unique<SessionAccess>(stores);
  runner->variables_ = std::move(options.variables);
  runner->gate_ = options.gate;
  runner->modules_ = std::make_unique<broker::ModuleStore>(io, home, std::move(options.modules));
  return runner;
}

awaitable<Result<sandbox::Outcome>> LocalRunner::inspect(run::ReadOnlyRun order) {
  if (const Status status = order.request.limits.check(); !status.ok()) co_return status;
  if (const Status status = admit(order.principal); !status.ok()) co_return status;
  order.request.template_name = order.revision->manifest().template_name;
  broker::InSession session;
  session.start = [revision = order.revision](std::uint64_t) {
    broker::InSession::Start start;
    start.start.becomes = 1;  // of a process that keeps nothing
    start.files = revision->descriptors;
    if (revision->patch) start.start.patch = revision->patch->content;
    start.owner = revision;
    return start;
  };
  session.left = [](const worker::LeftState&, bool) {};
  broker::Run run{.tenant = order.principal.tenant,
                  .request = std::move(order.request),
                  .isolation = run::Isolation::kProcess,
                  .session = std::move(session),
                  .module = nullptr,
                  .observer = order.observer};
  auto running = broker_->run(std::move(run));
  auto outcome = co_await std::move(running);
  record(order.principal, outcome.status(), outcome.ok() ? &*outcome : nullptr);
  co_return outcome;
}

Status LocalRunner::admit(const access::Principal& principal) {
  return gate_ == nullptr ? ok_status() : gate_->admit(principal);
}

/// What the caller got wrong is no fault of the service; time-outs and our own failures are.
void LocalRunner::record(const access::Principal& principal, const Status& status,
                         const sandbox::Outcome* outcome) {
  const bool is_caller_s = status.code() == StatusCode::kInvalidArgument ||
                           status.code() == StatusCode::kResourceExhausted;
  if (gate_ == nullptr || principal.is_admitted || is_caller_s) return;
  // A person who did not answer is no fault.
  const bool is_fault = outcome == nullptr ||
                        (outcome->kind == sandbox::OutcomeKind::kDeadline &&
                         !(outcome->limit && outcome->limit->limit == sandbox::kInputLimit.key));
  gate_->record(principal,
                is_fault ? access::Gate::RunEnd::kFault : access::Gate::RunEnd::kSuccess);
}

awaitable<Result<run::Report>> LocalRunner::run_in_session(SessionRuns::Order order) {
  auto running = sessions_->run(std::move(order));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return without_home(report.status(), home_);
  co_return report;
}

run::Counts LocalRunner::counts() const {
  run::Counts counts = broker_->counts();
  counts.waiting += modules_->waiting();
  counts.kept_sessions = sessions_->kept();
  return counts;
}

awaitable<Result<run::Report>> LocalRunner::run_module(run::Request order) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto coded =
      modules_->code_of(order.principal.tenant, std::move(order.module), order.request.limits);
  auto code = co_await std::move(coded);
  const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
  if (loop::is_cancelled(cancellation)) {
    co_return run::Report{.outcome = worker::cancelled_outcome(), .session = {}};
  }
  if (!code.ok()) co_return code.status();
  order.isolation = run::Isolation::kProcess;
  auto running = run_alone(std::move(order), *std::move(code));
  co_return co_await std::move(running);
}

awaitable<Result<run::Report>> LocalRunner::run_alone(run::Request order,
                                                      std::shared_ptr<const OwnedFd> module) {
  broker::Run run{.tenant = std::move(order.principal.tenant),
                  .request = std::move(order.request),
                  .isolation = order.isolation,
                  .session = {},
                  .module = std::move(module),
                  .input = std::move(order.input),
                  .observer = order.observer};
  auto running = broker_->run(std::move(run));
  auto outcome = co_await std::move(running);
  if (!outcome.ok()) co_return outcome.status();
  co_return run::Report{.outcome = *std::move(outcome), .session = {}};
}

awaitable<Result<run::Report>> LocalRunner::run(run::Request order) {
  worker::RunRequest& request = order.request;
  if (const Status status = request.limits.check(); !status.ok()) co_return status;
  if (order.module && order.input) {
    co_return absl::InvalidArgumentError("a module's input is given whole");
  }
  auto& environment = request.command ? request.command->environment : request.program.environment;
  if (const Status status = check_variables(environment); !status.ok()) co_return status;
  environment.insert(variables_.begin(), variables_.end());
  if (const Status status = admit(order.principal); !status.ok()) co_return status;
  const access::Principal principal = order.principal;
  auto running = run_admitted(std::move(order));
  auto report = co_await std::move(running);
  record(principal, report.status(), report.ok() ? &report->outcome : nullptr);
  co_return report;
}

awaitable<Result<run::Report>> LocalRunner::run_admitted(run::Request order) {
  worker::RunRequest& request = order.request;
  if (order.module) {
    auto running = run_module(std::move(order));
    co_return co_await std::move(running);
  }
  if (!order.session) {
    if (request.template_name.empty()) {
      request.template_name = installation_.runtimes().default_template();
    }
    auto running = run_alone(std::move(order), nullptr);
    co_return co_await std::move(running);
  }
  SessionRuns::Order in_session{.tenant = order.principal.tenant,
                                .name = *std::move(order.session),
                                .request = std::move(order.request),
                                .files = {},
                                .durability = order.durability,
                                .isolation = order.isolation,
                                .input = std::move(order.input),
                                .observer = order.observer};
  auto running = run_in_session(std::move(in_session));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return report;
  run::SessionReport& session = *report->session;
  session.failure = without_home(session.failure, home_);
  session.message = without_home(std::move(session.message), home_);
  co_return report;
}

}  // namespace skerry::session
