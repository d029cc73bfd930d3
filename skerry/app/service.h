// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/access/audit_log.h"
#include "skerry/access/gate.h"
#include "skerry/agent/agent.h"
#include "skerry/agent/model_options.h"
#include "skerry/api/gate_authorizer.h"
#include "skerry/api/run_routes.h"
#include "skerry/api/skerry_service.h"
#include "skerry/base/os/notify_socket.h"
#include "skerry/config/settings.h"
#include "skerry/grpc/server.h"
#include "skerry/http/server.h"
#include "skerry/http/tls/tls.h"
#include "skerry/loop/background_release.h"
#include "skerry/loop/lag_meter.h"
#include "skerry/loop/pool.h"
#include "skerry/mcp/resources/kept_images.h"
#include "skerry/mcp/server.h"
#include "skerry/metrics/metrics.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/local_runner.h"
#include "skerry/session/sessions.h"
#include "skerry/shannon/agent_service.h"
#include "skerry/shannon/orchestrator_service.h"
#include "skerry/shannon/sandbox_service.h"
#include "skerry/shannon/tool_routes.h"
#include "skerry/task/tasks.h"
#include "skerry/tool/call_audit.h"
#include "skerry/tool/modules/module_source.h"
#include "skerry/tool/runs.h"
#include "skerry/tool/toolbox.h"
#include "skerry/upload/uploads.h"
#include "skerry/workspace/file_calls.h"

namespace skerry::app {

/// Everything that serves, in the order in which it is built. Confined to one thread, which runs
/// the loop.
class Service {
 public:
  /// Fails as the first of its parts that does; then only destroy it.
  Status start(const config::Settings& settings, const runtime::Installation& installation,
               std::optional<agent::ModelOptions> model);

  /// Only what clients of the Model Context Protocol use, and no address: for `serve_stdio`. Fails
  /// as `start`.
  Status start_private(config::Settings settings, const runtime::Installation& installation);

  /// Serves that protocol over standard input and output until either ends, as the tenant whose
  /// sessions are those of the command line.
  void serve_stdio();

  /// Tells its addresses on standard error, and serves until SIGINT or SIGTERM; a second one does
  /// not wait for what is under way. SIGHUP asks `reload` for the settings anew; when that fails,
  /// nothing changes. `manager` hears of all this.
  void run(const std::function<Result<config::Settings>()>& reload, const NotifySocket& manager);

  /// "gRPC on 127.0.0.1:50051", a line for each address.
  std::vector<std::string> addresses() const;

  /// A line on standard error for those who look after the service, as text or JSON.
  void tell(const std::string& line) const;

 private:
  // Large bodies are parsed there, seconds a day; one tenant leaves one to the others.
  static constexpr int kPoolThreads = 2;
  /// Where it listens, in the order of the server's ports.
  struct Addresses {
    std::vector<http::Address> grpc;
    std::vector<http::Address> orchestrator;
    std::vector<http::Address> http;
    std::vector<http::Address> metrics;
  };
  Result<Addresses> addresses_of(const config::Settings& settings) const;
  Status start_access(const config::Settings& settings, const runtime::Home& home);
  Status start_runs(const config::Settings& settings, const runtime::Installation& installation);
  Status start_tools(const config::Settings& settings, const runtime::Runtimes& runtimes,
                     std::optional<agent::ModelOptions> model);
  Status start_tasks(const config::Settings& settings, const runtime::Home& home);
  Status start_tls(const config::Settings& settings);
  Status start_server(const config::Settings& settings);
  void start_front_ends(const config::Settings& settings,
                        const runtime::Installation& installation);
  void start_mcp(const config::Settings& settings, const runtime::Installation& installation);
  void start_calls(const config::Settings& settings);
  access::Gate::Options gate_options(const config::Settings& settings);
  Status reload(const config::Settings& settings);
  void await_reload(boost::asio::signal_set& hang_up,
                    const std::function<Result<config::Settings>()>& reload,
                    const NotifySocket& manager);
  void complain(const Status& told) const;
  void feed_watchdog(const NotifySocket& manager);
  void remove_expired_uploads();
  void end_when_quiet();
  bool is_plain(const http::Address& metrics) const { return tls_ && metrics.is_loopback(); }

  bool logs_json_ = false;
  boost::asio::io_context io_;
  std::unique_ptr<loop::LagMeter> lag_;
  std::unique_ptr<upload::UploadStore> upload_store_;  // the pool works on it
  loop::Pool pool_{kPoolThreads};
  std::unique_ptr<upload::Uploads> uploads_;
  std::filesystem::path keys_;
  std::unique_ptr<access::Gate> gate_;
  std::unique_ptr<access::AuditLog> audit_;
  std::unique_ptr<tool::CallAudit> call_audit_;
  std::unique_ptr<api::GateAuthorizer> authorizer_;
  std::unique_ptr<session::LocalRunner> runner_;
  std::unique_ptr<tool::Runs> runs_;
  std::unique_ptr<session::Sessions> sessions_;
  std::unique_ptr<tool::ModuleSource> modules_;
  tool::Toolbox tools_;
  std::unique_ptr<metrics::Metrics> metrics_;
  agent::Agent agent_core_{tools_};
  std::unique_ptr<shannon::AgentService> agent_;
  std::unique_ptr<api::SkerryService> own_;
  std::unique_ptr<workspace::FileCalls> files_;
  std::unique_ptr<shannon::SandboxService> sandbox_;
  std::unique_ptr<task::Tasks> tasks_;
  std::unique_ptr<shannon::OrchestratorService> orchestrator_;
  std::unique_ptr<shannon::StreamingService> streaming_;
  http::Router router_;
  std::unique_ptr<api::RunDecoder> run_decoder_;
  std::unique_ptr<api::RunApi> run_api_;
  mcp::KeptImages shown_images_;
  std::unique_ptr<mcp::Server> mcp_;
  std::unique_ptr<shannon::ToolApi> tool_api_;
  http::Router operations_router_;  // of ports for metrics
  std::unique_ptr<grpc::Server> calls_;
  std::vector<std::unique_ptr<grpc::Service>> standard_services_;
  Addresses addresses_;
  std::shared_ptr<http::Tls> tls_;  // none: nothing is encrypted
  std::unique_ptr<http::Server> server_;
  boost::asio::steady_timer quiet_{io_};
  boost::asio::steady_timer watchdog_{io_};
  boost::asio::steady_timer uploads_upkeep_{io_};
  std::chrono::steady_clock::time_point stopping_since_;
};

}  // namespace skerry::app
