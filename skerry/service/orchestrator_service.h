// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/task/tasks.h"

#include "shannon/orchestrator.grpc.pb.h"
#include "shannon/streaming.grpc.pb.h"

namespace skerry::service {

/// Shannon's orchestrator, as far as it is about tasks: `shannon.orchestrator.OrchestratorService`.
/// What has no meaning here answers UNIMPLEMENTED and says what to do instead.
///
/// gRPC calls it on its threads; the work is done on the loop's. Loop, gate and tasks must
/// outlive the server.
class OrchestratorService final
    : public shannon::orchestrator::OrchestratorService::CallbackService {
 public:
  OrchestratorService(boost::asio::io_context& io, access::Gate& gate, task::Tasks& tasks)
      : io_(io), gate_(gate), tasks_(tasks) {}

  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;

  // What is here.
  Reactor* SubmitTask(Context* context, const shannon::orchestrator::SubmitTaskRequest* request,
                      shannon::orchestrator::SubmitTaskResponse* response) override;
  Reactor* GetTaskStatus(Context* context,
                         const shannon::orchestrator::GetTaskStatusRequest* request,
                         shannon::orchestrator::GetTaskStatusResponse* response) override;
  Reactor* ListTasks(Context* context, const shannon::orchestrator::ListTasksRequest* request,
                     shannon::orchestrator::ListTasksResponse* response) override;
  Reactor* CancelTask(Context* context, const shannon::orchestrator::CancelTaskRequest* request,
                      shannon::orchestrator::CancelTaskResponse* response) override;
  Reactor* PauseTask(Context* context, const shannon::orchestrator::PauseTaskRequest* request,
                     shannon::orchestrator::PauseTaskResponse* response) override;
  Reactor* ResumeTask(Context* context, const shannon::orchestrator::ResumeTaskRequest* request,
                      shannon::orchestrator::ResumeTaskResponse* response) override;
  Reactor* GetControlState(Context* context,
                           const shannon::orchestrator::GetControlStateRequest* request,
                           shannon::orchestrator::GetControlStateResponse* response) override;

  // What is not.
  Reactor* GetSessionContext(Context* context,
                             const shannon::orchestrator::GetSessionContextRequest* request,
                             shannon::orchestrator::GetSessionContextResponse* response) override;
  Reactor* ListTemplates(Context* context,
                         const shannon::orchestrator::ListTemplatesRequest* request,
                         shannon::orchestrator::ListTemplatesResponse* response) override;
  Reactor* ApproveTask(Context* context, const shannon::orchestrator::ApproveTaskRequest* request,
                       shannon::orchestrator::ApproveTaskResponse* response) override;
  Reactor* GetPendingApprovals(
      Context* context, const shannon::orchestrator::GetPendingApprovalsRequest* request,
      shannon::orchestrator::GetPendingApprovalsResponse* response) override;
  Reactor* CreateSchedule(Context* context,
                          const shannon::orchestrator::CreateScheduleRequest* request,
                          shannon::orchestrator::CreateScheduleResponse* response) override;
  Reactor* GetSchedule(Context* context, const shannon::orchestrator::GetScheduleRequest* request,
                       shannon::orchestrator::GetScheduleResponse* response) override;
  Reactor* ListSchedules(Context* context,
                         const shannon::orchestrator::ListSchedulesRequest* request,
                         shannon::orchestrator::ListSchedulesResponse* response) override;
  Reactor* UpdateSchedule(Context* context,
                          const shannon::orchestrator::UpdateScheduleRequest* request,
                          shannon::orchestrator::UpdateScheduleResponse* response) override;
  Reactor* DeleteSchedule(Context* context,
                          const shannon::orchestrator::DeleteScheduleRequest* request,
                          shannon::orchestrator::DeleteScheduleResponse* response) override;
  Reactor* PauseSchedule(Context* context,
                         const shannon::orchestrator::PauseScheduleRequest* request,
                         shannon::orchestrator::PauseScheduleResponse* response) override;
  Reactor* ResumeSchedule(Context* context,
                          const shannon::orchestrator::ResumeScheduleRequest* request,
                          shannon::orchestrator::ResumeScheduleResponse* response) override;

 private:
  template <typename Request, typename Response>
  Reactor* control(Context* context, task::Action action, const Request* request,
                   Response* response);

  boost::asio::io_context& io_;
  access::Gate& gate_;
  task::Tasks& tasks_;
};

/// Events of tasks: `shannon.orchestrator.StreamingService`. As above.
class StreamingService final : public shannon::orchestrator::StreamingService::CallbackService {
 public:
  StreamingService(boost::asio::io_context& io, const access::Gate& gate, task::Tasks& tasks)
      : io_(io), gate_(gate), tasks_(tasks) {}

  grpc::ServerWriteReactor<shannon::orchestrator::TaskUpdate>* StreamTaskExecution(
      grpc::CallbackServerContext* context,
      const shannon::orchestrator::StreamRequest* request) override;

 private:
  boost::asio::io_context& io_;
  const access::Gate& gate_;
  task::Tasks& tasks_;
};

}  // namespace skerry::service
