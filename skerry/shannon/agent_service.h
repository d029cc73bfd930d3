// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "skerry/agent/agent.h"
#include "skerry/grpc/service.h"
#include "skerry/run/runner.h"
#include "skerry/tool/toolbox.h"

#include "shannon/agent.pb.h"

namespace skerry::shannon {

/// Shannon's agent core: `shannon.agent.AgentService`. A tool that ran and failed is a good answer
/// with a status of its own; gRPC's codes are for calls that came to nothing.
class AgentService final : public grpc::Service {
 public:
  struct Options {
    std::string version;
    sandbox::Limits limits;    ///< of a run that asks for nothing else
    int concurrent_tasks = 0;  ///< as many runs as there are workers
  };
  /// Agent, tools and runner must outlive it.
  AgentService(const agent::Agent& agent, const tool::Toolbox& tools, const run::Runner& runner,
               Options options);

 private:
  Work execute_task(grpc::Call& call, ::shannon::agent::ExecuteTaskRequest& request,
                    ::shannon::agent::ExecuteTaskResponse& response);
  Work stream_execute_task(grpc::Call& call, ::shannon::agent::ExecuteTaskRequest& request,
                           grpc::Writer<::shannon::agent::TaskUpdate>& writer);
  Work execute_tool(grpc::Call& call, ::shannon::agent::ToolCallRequest& request,
                    ::shannon::common::ToolResult& response);
  Work get_capabilities(grpc::Call& call, const ::shannon::agent::GetCapabilitiesRequest& request,
                        ::shannon::agent::GetCapabilitiesResponse& response);
  Work health_check(grpc::Call& call, const ::shannon::agent::HealthCheckRequest& request,
                    ::shannon::agent::HealthCheckResponse& response);
  Work discover_tools(grpc::Call& call, const ::shannon::agent::DiscoverToolsRequest& request,
                      ::shannon::agent::DiscoverToolsResponse& response);
  Work get_tool_capability(grpc::Call& call,
                           const ::shannon::agent::GetToolCapabilityRequest& request,
                           ::shannon::agent::GetToolCapabilityResponse& response);

  const agent::Agent& agent_;
  const tool::Toolbox& tools_;
  const run::Runner& runner_;
  Options options_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace skerry::shannon
