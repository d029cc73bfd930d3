// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/service.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <signal.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "skerry/access/log_line.h"
#include "skerry/agent/model_client.h"
#include "skerry/api/file_routes.h"
#include "skerry/api/session_routes.h"
#include "skerry/api/upload_routes.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/child.h"
#include "skerry/grpc/health.h"
#include "skerry/grpc/reflection.h"
#include "skerry/jail/cgroup.h"
#include "skerry/jail/probe.h"
#include "skerry/mcp/conformance/conformance.h"
#include "skerry/mcp/file_tools.h"
#include "skerry/mcp/http_endpoint.h"
#include "skerry/mcp/resources/resources.h"
#include "skerry/mcp/run_tool.h"
#include "skerry/mcp/session_tools.h"
#include "skerry/mcp/stdio.h"
#include "skerry/runtime/template_memory.h"
#include "skerry/sandbox/template_memory.h"
#include "skerry/shannon/agent_routes.h"
#include "skerry/shannon/gateway/session_api.h"
#include "skerry/shannon/task_routes.h"
#include "skerry/shannon/task_stream_routes.h"
#include "skerry/tool/arithmetic/calculator.h"
#include "skerry/tool/modules/code_executor.h"
#include "skerry/tool/modules/python_wasi_runner.h"
#include "skerry/tool/python_executor.h"
#include "skerry/tool/session_tools.h"

namespace skerry::app {
namespace {

// The longest run that a tool allows, and some time to answer.
constexpr std::chrono::seconds kGrace{65};
constexpr std::chrono::minutes kUploadsUpkeep{10};
using Clock = std::chrono::steady_clock;

/// The addresses of one kind, checked: those that others reach ask for keys.
Status add_addresses(const char* key, const std::vector<std::string>& texts,
                     const access::Gate& gate, std::vector<http::Address>& addresses) {
  for (const std::string& text : texts) {
    auto address = http::Address::parse(text);
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
    text = dump_json(nlohmann::ordered_json{{"time", access::log_time()}, {"message", line}});
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
  SKERRY_TRY(
      add_addresses("service.orchestrator", settings.orchestrator, *gate_, all.orchestrator));
  SKERRY_TRY(add_addresses("service.http", settings.http, *gate_, all.http));
  SKERRY_TRY(add_addresses("service.metrics", settings.metrics, *gate_, all.metrics));
  return all;
}

access::Gate::Options Service::gate_options(const config::Settings& settings) {
  return {.keys = keys_,
          .requires_key = settings.requires_key,
          .runs_per_second = settings.runs_per_second,
          .breaker = settings.breaker,
          .on_admission = [this](access::Gate::Admission admission) {
            if (metrics_) metrics_->decided(admission);
          }};
}

Status Service::start_access(const config::Settings& settings, const runtime::Home& home) {
  keys_ = home.keys();
  SKERRY_ASSIGN(gate_, access::Gate::open(gate_options(settings)));
  SKERRY_ASSIGN(addresses_, addresses_of(settings));
  using access::AuditLog;
  SKERRY_ASSIGN(audit_, AuditLog::open(home.logs() / "audit.jsonl",
                                       settings.logs_calls ? AuditLog::Copies::kStandardError
                                                           : AuditLog::Copies::kNone,
                                       [this](const std::string& line) { tell(line); }));
  call_audit_ = std::make_unique<tool::CallAudit>(*audit_);
  tools_.watch(*call_audit_);
  tools_.guard(*gate_);
  authorizer_ = std::make_unique<api::GateAuthorizer>(*gate_, *audit_);
  router_.guard(*authorizer_);
  return ok_status();
}

Status Service::start_runs(const config::Settings& settings,
                           const runtime::Installation& installation) {
  session::LocalRunner::Options setting{.sessions = settings.sessions,
                                        .policy = settings.session_policy,
                                        .variables = settings.variables,
                                        .gate = gate_.get()};
  // Before any process is made that is to be in one of them.
  auto groups = divided_groups();
  if (settings.require_walls) SKERRY_TRY(require_groups(groups.status()));
  if (groups.ok()) setting.pool.groups = setting.modules.groups = *std::move(groups);
  setting.pool.home = installation.home();
  SKERRY_ASSIGN(setting.pool.template_memory, runtime::largest_template(installation));
  setting.runtimes = installation.runtimes();
  SKERRY_ASSIGN(setting.pool.zygote, program_beside("skerry-zygote"));
  SKERRY_ASSIGN(setting.modules.compiler, program_beside("skerry-compiler"));
  setting.pool.workers = settings.workers;
  setting.pool.spares = std::min(settings.spares, settings.workers);
  setting.pool.share = std::min(settings.share, settings.workers);
  setting.pool.queue = settings.queue;
  setting.pool.require_walls = settings.require_walls;
  SKERRY_TRY(setting.pool.check());
  SKERRY_ASSIGN(runner_, session::LocalRunner::start(io_, setting));
  upload::UploadStore::Options uploads = settings.uploads;
  uploads.directory = installation.home().uploads();
  SKERRY_ASSIGN(upload_store_, upload::UploadStore::open(std::move(uploads)));
  uploads_ = std::make_unique<upload::Uploads>(pool_, *upload_store_);
  remove_expired_uploads();
  runs_ = std::make_unique<tool::Runs>(*runner_, tools_, *uploads_);
  // A session with more memory or files than that could not run here.
  const ByteSize memory = std::max(settings.limits.memory, settings.most.memory);
  session::ReaderOptions reader{
      .program = {},
      .pages = sandbox::largest_linear_memory(memory, setting.pool.template_memory),
      .files = settings.limits.files};
  SKERRY_ASSIGN(reader.program, program_beside("skerry-reader"));
  sessions_ = std::make_unique<session::Sessions>(*runner_, runner_->sessions(), installation,
                                                  std::move(reader), audit_.get());
  return ok_status();
}

Status Service::start_tools(const config::Settings& settings, const runtime::Runtimes& runtimes,
                            std::optional<agent::ModelOptions> model) {
  SKERRY_ASSIGN(modules_, tool::ModuleSource::open(settings.modules));
  const sandbox::Limits& limits = settings.limits;
  // Which programs run on that name no template.
  SKERRY_ASSIGN(const runtime::Runtime* runtime,
                runtimes.with_template(runtimes.default_template()));
  const runtime::RuntimeDescription& about = runtime->description();
  tools_.add(std::make_unique<tool::PythonExecutor>(
      *runner_, limits,
      tool::PythonExecutor::Options{
          .interpreter = fmt::format("{} {} (WASI)", about.interpreter, about.version),
          .calls_per_minute = settings.python_calls_per_minute}));
  tools_.add(std::make_unique<tool::CodeExecutor>(*runner_, *modules_, limits));
  tools_.add(std::make_unique<tool::PythonWasiRunner>(*runner_, *modules_, limits));
  tools_.add(std::make_unique<tool::Calculator>());
  tools_.add(std::make_unique<tool::GetSessionInfo>(*sessions_));
  tools_.add(std::make_unique<tool::ClearSessions>(*sessions_));
  std::vector<std::string> names;
  for (const tool::Definition* each : tools_.search({})) names.push_back(each->name);
  using Labels = metrics::Metrics::TenantLabels;
  metrics_ = std::make_unique<metrics::Metrics>(
      *runner_, names, settings.names_tenants ? Labels::kNames : Labels::kPseudonyms);
  if (tls_) metrics_->watch(*tls_);
  metrics_->watch(*lag_);
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

Status Service::start_tasks(const config::Settings& settings, const runtime::Home& home) {
  task::Options setting{.directory = home.tasks()};
  setting.gate = gate_.get();
  setting.complain = [this](const std::string& line) { tell(line); };
  SKERRY_TRY(setting.check());
  tasks_ = std::make_unique<task::Tasks>(io_, agent_core_, std::move(setting));
  shannon::add_task_routes(*tasks_, pool_, router_);
  shannon::add_task_stream_routes(*tasks_, router_);
  orchestrator_ = std::make_unique<shannon::OrchestratorService>(*tasks_);
  streaming_ = std::make_unique<shannon::StreamingService>(*tasks_);
  const shannon::SessionApi gateway{.pool = pool_,
                                    .sessions = *sessions_,
                                    .tasks = *tasks_,
                                    .files = *files_,
                                    .audit = *audit_,
                                    .time_to_live = settings.session_policy.time_to_live};
  shannon::add_session_routes(gateway, router_);
  shannon::add_file_routes(gateway, router_);
  return ok_status();
}

void Service::start_front_ends(const config::Settings& settings,
                               const runtime::Installation& installation) {
  for (const Status& each : installation.unusable_templates()) {
    tell("left out: " + std::string(message_of(each)));
  }
  const sandbox::Limits& limits = settings.limits;
  start_mcp(settings, installation);
  agent_ = std::make_unique<shannon::AgentService>(
      agent_core_, tools_, *runner_,
      shannon::AgentService::Options{
          .version = SKERRY_VERSION, .limits = limits, .concurrent_tasks = settings.workers});
  sandbox_ = std::make_unique<shannon::SandboxService>(*files_);
  tool_api_ = std::make_unique<shannon::ToolApi>(
      shannon::ToolApi{.pool = pool_, .agent = agent_core_, .tools = tools_});
  run_api_ = std::make_unique<api::RunApi>(
      api::RunApi{.pool = pool_,
                  .runner = *runner_,
                  .runs = *runs_,
                  .decoder = *run_decoder_,
                  .version = SKERRY_VERSION,
                  .ports_ready = [this] { return server_->check(); }});
  shannon::add_tool_routes(*tool_api_, router_);
  shannon::add_agent_routes(*tool_api_, router_);
  api::add_run_routes(*run_api_, router_);
  api::add_health_routes(*run_api_, router_);
  api::add_document_route(*run_api_, router_);
  api::add_session_routes(*sessions_, pool_, router_);
  api::add_file_routes(*files_, pool_, router_);
  api::add_upload_routes(*uploads_, pool_, router_);
  mcp::add_http_endpoint(*mcp_, pool_, router_);
  metrics::add_routes(*metrics_, metrics::Access::kKey, router_);
  metrics::add_routes(*metrics_, metrics::Access::kOpen, operations_router_);
  api::add_health_routes(*run_api_, operations_router_);
  own_ = std::make_unique<api::SkerryService>(*runs_, *sessions_, *files_, *run_decoder_);
}

/// What runs may have, and who works on files: the same over every protocol.
void Service::start_mcp(const config::Settings& settings,
                        const runtime::Installation& installation) {
  run_decoder_ = std::make_unique<api::RunDecoder>(
      api::RunRules{.limits = settings.limits,
                    .most = settings.most,
                    .templates = installation.template_names(),
                    .default_template = installation.runtimes().default_template()});
  files_ = std::make_unique<workspace::FileCalls>(*runner_, runner_->sessions(),
                                                  workspace::FileCalls::Options(), audit_.get());
  mcp_ = std::make_unique<mcp::Server>(mcp::Server::Options{.version = SKERRY_VERSION});
  mcp_->add(mcp::run_tool({*runs_, *files_, shown_images_}, run_decoder_->rules()));
  mcp_->add(mcp::session_tools(*sessions_));
  mcp_->add(mcp::file_tools(*files_));
  mcp::add_resources(*mcp_, {*sessions_, *files_, shown_images_, pool_});
  if (settings.mcp_conformance) mcp::add_conformance_fixtures(*mcp_);
}

Status Service::start_private(config::Settings settings,
                              const runtime::Installation& installation) {
  settings.grpc = settings.orchestrator = settings.http = settings.metrics = {};
  SKERRY_TRY(start_access(settings, installation.home()));
  SKERRY_TRY(start_runs(settings, installation));
  start_mcp(settings, installation);
  return ok_status();
}

void Service::serve_stdio() {
  const loop::BackgroundRelease release;
  mcp::StdioServer server(io_, *mcp_, pool_, {}, {});
  server.run();
}

void Service::start_calls(const config::Settings& settings) {
  grpc::Server::Options options{.unary_patience = settings.server.body_time,
                                .stream_patience = settings.stream_idle};
  calls_ = std::make_unique<grpc::Server>(*authorizer_, pool_, options);
  standard_services_ = grpc::reflection_services(*calls_);
  standard_services_.push_back(std::make_unique<grpc::Health>(
      *calls_, [this] { return runner_->counts().has_workers() && server_->check().ok(); }));
  for (const auto& each : standard_services_) calls_->add(*each);
  for (const grpc::Service* each : std::initializer_list<const grpc::Service*>{
           agent_.get(), own_.get(), sandbox_.get(), orchestrator_.get(), streaming_.get()}) {
    calls_->add(*each);
  }
}

Status Service::start_tls(const config::Settings& settings) {
  if (!settings.tls.is_given()) return ok_status();
  auto identity = http::Tls::load(settings.tls);
  if (!identity.ok()) return annotate(identity.status(), "service.tls");
  tls_ = std::make_shared<http::Tls>(*std::move(identity));
  return ok_status();
}

/// Ports for gRPC offer calls, those for HTTP calls and routes, those for metrics what operators
/// need.
Status Service::start_server(const config::Settings& settings) {
  SKERRY_TRY(settings.server.check());
  std::vector<http::Server::Port> ports;
  ports.reserve(addresses_.grpc.size() + addresses_.orchestrator.size() + addresses_.http.size() +
                addresses_.metrics.size());
  const http::Offer calls{.calls = calls_.get()};
  const http::Offer all{.router = &router_, .calls = calls_.get()};
  const http::Offer operations{.router = &operations_router_, .kind = http::PortKind::kOperations};
  for (const auto& each : addresses_.grpc) ports.push_back({each, calls, tls_});
  for (const auto& each : addresses_.orchestrator) ports.push_back({each, calls, tls_});
  for (const auto& each : addresses_.http) ports.push_back({each, all, tls_});
  for (const auto& each : addresses_.metrics) {
    ports.push_back({each, operations, is_plain(each) ? nullptr : tls_});
  }
  auto server = http::Server::start(io_, ports, settings.server);
  if (!server.ok()) {
    return Status(
        server.status().code(),
        std::string(message_of(server.status())) +
            "; `--grpc`, `--orchestrator`, `--http` and `--metrics HOST:PORT` take others");
  }
  server_ = *std::move(server);
  metrics_->watch(*server_);
  return ok_status();
}

Status Service::start(const config::Settings& settings, const runtime::Installation& installation,
                      std::optional<agent::ModelOptions> model) {
  logs_json_ = settings.logs_json;
  lag_ = std::make_unique<loop::LagMeter>(
      io_, loop::LagMeter::Options{.lag = settings.lag_alarm,
                                   .handler = settings.handler_alarm,
                                   .log = [this](const std::string& line) { tell(line); }});
  SKERRY_TRY(start_tls(settings));
  SKERRY_TRY(start_access(settings, installation.home()));
  SKERRY_TRY(start_runs(settings, installation));
  SKERRY_TRY(start_tools(settings, installation.runtimes(), std::move(model)));
  start_front_ends(settings, installation);
  SKERRY_TRY(start_tasks(settings, installation.home()));
  start_calls(settings);
  return start_server(settings);
}

std::vector<std::string> Service::addresses() const {
  std::vector<std::string> lines;
  auto port = server_->ports().begin();
  const auto add = [&, this](const char* what, const http::Address& address, bool is_plain) {
    lines.push_back(fmt::format("{}{} on {}", what, tls_ && !is_plain ? " over TLS" : "",
                                address.with_port(*port++)));
  };
  for (const auto& each : addresses_.grpc) add("gRPC", each, false);
  const auto orchestrator = lines.size();
  for (const auto& each : addresses_.orchestrator) add("orchestrator", each, false);
  // The order that people know: HTTP after gRPC.
  const auto http = lines.size();
  for (const auto& each : addresses_.http) add("HTTP", each, false);
  std::rotate(lines.begin() + static_cast<std::ptrdiff_t>(orchestrator),
              lines.begin() + static_cast<std::ptrdiff_t>(http), lines.end());
  for (const auto& each : addresses_.metrics) add("metrics", each, is_plain(each));
  return lines;
}

void Service::run(const std::function<Result<config::Settings>()>& reload,
                  const NotifySocket& manager) {
  boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    tell("stopping when what is under way has ended; again: at once");
    complain(manager.tell("STOPPING=1"));
    server_->stop();
    tasks_->stop();
    stopping_since_ = Clock::now();
    end_when_quiet();
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
  const loop::BackgroundRelease release;
  lag_->run();
}

/// All of it or nothing.
Status Service::reload(const config::Settings& settings) {
  if (settings.tls.is_given() != (tls_ != nullptr)) {
    return absl::FailedPreconditionError("TLS begins and ends with a start of the service");
  }
  std::shared_ptr<http::Tls::Identity> identity;
  if (tls_) {
    auto loaded = http::Tls::load(settings.tls);
    if (!loaded.ok()) return annotate(loaded.status(), "service.tls");
    identity = *std::move(loaded);
    const bool asked = !tls_->identity()->certificates.client_ca.empty();
    if (asked == identity->certificates.client_ca.empty()) {
      return absl::FailedPreconditionError(
          "service.tls.client_ca: whether clients need a certificate is said at the start");
    }
  }
  SKERRY_TRY(gate_->reload(gate_options(settings)));
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

void Service::remove_expired_uploads() {
  boost::asio::co_spawn(io_, uploads_->remove_expired(), boost::asio::detached);
  uploads_upkeep_.expires_after(kUploadsUpkeep);
  uploads_upkeep_.async_wait([this](const boost::system::error_code& error) {
    if (!error) remove_expired_uploads();
  });
}

/// Ends the loop when nothing runs or waits, at the latest when the grace is over.
void Service::end_when_quiet() {
  const run::Counts counts = runner_->counts();
  const int busy = counts.running + counts.waiting + agent_core_.under_way() + calls_->under_way();
  const bool is_quiet = busy == 0 && tasks_->is_idle();
  if (is_quiet || Clock::now() > stopping_since_ + kGrace) {
    io_.stop();
    return;
  }
  quiet_.expires_after(std::chrono::milliseconds(20));
  quiet_.async_wait([this](const boost::system::error_code&) { end_when_quiet(); });
}

}  // namespace skerry::app
