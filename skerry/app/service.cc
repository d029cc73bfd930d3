// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/service.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <signal.h>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "skerry/access/log_line.h"
#include "skerry/agent/model_client.h"
#include "skerry/base/child.h"
#include "skerry/jail/cgroup.h"
#include "skerry/jail/probe.h"
#include "skerry/service/http_sessions.h"
#include "skerry/service/http_task_streams.h"
#include "skerry/service/http_tasks.h"
#include "skerry/tool/calculator.h"
#include "skerry/tool/code_executor.h"
#include "skerry/tool/json_text.h"
#include "skerry/tool/python_executor.h"
#include "skerry/tool/python_wasi_runner.h"
#include "skerry/tool/session_tools.h"

namespace skerry::app {
namespace {

// The longest run that a tool allows, and some time to answer.
constexpr std::chrono::seconds kGrace{65};
using Clock = std::chrono::steady_clock;

/// The addresses of one kind, checked: those that others reach ask for keys.
Status add_addresses(const char* key, const std::vector<std::string>& texts,
                     const access::Gate& gate, std::vector<service::Address>& addresses) {
  for (const std::string& text : texts) {
    auto address = service::Address::parse(text);
    if (!address.ok()) return annotate(address.status(), key);
    if (!address->is_loopback() && !gate.has_keys()) {
      return absl::PermissionDeniedError(fmt::format(
          "{}: will not listen on {}: there are no keys, so only this machine may reach "
          "it; `skerry keys create` makes one",
          key, text));
    }
    addresses.push_back(*std::move(address));
  }
  return ok_status();
}

/// This service's own control groups, with itself moved aside for its workers'.
Result<jail::ControlGroups> divided_groups() {
  SKERRY_ASSIGN(auto groups, jail::ControlGroups::own());
  SKERRY_TRY(groups.divide());
  return groups;
}

/// As `skerry doctor` has it; the other walls are the zygote's to find.
Status require_groups(const Status& state) {
  const jail::WallReport report{{jail::finding_of(jail::Wall::kCgroup, state)}};
  return report.require({jail::Wall::kCgroup});
}

}  // namespace

void Service::tell(const std::string& line) const {
  std::string text = "skerry: " + line;
  if (logs_json_) {
    text = tool::text_of(nlohmann::ordered_json{{"time", access::log_time()}, {"message", line}});
  }
  std::fputs((text + "\n").c_str(), stderr);
}

/// What the manager does not take, the log has.
void Service::complain(const Status& told) const {
  if (!told.ok()) tell("the service manager was not told: " + std::string(message_of(told)));
}

Result<Service::Addresses> Service::addresses_of(const config::Settings& settings) const {
  Addresses all;
  SKERRY_TRY(add_addresses("service.grpc", settings.grpc, *gate_, all.grpc));
  all.agent_core = all.grpc.size();
  // One server: every port has all services.
  SKERRY_TRY(add_addresses("service.orchestrator", settings.orchestrator, *gate_, all.grpc));
  SKERRY_TRY(add_addresses("service.http", settings.http, *gate_, all.http));
  all.tools = all.http.size();
  SKERRY_TRY(add_addresses("service.metrics", settings.metrics, *gate_, all.http));
  return all;
}

access::Gate::Setting Service::gate_setting(const config::Settings& settings) {
  return {.keys = keys_,
          .requires_key = settings.requires_key,
          .runs_per_second = settings.runs_per_second,
          .breaker = settings.breaker,
          .admitted = [this](const Status& status) {
            if (metrics_) metrics_->admitted(status);
          }};
}

Status Service::start_access(const config::Settings& settings, const runtime::Home& home) {
  keys_ = home.keys();
  SKERRY_ASSIGN(gate_, access::Gate::open(gate_setting(settings)));
  SKERRY_ASSIGN(addresses_, addresses_of(settings));
  using access::AuditLog;
  SKERRY_ASSIGN(audit_, AuditLog::open(home.logs() / "audit.jsonl",
                                       settings.logs_calls ? AuditLog::Copies::kStandardError
                                                           : AuditLog::Copies::kNone,
                                       [this](const std::string& line) { tell(line); }));
  tools_.watch(*gate_);
  tools_.watch(*audit_);
  router_.guard(*gate_);
  return ok_status();
}

Status Service::start_runs(const config::Settings& settings, const runtime::Home& home) {
  broker::Runner::Setting setting{.sessions = settings.sessions, .variables = settings.variables};
  // Before any process is made that is to be in one of them.
  auto groups = divided_groups();
  if (settings.require_walls) SKERRY_TRY(require_groups(groups.status()));
  if (groups.ok()) setting.pool.groups = setting.modules.groups = *std::move(groups);
  setting.pool.home = home;
  SKERRY_ASSIGN(setting.pool.zygote, program_beside("skerry-zygote"));
  SKERRY_ASSIGN(setting.modules.compiler, program_beside("skerry-compiler"));
  setting.pool.workers = settings.workers;
  setting.pool.spares = std::min(settings.spares, settings.workers);
  setting.pool.share = std::min(settings.share, settings.workers);
  setting.pool.queue = settings.queue;
  setting.pool.require_walls = settings.require_walls;
  SKERRY_TRY(setting.pool.check());
  SKERRY_ASSIGN(runner_, broker::Runner::start(io_, setting));
  runs_ = std::make_unique<tool::Runs>(*runner_, tools_);
  sessions_ = std::make_unique<tool::Sessions>(*runner_, home);
  return ok_status();
}

Status Service::start_tools(const config::Settings& settings,
                            std::optional<agent::ModelSetting> model) {
  SKERRY_ASSIGN(modules_, tool::ModuleSource::open(settings.modules));
  const sandbox::Limits& limits = settings.limits;
  tools_.add(
      std::make_unique<tool::PythonExecutor>(*runner_, limits, settings.python_calls_per_minute));
  tools_.add(std::make_unique<tool::CodeExecutor>(*runner_, *modules_, limits));
  tools_.add(std::make_unique<tool::PythonWasiRunner>(*runner_, *modules_, limits));
  tools_.add(std::make_unique<tool::Calculator>());
  tools_.add(std::make_unique<tool::GetSessionInfo>(*sessions_));
  tools_.add(std::make_unique<tool::ClearSessions>(*sessions_));
  std::vector<std::string> names;
  for (const tool::Definition* each : tools_.search({})) names.push_back(each->name);
  metrics_ = std::make_unique<service::Metrics>(*runner_, names);
  if (tls_) metrics_->watch(*tls_);
  tools_.watch(*metrics_);
  tools_.limit_time(settings.call_time);
  tools_.keep_results(settings.cache_times);
  agent_core_.set(
      {.parallel_calls = settings.parallel_calls, .query_tokens = settings.query_tokens});
  if (!model) return ok_status();
  SKERRY_ASSIGN(auto client, agent::ModelClient::make(io_, *model));
  agent_core_.add_model(std::move(client), *std::move(model));
  return ok_status();
}

Status Service::start_tasks(const runtime::Home& home) {
  task::Setting setting{.directory = home.tasks()};
  setting.complain = [this](const std::string& line) { tell(line); };
  SKERRY_TRY(setting.check());
  tasks_ = std::make_unique<task::Tasks>(io_, agent_core_, std::move(setting));
  service::add_task_routes(*tasks_, router_);
  service::add_task_stream_routes(*tasks_, router_);
  orchestrator_ = std::make_unique<service::OrchestratorService>(io_, *gate_, *tasks_);
  streaming_ = std::make_unique<service::StreamingService>(io_, *gate_, *tasks_);
  return ok_status();
}

void Service::start_front_ends(const config::Settings& settings) {
  const sandbox::Limits& limits = settings.limits;
  const service::RunRules rules{.limits = limits, .most = settings.most};
  agent_ = std::make_unique<service::AgentService>(
      io_, *gate_, agent_core_, tools_, *runner_,
      service::AgentService::Setting{
          .version = SKERRY_VERSION, .limits = limits, .concurrent_tasks = settings.workers});
  sandbox_ = std::make_unique<service::SandboxService>(io_, *gate_, *files_);
  api_ = std::make_unique<service::HttpApi>(service::HttpApi{.agent = agent_core_,
                                                             .tools = tools_,
                                                             .runner = *runner_,
                                                             .runs = *runs_,
                                                             .rules = rules,
                                                             .version = SKERRY_VERSION});
  service::add_routes(*api_, router_);
  service::add_metrics_route(*metrics_, router_);
  service::add_metrics_route(*metrics_, metrics_router_);
  service::add_session_routes(*sessions_, router_);
  own_ = std::make_unique<service::SkerryService>(io_, *gate_, *runs_, *sessions_, rules);
}

Status Service::start_tls(const config::Settings& settings) {
  if (!settings.tls.is_given()) return ok_status();
  auto identity = service::Tls::load(settings.tls);
  if (!identity.ok()) return annotate(identity.status(), "service.tls");
  tls_ = std::make_shared<service::Tls>(*std::move(identity));
  return ok_status();
}

Status Service::start_http() {
  std::vector<service::HttpServer::Port> ports;
  for (std::size_t i = 0; i < addresses_.http.size(); ++i) {
    const service::Address& address = addresses_.http[i];
    // What asks for certificates elsewhere is not to be had here without: only what is counted.
    const bool is_plain = tls_ && i >= addresses_.tools && address.is_loopback();
    ports.push_back({.address = address,
                     .router = is_plain ? metrics_router_ : router_,
                     .tls = is_plain ? nullptr : tls_});
  }
  SKERRY_ASSIGN(http_, service::HttpServer::start(io_, ports, {}));
  return ok_status();
}

Status Service::start(const config::Settings& settings, const runtime::Home& home,
                      std::optional<agent::ModelSetting> model) {
  logs_json_ = settings.logs_json;
  SKERRY_TRY(start_tls(settings));
  SKERRY_TRY(start_access(settings, home));
  SKERRY_TRY(start_runs(settings, home));
  SKERRY_TRY(start_tools(settings, std::move(model)));
  SKERRY_ASSIGN(files_, workspace::SessionFiles::open(runner_->sessions(), home, {}));
  start_front_ends(settings);
  SKERRY_TRY(start_tasks(home));
  SKERRY_ASSIGN(grpc_, service::GrpcServer::start(addresses_.grpc,
                                                  {agent_.get(), own_.get(), sandbox_.get(),
                                                   orchestrator_.get(), streaming_.get()},
                                                  tls_));
  return start_http();
}

std::vector<std::string> Service::addresses() const {
  std::vector<std::string> lines;
  const auto add = [&, this](const char* what, const service::Address& address, int port,
                             bool may_be_plain = false) {
    const bool is_secure = tls_ && !(may_be_plain && address.is_loopback());
    lines.push_back(
        fmt::format("{}{} on {}", what, is_secure ? " over TLS" : "", address.with_port(port)));
  };
  const auto& [grpc, http, agent_core, tools] = addresses_;
  for (std::size_t i = 0; i < agent_core; ++i) add("gRPC", grpc[i], grpc_->ports()[i]);
  for (std::size_t i = 0; i < tools; ++i) add("HTTP", http[i], http_->ports()[i]);
  for (std::size_t i = agent_core; i < grpc.size(); ++i) {
    add("orchestrator", grpc[i], grpc_->ports()[i]);
  }
  for (std::size_t i = tools; i < http.size(); ++i) {
    add("metrics", http[i], http_->ports()[i], /*may_be_plain=*/true);
  }
  return lines;
}

void Service::run(const std::function<Result<config::Settings>()>& reload,
                  const NotifySocket& manager) {
  boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
  std::thread stopping;
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    tell("stopping when what is under way has ended; again: at once");
    complain(manager.tell("STOPPING=1"));
    http_->stop();
    tasks_->stop();
    stopping_since_ = Clock::now();
    stopping = std::thread([this] {
      grpc_->stop(kGrace);
      boost::asio::post(io_, [this] { end_when_quiet(); });
    });
    signals.async_wait([](const boost::system::error_code& again, int) {
      if (!again) std::_Exit(130);
    });
  });
  boost::asio::signal_set hang_up(io_, SIGHUP);
  await_reload(hang_up, reload, manager);
  // Not before signals are handled: who reads this may send one.
  for (const std::string& line : addresses()) tell(line);
  complain(manager.tell(fmt::format("READY=1\nSTATUS={}", fmt::join(addresses(), ", "))));
  feed_watchdog(manager);
  io_.run();
  if (stopping.joinable()) stopping.join();
}

/// All of it or nothing.
Status Service::reload(const config::Settings& settings) {
  if (settings.tls.is_given() != (tls_ != nullptr)) {
    return absl::FailedPreconditionError("TLS begins and ends with a start of the service");
  }
  std::shared_ptr<service::Tls::Identity> identity;
  if (tls_) {
    auto loaded = service::Tls::load(settings.tls);
    if (!loaded.ok()) return annotate(loaded.status(), "service.tls");
    identity = *std::move(loaded);
    const bool asked = !tls_->identity()->certificates.client_ca.empty();
    if (asked == identity->certificates.client_ca.empty()) {
      return absl::FailedPreconditionError(
          "service.tls.client_ca: whether clients need a certificate is said at the start");
    }
  }
  SKERRY_TRY(gate_->reload(gate_setting(settings)));
  if (tls_) tls_->take(std::move(identity));
  return ok_status();
}

void Service::await_reload(boost::asio::signal_set& hang_up,
                           const std::function<Result<config::Settings>()>& reload,
                           const NotifySocket& manager) {
  hang_up.async_wait([this, &hang_up, &reload, &manager](const boost::system::error_code& error,
                                                         int) {
    if (error) return;
    complain(manager.tell_reloading());
    const auto settings = reload();
    const Status done = settings.ok() ? this->reload(*settings) : settings.status();
    tell(done.ok()
             ? tls_ ? "keys, certificates and settings read again" : "keys and settings read again"
             : "nothing changes: " + std::string(message_of(done)));
    complain(manager.tell("READY=1"));
    await_reload(hang_up, reload, manager);
  });
}

/// From the loop, twice as often as has to be: a loop that is stuck feeds nobody.
void Service::feed_watchdog(const NotifySocket& manager) {
  if (!manager.watchdog()) return;
  complain(manager.tell("WATCHDOG=1"));
  watchdog_.expires_after(*manager.watchdog() / 2);
  watchdog_.async_wait([this, &manager](const boost::system::error_code& error) {
    if (!error) feed_watchdog(manager);
  });
}

/// Ends the loop when nothing runs or waits, at the latest when the grace is over.
void Service::end_when_quiet() {
  const broker::Counts counts = runner_->counts();
  const int busy = counts.running + counts.waiting + agent_core_.under_way();
  const bool is_quiet = busy == 0 && tasks_->is_idle();
  if (is_quiet || Clock::now() > stopping_since_ + kGrace) {
    io_.stop();
    return;
  }
  quiet_.expires_after(std::chrono::milliseconds(20));
  quiet_.async_wait([this](const boost::system::error_code&) { end_when_quiet(); });
}

}  // namespace skerry::app
