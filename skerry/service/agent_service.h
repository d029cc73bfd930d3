// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/agent/agent.h"
#include "skerry/broker/runner.h"
#include "skerry/tool/toolbox.h"

#include "shannon/agent.grpc.pb.h"

namespace skerry::service {

/// Shannon's agent core: `shannon.agent.AgentService`. A tool that ran and failed is a good answer
/// with a status of its own; gRPC's codes are for calls that came to nothing.
///
/// gRPC calls it on its threads; the work is done on the loop's. All that it is given must outlive
/// the server.
class AgentService final : public shannon::agent::AgentService::CallbackService {
 public:
  struct Setting {
    std::string version;
    sandbox::Limits limits;    ///< of a run that asks for nothing else
    int concurrent_tasks = 0;  ///< as many runs as there are workers
  };
  AgentService(boost::asio::io_context& io, access::Gate& gate, const agent::Agent& agent,
               const tool::Toolbox& tools, const broker::Runner& runner, Setting setting)
      : io_(io),
        gate_(gate),
        agent_(agent),
        tools_(tools),
        runner_(runner),
        setting_(std::move(setting)) {}

  grpc::ServerUnaryReactor* ExecuteTask(grpc::CallbackServerContext* context,
                                        const shannon::agent::ExecuteTaskRequest* request,
                                        shannon::agent::ExecuteTaskResponse* response) override;
  grpc::ServerWriteReactor<shannon::agent::TaskUpdate>* StreamExecuteTask(
      grpc::CallbackServerContext* context,
      const shannon::agent::ExecuteTaskRequest* request) override;
  grpc::ServerUnaryReactor* ExecuteTool(grpc::CallbackServerContext* context,
                                        const shannon::agent::ToolCallRequest* request,
                                        shannon::common::ToolResult* response) override;
  grpc::ServerUnaryReactor* GetCapabilities(
      grpc::CallbackServerContext* context, const shannon::agent::GetCapabilitiesRequest* request,
      shannon::agent::GetCapabilitiesResponse* response) override;
  grpc::ServerUnaryReactor* HealthCheck(grpc::CallbackServerContext* context,
                                        const shannon::agent::HealthCheckRequest* request,
                                        shannon::agent::HealthCheckResponse* response) override;
  grpc::ServerUnaryReactor* DiscoverTools(grpc::CallbackServerContext* context,
                                          const shannon::agent::DiscoverToolsRequest* request,
                                          shannon::agent::DiscoverToolsResponse* response) override;
  grpc::ServerUnaryReactor* GetToolCapability(
      grpc::CallbackServerContext* context, const shannon::agent::GetToolCapabilityRequest* request,
      shannon::agent::GetToolCapabilityResponse* response) override;

 private:
  boost::asio::io_context& io_;
  access::Gate& gate_;
  const agent::Agent& agent_;
  const tool::Toolbox& tools_;
  const broker::Runner& runner_;
  Setting setting_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace skerry::service
