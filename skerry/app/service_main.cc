// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "skerry/access/audit_log.h"
#include "skerry/access/gate.h"
#include "skerry/agent/agent.h"
#include "skerry/agent/model_client.h"
#include "skerry/app/model_environment.h"
#include "skerry/app/session_run.h"
#include "skerry/app/terminal.h"
#include "skerry/base/child.h"
#include "skerry/broker/runner.h"
#include "skerry/runtime/home.h"
#include "skerry/service/address.h"
#include "skerry/service/agent_service.h"
#include "skerry/service/grpc_server.h"
#include "skerry/service/http_api.h"
#include "skerry/service/http_server.h"
#include "skerry/service/http_sessions.h"
#include "skerry/service/http_task_streams.h"
#include "skerry/service/http_tasks.h"
#include "skerry/service/orchestrator_service.h"
#include "skerry/service/sandbox_service.h"
#include "skerry/service/skerry_service.h"
#include "skerry/task/tasks.h"
#include "skerry/tool/calculator.h"
#include "skerry/tool/code_executor.h"
#include "skerry/tool/python_executor.h"
#include "skerry/tool/python_wasi_runner.h"
#include "skerry/tool/runs.h"
#include "skerry/tool/toolbox.h"
#include "skerry/workspace/session_files.h"

namespace skerry::app {
namespace {

// The longest run that a tool allows, and some time to answer.
constexpr std::chrono::seconds kGrace{65};
using Clock = std::chrono::steady_clock;

struct ServeOptions {
  std::vector<std::string> grpc{"127.0.0.1:50051"};
  std::vector<std::string> orchestrator{"127.0.0.1:50052"};
  std::vector<std::string> http{"127.0.0.1:8000", "127.0.0.1:8080"};
  int workers = broker::Setting{}.workers;
  bool require_walls = false;
  bool requires_key = false;
  tool::ModuleFiles modules;
};

/// The addresses of one kind, checked: those that others reach ask for keys.
Result<std::vector<service::Address>> addresses_of(const char* option,
                                                   const std::vector<std::string>& texts,
                                                   const access::Gate& gate) {
  std::vector<service::Address> addresses;
  for (const std::string& text : texts) {
    auto address = service::Address::parse(text);
    if (!address.ok()) return annotate(address.status(), option);
    if (!address->is_loopback() && !gate.has_keys()) {
      return absl::PermissionDeniedError(
          std::string(option) + ": will not listen on " + text +
          ": there are no keys, so only this machine may reach it; `skerry keys create` makes one");
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

/// Everything that serves, in the order in which it is built.
class Service {
 public:
  Status start(const ServeOptions& options, const runtime::Home& home,
               std::optional<agent::ModelSetting> model) {
    broker::Runner::Setting setting;
    SKERRY_ASSIGN(setting.sessions.policy, session_policy());
    setting.pool.home = home;
    SKERRY_ASSIGN(setting.pool.zygote, program_beside("skerry-zygote"));
    setting.pool.workers = options.workers;
    setting.pool.share = std::min(setting.pool.share, options.workers);
    setting.pool.spares = std::min(setting.pool.spares, options.workers);
    setting.pool.require_walls = options.require_walls;
    SKERRY_ASSIGN(setting.modules.compiler, program_beside("skerry-compiler"));
    SKERRY_ASSIGN(modules_, tool::ModuleSource::open(options.modules));
    SKERRY_TRY(setting.pool.check());
    gate_setting_ = {.keys = home.keys(), .requires_key = options.requires_key};
    SKERRY_ASSIGN(gate_, access::Gate::open(gate_setting_));
    SKERRY_ASSIGN(auto grpc, addresses_of("--grpc", options.grpc, *gate_));
    SKERRY_ASSIGN(const auto orchestrator,
                  addresses_of("--orchestrator", options.orchestrator, *gate_));
    // One server: every port has all services.
    grpc.insert(grpc.end(), orchestrator.begin(), orchestrator.end());
    SKERRY_ASSIGN(const auto http, addresses_of("--http", options.http, *gate_));
    SKERRY_ASSIGN(audit_, access::AuditLog::open(home.logs() / "audit.jsonl"));
    tools_.watch(*gate_);
    tools_.watch(*audit_);
    router_.guard(*gate_);
    if (model) {
      SKERRY_ASSIGN(auto client, agent::ModelClient::make(io_, *model));
      agent_core_.add_model(std::move(client), *std::move(model));
    }
    SKERRY_ASSIGN(runner_, broker::Runner::start(io_, setting));
    runs_ = std::make_unique<tool::Runs>(*runner_, tools_);
    const sandbox::Limits limits;
    tools_.add(std::make_unique<tool::PythonExecutor>(*runner_, limits));
    tools_.add(std::make_unique<tool::CodeExecutor>(*runner_, *modules_, limits));
    tools_.add(std::make_unique<tool::PythonWasiRunner>(*runner_, *modules_, limits));
    tools_.add(std::make_unique<tool::Calculator>());
    agent_ = std::make_unique<service::AgentService>(
        io_, *gate_, agent_core_, tools_, *runner_,
        service::AgentService::Setting{
            .version = SKERRY_VERSION, .limits = limits, .concurrent_tasks = options.workers});
    SKERRY_ASSIGN(files_, workspace::SessionFiles::open(runner_->sessions(), home, {}));
    sandbox_ = std::make_unique<service::SandboxService>(io_, *gate_, *files_);
    api_ = std::make_unique<service::HttpApi>(service::HttpApi{.agent = agent_core_,
                                                               .tools = tools_,
                                                               .runner = *runner_,
                                                               .runs = *runs_,
                                                               .limits = limits,
                                                               .version = SKERRY_VERSION});
    service::add_routes(*api_, router_);
    sessions_ = std::make_unique<tool::Sessions>(*runner_, home);
    service::add_session_routes(*sessions_, router_);
    own_ = std::make_unique<service::SkerryService>(io_, *gate_, *runs_, *sessions_, limits);
    SKERRY_TRY(start_tasks(home));
    SKERRY_ASSIGN(grpc_, service::GrpcServer::start(grpc, {agent_.get(), own_.get(), sandbox_.get(),
                                                           orchestrator_.get(), streaming_.get()}));
    SKERRY_ASSIGN(http_, service::HttpServer::start(io_, http, router_, {}));
    return ok_status();
  }

  /// Until SIGINT or SIGTERM; a second one does not wait for what is under way.
  void run() {
    boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
    std::thread stopping;
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      std::fputs("skerry: stopping when what is under way has ended; again: at once\n", stderr);
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
    await_reload(hang_up);
    io_.run();
    if (stopping.joinable()) stopping.join();
  }

  /// First those of the agent core, then those of the orchestrator.
  const std::vector<int>& grpc_ports() const { return grpc_->ports(); }
  const std::vector<int>& http_ports() const { return http_->ports(); }

 private:
  Status start_tasks(const runtime::Home& home) {
    task::Setting setting{.directory = home.tasks()};
    setting.complain = [](const std::string& what) {
      std::fputs(("skerry: " + what + "\n").c_str(), stderr);
    };
    SKERRY_TRY(setting.check());
    tasks_ = std::make_unique<task::Tasks>(io_, agent_core_, std::move(setting));
    service::add_task_routes(*tasks_, router_);
    service::add_task_stream_routes(*tasks_, router_);
    orchestrator_ = std::make_unique<service::OrchestratorService>(io_, *gate_, *tasks_);
    streaming_ = std::make_unique<service::StreamingService>(io_, *gate_, *tasks_);
    return ok_status();
  }

  /// SIGHUP: the keys are read again. When that fails, those of before stay.
  void await_reload(boost::asio::signal_set& hang_up) {
    hang_up.async_wait([this, &hang_up](const boost::system::error_code& error, int) {
      if (error) return;
      const Status read = gate_->reload(gate_setting_);
      std::fputs(read.ok()
                     ? "skerry: keys read again\n"
                     : ("skerry: nothing changes: " + std::string(message_of(read)) + "\n").c_str(),
                 stderr);
      await_reload(hang_up);
    });
  }

  /// Ends the loop when nothing runs or waits, at the latest when the grace is over.
  void end_when_quiet() {
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

  boost::asio::io_context io_;
  access::Gate::Setting gate_setting_;
  std::unique_ptr<access::Gate> gate_;
  std::unique_ptr<access::AuditLog> audit_;
  std::unique_ptr<broker::Runner> runner_;
  std::unique_ptr<tool::Runs> runs_;
  std::unique_ptr<tool::ModuleSource> modules_;
  tool::Toolbox tools_;
  agent::Agent agent_core_{tools_};
  std::unique_ptr<service::AgentService> agent_;
  std::unique_ptr<tool::Sessions> sessions_;
  std::unique_ptr<service::SkerryService> own_;
  std::unique_ptr<workspace::SessionFiles> files_;
  std::unique_ptr<service::SandboxService> sandbox_;
  std::unique_ptr<task::Tasks> tasks_;
  std::unique_ptr<service::OrchestratorService> orchestrator_;
  std::unique_ptr<service::StreamingService> streaming_;
  service::Router router_;
  std::unique_ptr<service::HttpApi> api_;
  std::unique_ptr<service::GrpcServer> grpc_;
  std::unique_ptr<service::HttpServer> http_;
  boost::asio::steady_timer quiet_{io_};
  Clock::time_point stopping_since_;
};

void tell_addresses(const char* what, const std::vector<std::string>& addresses,
                    const std::vector<int>& ports) {
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::string host = addresses[i].substr(0, addresses[i].rfind(':'));
    std::fputs(fmt::format("skerry: {} on {}:{}\n", what, host, ports[i]).c_str(), stderr);
  }
}

Status serve(const ServeOptions& options) {
  SKERRY_ASSIGN(auto model, take_model_setting());
  SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
  // Sets the runtime up if that was not done.
  SKERRY_TRY(ready_origin(home, runtime::kDefaultTemplate, engine::Metering::kNone).status());
  Service service;
  SKERRY_TRY(service.start(options, home, std::move(model)));
  const std::vector<int>& ports = service.grpc_ports();
  const auto orchestrator = ports.begin() + static_cast<std::ptrdiff_t>(options.grpc.size());
  tell_addresses("gRPC", options.grpc, ports);
  tell_addresses("HTTP", options.http, service.http_ports());
  tell_addresses("orchestrator", options.orchestrator, {orchestrator, ports.end()});
  service.run();
  return ok_status();
}

}  // namespace
}  // namespace skerry::app

// The program `skerry-service`, which `skerry serve` becomes: a program of its own, so that
// commands which serve nothing do not load what it takes (docs/decisions/0011).
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): the parser's, see below
  ::signal(SIGPIPE, SIG_IGN);
  skerry::app::ServeOptions options;
  CLI::App program{"Serve Shannon's agent core over gRPC and its tools over HTTP", "skerry serve"};
  program
      .add_option("--grpc", options.grpc,
                  "Listen here for gRPC; repeatable; port 0 is any that is free "
                  "[127.0.0.1:50051]")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  program
      .add_option("--orchestrator", options.orchestrator,
                  "Listen here for gRPC, too, where clients look for tasks; repeatable "
                  "[127.0.0.1:50052]")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  program
      .add_option("--http", options.http,
                  "Listen here for HTTP; repeatable [127.0.0.1:8000 and 127.0.0.1:8080]")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  program.add_option("--workers", options.workers, "Processes that run guests, at most [16]")
      ->type_name("N");
  program
      .add_option("--module-dir", options.modules.allowed_paths,
                  "Modules in this directory may be named by their path; repeatable [none]")
      ->type_name("DIR")
      ->allow_extra_args(false);
  program
      .add_option("--python-wasm", options.modules.interpreter,
                  "The interpreter of python_wasi_runner where a call names none")
      ->type_name("FILE")
      ->envname("PYTHON_WASI_WASM_PATH");
  program.add_flag("--require-walls", options.require_walls,
                   "Start only where every wall of the jail stands (`skerry doctor` tells)");
  program.add_flag("--require-key", options.requires_key,
                   "Ask everybody for a key (`skerry keys create`), also where there are none yet");
  program.footer(
      "Stops on SIGINT or SIGTERM, when what is under way has ended. SIGHUP reads the keys "
      "again.\n\nExamples:\n"
      "  skerry serve\n"
      "  skerry serve --grpc 127.0.0.1:6000 --http 127.0.0.1:6001 --workers 8\n");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 125;
  }
  const skerry::Status status = skerry::app::serve(options);
  return status.ok() ? 0 : skerry::app::report_failure(status);
}
