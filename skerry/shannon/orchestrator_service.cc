// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/orchestrator_service.h"

#include <string>
#include <utility>

#include "skerry/shannon/json_struct.h"
#include "skerry/shannon/task_document.h"
#include "skerry/shannon/task_request.h"
#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

namespace orchestrator = ::shannon::orchestrator;
using nlohmann::json;

void set_time(google::protobuf::Timestamp* time, std::int64_t unix_ns) {
  time->set_seconds(unix_ns / 1'000'000'000);
  time->set_nanos(static_cast<std::int32_t>(unix_ns % 1'000'000'000));
}

::shannon::common::ExecutionMode mode_of(const std::string& mode) {
  if (mode == "simple") return ::shannon::common::EXECUTION_MODE_SIMPLE;
  if (mode == "standard") return ::shannon::common::EXECUTION_MODE_STANDARD;
  return mode.empty() ? ::shannon::common::EXECUTION_MODE_UNSPECIFIED
                      : ::shannon::common::EXECUTION_MODE_COMPLEX;
}

// The states are numbered as the proto's.
orchestrator::TaskStatus status_of(task::State state) {
  return static_cast<orchestrator::TaskStatus>(state);
}

void fill_status(const task::Task& task, bool has_details,
                 orchestrator::GetTaskStatusResponse& response) {
  response.set_task_id(task.id);
  response.set_status(status_of(task.state));
  response.set_progress(task.progress);
  response.set_result(task.result);
  response.set_error_message(task.error);
  auto& metrics = *response.mutable_metrics();
  metrics.set_agents_used(task.started_unix_ns == 0 ? 0 : 1);
  metrics.set_mode(mode_of(task.submission.mode));
  if (task.finished_unix_ns != 0 && task.started_unix_ns != 0) {
    metrics.set_latency_ms((task.finished_unix_ns - task.started_unix_ns) / 1'000'000);
  }
  if (!has_details || !task.executions.is_array()) return;
  for (const json& each : task.executions) {
    if (!each.is_object()) continue;
    auto& told = *response.add_agent_statuses();
    told.set_agent_id(each.value("tool", std::string()));
    told.set_task_id(task.id);
    const bool succeeded = each.value("success", false);
    told.set_status(succeeded ? orchestrator::TASK_STATUS_COMPLETED
                              : orchestrator::TASK_STATUS_FAILED);
    const json said = each.value(succeeded ? "output" : "error", json());
    told.set_result(agent::text_of(said));
  }
}

void fill_summary(const task::Task& task, orchestrator::TaskSummary& summary) {
  summary.set_task_id(task.id);
  summary.set_query(task.submission.query);
  summary.set_status(status_of(task.state));
  summary.set_mode(mode_of(task.submission.mode));
  set_time(summary.mutable_created_at(), task.created_unix_ns);
  if (task.finished_unix_ns != 0) set_time(summary.mutable_completed_at(), task.finished_unix_ns);
}

orchestrator::TaskUpdate update_of(const std::string& workflow, const task::Event& event) {
  orchestrator::TaskUpdate update;
  update.set_workflow_id(workflow);
  update.set_type(event.type);
  update.set_agent_id(event.agent);
  update.set_message(event.message);
  set_time(update.mutable_timestamp(), event.at_unix_ns);
  update.set_seq(static_cast<std::uint64_t>(event.seq));
  if (event.payload.is_object()) *update.mutable_payload() = struct_of(event.payload);
  return update;
}

Status bad_id() {
  return absl::InvalidArgumentError("task_id must be 1 to 128 letters, digits, and : _ - .");
}

Result<task::Filter> filter_of(const orchestrator::ListTasksRequest& request) {
  // Proto's 0 is what was not said.
  if (request.limit() < 0 || request.limit() > 100) {
    return absl::InvalidArgumentError("limit must be from 1 to 100, or 0 for 20");
  }
  if (request.offset() < 0) return absl::InvalidArgumentError("offset must not be negative");
  task::Filter filter{.limit = request.limit() == 0 ? 20 : request.limit(),
                      .offset = request.offset()};
  if (!request.session_id().empty()) filter.session = request.session_id();
  if (!request.user_id().empty()) filter.user = request.user_id();
  if (request.filter_status() != orchestrator::TASK_STATUS_UNSPECIFIED) {
    if (!orchestrator::TaskStatus_IsValid(request.filter_status())) {
      return absl::InvalidArgumentError("filter_status is none of TaskStatus");
    }
    filter.state = static_cast<task::State>(request.filter_status());
  }
  return filter;
}

constexpr const char* kNoApproval =
    "tasks need no approval here; PauseTask and ResumeTask hold a task back";
constexpr const char* kNoSchedule =
    "tasks are not scheduled here; let cron or a systemd timer call SubmitTask";

}  // namespace

/// CancelTask, PauseTask, ResumeTask. What cannot be done now is an answer, not an error of the
/// call: so clients of the reference expect.
template <typename Request, typename Response>
grpc::Service::Work OrchestratorService::control(grpc::Call& call, task::Action action,
                                                 const Request& request, Response& response) {
  const access::Principal& caller = call.principal();
  if (!task::is_id(request.task_id())) co_return bad_id();
  if (request.reason().size() > kMaxReason) {
    co_return absl::InvalidArgumentError("reason is longer than 1000 bytes");
  }
  task::ControlRequest wish{.reason = request.reason(), .by = caller.user};
  auto controlling = tasks_.control(caller.tenant, request.task_id(), action, std::move(wish));
  const auto task = co_await std::move(controlling);
  if (task.status().code() == StatusCode::kFailedPrecondition) {
    response.set_success(false);
    response.set_message(std::string(message_of(task.status())));
    co_return ok_status();
  }
  if (!task.ok()) co_return task.status();
  response.set_success(true);
  response.set_message(std::string(task::name_of(task->state)) +
                       (task->is_pausing ? "; pauses before its next call" : ""));
  co_return ok_status();
}

OrchestratorService::OrchestratorService(task::Tasks& tasks)
    : grpc::Service(orchestrator::SubmitTaskRequest::descriptor()->file()->FindServiceByName(
          "OrchestratorService")),
      tasks_(tasks) {
  const grpc::MethodOptions options{.access = grpc::Access::kKey};
  const grpc::MethodOptions submissions{.access = grpc::Access::kKey,
                                        .max_message = kMaxSubmission};
  unary<orchestrator::SubmitTaskRequest, orchestrator::SubmitTaskResponse>(
      "SubmitTask", submissions, [this](grpc::Call& call, auto& request, auto& response) {
        return submit_task(call, request, response);
      });
  unary<orchestrator::GetTaskStatusRequest, orchestrator::GetTaskStatusResponse>(
      "GetTaskStatus", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return get_task_status(call, request, response);
      });
  unary<orchestrator::ListTasksRequest, orchestrator::ListTasksResponse>(
      "ListTasks", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return list_tasks(call, request, response);
      });
  unary<orchestrator::CancelTaskRequest, orchestrator::CancelTaskResponse>(
      "CancelTask", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return control(call, task::Action::kCancel, request, response);
      });
  unary<orchestrator::PauseTaskRequest, orchestrator::PauseTaskResponse>(
      "PauseTask", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return control(call, task::Action::kPause, request, response);
      });
  unary<orchestrator::ResumeTaskRequest, orchestrator::ResumeTaskResponse>(
      "ResumeTask", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return control(call, task::Action::kResume, request, response);
      });
  unary<orchestrator::GetControlStateRequest, orchestrator::GetControlStateResponse>(
      "GetControlState", options, [this](grpc::Call& call, const auto& request, auto& response) {
        return get_control_state(call, request, response);
      });
  unimplemented("GetSessionContext", "what a session holds is in its image; run code in it to see");
  unimplemented("ListTemplates", "there are no templates of workflows here");
  for (const char* each : {"ApproveTask", "GetPendingApprovals"}) unimplemented(each, kNoApproval);
  for (const char* each : {"CreateSchedule", "GetSchedule", "ListSchedules", "UpdateSchedule",
                           "DeleteSchedule", "PauseSchedule", "ResumeSchedule"}) {
    unimplemented(each, kNoSchedule);
  }
}

grpc::Service::Work OrchestratorService::submit_task(grpc::Call& call,
                                                     orchestrator::SubmitTaskRequest& request,
                                                     orchestrator::SubmitTaskResponse& response) {
  access::Principal caller = call.principal();
  if (caller.user.empty()) caller.user = request.metadata().user_id();
  caller.session = request.metadata().session_id();
  auto submission = submission_of(std::move(request), caller);
  if (!submission.ok()) co_return submission.status();
  auto submitting = tasks_.submit(*std::move(submission), std::nullopt);
  const auto accepted = co_await std::move(submitting);
  if (!accepted.ok()) co_return accepted.status();
  response.set_workflow_id(accepted->id);
  response.set_task_id(accepted->id);
  response.set_status(::shannon::common::STATUS_CODE_OK);
  response.set_message("Task submitted successfully");
  co_return ok_status();
}

grpc::Service::Work OrchestratorService::get_task_status(
    grpc::Call& call, const orchestrator::GetTaskStatusRequest& request,
    orchestrator::GetTaskStatusResponse& response) {
  const access::Principal& caller = call.principal();
  if (!task::is_id(request.task_id())) co_return bad_id();
  auto finding = tasks_.find(caller.tenant, request.task_id());
  const auto task = co_await std::move(finding);
  if (!task.ok()) co_return task.status();
  fill_status(*task, request.include_details(), response);
  co_return ok_status();
}

grpc::Service::Work OrchestratorService::list_tasks(grpc::Call& call,
                                                    const orchestrator::ListTasksRequest& request,
                                                    orchestrator::ListTasksResponse& response) {
  const access::Principal& caller = call.principal();
  auto filter = filter_of(request);
  if (!filter.ok()) co_return filter.status();
  auto listing = tasks_.list(caller.tenant, *std::move(filter));
  const auto page = co_await std::move(listing);
  if (!page.ok()) co_return page.status();
  for (const task::Task& each : page->tasks) fill_summary(each, *response.add_tasks());
  response.set_total_count(static_cast<std::int32_t>(page->total));
  co_return ok_status();
}

grpc::Service::Work OrchestratorService::get_control_state(
    grpc::Call& call, const orchestrator::GetControlStateRequest& request,
    orchestrator::GetControlStateResponse& response) {
  const access::Principal& caller = call.principal();
  if (!task::is_id(request.task_id())) co_return bad_id();
  auto finding = tasks_.find(caller.tenant, request.task_id());
  const auto task = co_await std::move(finding);
  if (!task.ok()) co_return task.status();
  const auto told = control_json(*task);
  response.set_is_paused(told["is_paused"].get<bool>());
  response.set_is_cancelled(told["is_cancelled"].get<bool>());
  response.set_paused_at(told["paused_at"].get<std::string>());
  response.set_pause_reason(task->pause.reason);
  response.set_paused_by(task->pause.by);
  response.set_cancel_reason(task->cancel.reason);
  response.set_cancelled_by(task->cancel.by);
  co_return ok_status();
}

StreamingService::StreamingService(task::Tasks& tasks)
    : grpc::Service(
          orchestrator::StreamRequest::descriptor()->file()->FindServiceByName("StreamingService")),
      tasks_(tasks) {
  streamed<orchestrator::StreamRequest, orchestrator::TaskUpdate>(
      "StreamTaskExecution", {.access = grpc::Access::kKey},
      [this](grpc::Call& call, const auto& request, auto& writer) {
        return stream_task_execution(call, request, writer);
      });
}

grpc::Service::Work StreamingService::stream_task_execution(
    grpc::Call& call, const orchestrator::StreamRequest& request,
    grpc::Writer<orchestrator::TaskUpdate>& writer) {
  const access::Principal& caller = call.principal();
  const auto following =
      following_in(request.workflow_id(), {request.types().begin(), request.types().end()},
                   request.last_event_id());
  if (!following.ok()) co_return following.status();
  auto asking = tasks_.follow(caller.tenant, following->id, following->after);
  auto reader = co_await std::move(asking);
  if (!reader.ok()) co_return reader.status();
  for (;;) {
    auto coming = reader->next();
    const auto batch = co_await std::move(coming);
    if (!batch.ok()) co_return batch.status();
    if (batch->empty()) co_return ok_status();
    for (const auto& each : *batch) {
      if (following->wants(each->type)) writer.send(update_of(following->id, *each));
    }
    auto taken = writer.drained();
    if (!co_await std::move(taken)) co_return absl::CancelledError("the client has gone");
  }
}

}  // namespace skerry::shannon
