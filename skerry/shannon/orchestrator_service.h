// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/grpc/service.h"
#include "skerry/task/tasks.h"

#include "shannon/orchestrator.pb.h"
#include "shannon/streaming.pb.h"

namespace skerry::shannon {

/// Shannon's orchestrator, as far as it is about tasks: `shannon.orchestrator.OrchestratorService`.
/// What has no meaning here answers UNIMPLEMENTED and says what to do instead.
class OrchestratorService final : public grpc::Service {
 public:
  /// The tasks must outlive it.
  explicit OrchestratorService(task::Tasks& tasks);

 private:
  Work submit_task(grpc::Call& call, ::shannon::orchestrator::SubmitTaskRequest& request,
                   ::shannon::orchestrator::SubmitTaskResponse& response);
  Work get_task_status(grpc::Call& call,
                       const ::shannon::orchestrator::GetTaskStatusRequest& request,
                       ::shannon::orchestrator::GetTaskStatusResponse& response);
  Work list_tasks(grpc::Call& call, const ::shannon::orchestrator::ListTasksRequest& request,
                  ::shannon::orchestrator::ListTasksResponse& response);
  Work get_control_state(grpc::Call& call,
                         const ::shannon::orchestrator::GetControlStateRequest& request,
                         ::shannon::orchestrator::GetControlStateResponse& response);
  template <typename Request, typename Response>
  Work control(grpc::Call& call, task::Action action, const Request& request, Response& response);

  task::Tasks& tasks_;
};

/// Events of tasks: `shannon.orchestrator.StreamingService`.
class StreamingService final : public grpc::Service {
 public:
  /// The tasks must outlive it.
  explicit StreamingService(task::Tasks& tasks);

 private:
  Work stream_task_execution(grpc::Call& call,
                             const ::shannon::orchestrator::StreamRequest& request,
                             grpc::Writer<::shannon::orchestrator::TaskUpdate>& writer);

  task::Tasks& tasks_;
};

}  // namespace skerry::shannon
