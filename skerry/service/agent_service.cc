// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/agent_service.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "skerry/agent/direct_code.h"
#include "skerry/base/utf8.h"
#include "skerry/service/grpc_call.h"
#include "skerry/service/json_struct.h"
#include "skerry/tool/python_executor.h"

namespace skerry::service {
namespace {

namespace common = shannon::common;
namespace proto = shannon::agent;
using boost::asio::awaitable;
using nlohmann::json;
using tool::ToolResult;
using tool::Verdict;

constexpr std::size_t kMostCalls = 100;  // in one request

/// One tool to call, as a request asks for it.
struct PlannedCall {
  std::string tool;
  json parameters;
};

/// What a request asks for: nothing but tools to call, in order.
struct Plan {
  std::vector<PlannedCall> calls;
  bool is_list = false;  ///< as `tool_calls`: what cannot be called is a result, too
};

std::string text_of(const google::protobuf::Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  if (found == object.fields().end() || !found->second.has_string_value()) return {};
  return found->second.string_value();
}

tool::Caller caller_of(const proto::ExecuteTaskRequest& request) {
  tool::Caller caller;
  caller.session = request.session_context().session_id().empty()
                       ? request.metadata().session_id()
                       : request.session_context().session_id();
  caller.user = request.session_context().user_id().empty() ? request.metadata().user_id()
                                                            : request.session_context().user_id();
  return caller;
}

/// `tool_parameters`: the tool's name among them, or the only one available.
PlannedCall single_call(const google::protobuf::Struct& given,
                        const proto::ExecuteTaskRequest& request) {
  PlannedCall call;
  for (const char* key : {"tool", "tool_name", "name"}) {
    if (call.tool.empty()) call.tool = text_of(given, key);
  }
  if (call.tool.empty() && request.available_tools_size() == 1) {
    call.tool = request.available_tools(0);
  }
  json all = json_of(given);
  call.parameters = json::object();
  // A nested object comes first, what stands beside it overrides.
  if (const auto nested = all.find("parameters"); nested != all.end() && nested->is_object()) {
    call.parameters = std::move(*nested);
    all.erase("parameters");
  }
  for (const char* key : {"tool", "tool_name", "name"}) all.erase(key);
  call.parameters.update(all);
  return call;
}

grpc::Status check_allowed(const Plan& plan, const proto::ExecuteTaskRequest& request) {
  std::vector<std::vector<std::string>> lists;
  if (request.available_tools_size() > 0) {
    lists.emplace_back(request.available_tools().begin(), request.available_tools().end());
  }
  const auto allowed = request.context().fields().find("allowed_tools");
  if (allowed != request.context().fields().end() && allowed->second.has_list_value()) {
    auto& names = lists.emplace_back();
    for (const auto& each : allowed->second.list_value().values()) {
      names.push_back(each.string_value());
    }
  }
  for (const PlannedCall& call : plan.calls) {
    for (const auto& names : lists) {
      if (std::find(names.begin(), names.end(), call.tool) != names.end()) continue;
      return {grpc::StatusCode::PERMISSION_DENIED,
              "tool \"" + call.tool + "\" is not among those that this request allows"};
    }
  }
  return grpc::Status::OK;
}

grpc::Status plan_list(const google::protobuf::ListValue& list, Plan& plan) {
  plan.is_list = true;
  if (list.values_size() > static_cast<int>(kMostCalls)) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "tool_calls has more than 100 items"};
  }
  for (const auto& item : list.values()) {
    PlannedCall call{.tool = text_of(item.struct_value(), "tool"), .parameters = json::object()};
    const auto& fields = item.struct_value().fields();
    if (const auto found = fields.find("parameters"); found != fields.end()) {
      call.parameters = json_of(found->second);
    }
    if (call.tool.empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "an item of tool_calls names no tool"};
    }
    plan.calls.push_back(std::move(call));
  }
  return grpc::Status::OK;
}

/// What the request asks for, by its context, or by a query that is code.
grpc::Status make_plan(const proto::ExecuteTaskRequest& request, Plan& plan) {
  const auto& context = request.context().fields();
  const auto list = context.find("tool_calls");
  const auto single = context.find("tool_parameters");
  if (list != context.end() && list->second.has_list_value()) {
    if (auto status = plan_list(list->second.list_value(), plan); !status.ok()) return status;
  } else if (single != context.end() && single->second.has_struct_value()) {
    plan.calls.push_back(single_call(single->second.struct_value(), request));
    if (plan.calls[0].tool.empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "tool_parameters names no tool: give \"tool\", or one in available_tools"};
    }
  } else if (auto code = agent::code_in(request.query())) {
    plan.calls.push_back(
        {.tool = tool::PythonExecutor::kName, .parameters = {{"code", *std::move(code)}}});
  } else if (request.query().empty()) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            "there is neither a query nor tool_parameters nor tool_calls in it"};
  } else {
    return {grpc::StatusCode::FAILED_PRECONDITION,
            "this query needs a language model, and none is configured; without one, ask "
            "\"Execute Python: CODE\", or give context.tool_parameters"};
  }
  return check_allowed(plan, request);
}

common::StatusCode status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return common::STATUS_CODE_OK;
    case Verdict::kTimeout:
      return common::STATUS_CODE_TIMEOUT;
    case Verdict::kBusy:
      return common::STATUS_CODE_RATE_LIMITED;
    default:
      return common::STATUS_CODE_ERROR;
  }
}

/// The gRPC status of a call that came to nothing; OK for one whose result tells.
grpc::Status fault_of(const ToolResult& result) {
  switch (result.verdict) {
    case Verdict::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, result.error};
    case Verdict::kUnknownTool:
      return {grpc::StatusCode::NOT_FOUND, result.error};
    case Verdict::kBusy:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, result.error};
    case Verdict::kCancelled:
      return {grpc::StatusCode::CANCELLED, result.error};
    case Verdict::kBroken:
      return {grpc::StatusCode::INTERNAL, result.error};
    default:
      return grpc::Status::OK;
  }
}

common::ToolResult proto_of(const std::string& tool, const ToolResult& result) {
  common::ToolResult told;
  told.set_tool_id(tool);
  *told.mutable_output() = value_of(result.output);
  told.set_status(status_of(result.verdict));
  told.set_error_message(result.error);
  told.set_execution_time_ms(
      std::chrono::duration_cast<std::chrono::milliseconds>(result.took).count());
  *told.mutable_metadata() = struct_of(result.metadata);
  return told;
}

/// An output as text: what clients show.
std::string text_of(const json& output) {
  const json* value = &output;
  while (value->is_object() && value->contains("result")) value = &value->at("result");
  if (value->is_null()) return {};
  return value->is_string() ? value->get<std::string>() : value->dump();
}

/// Carries a plan out, one call after the other.
class Task {
 public:
  Task(const tool::Toolbox& tools, const proto::ExecuteTaskRequest& request)
      : tools_(tools), request_(request) {}

  grpc::Status plan() { return make_plan(request_, plan_); }

  struct Observer {
    std::function<void(const common::ToolCall& call)> begins = {};
    tool::OutputSeen output = {};
    std::function<void(const common::ToolResult& result)> ended = {};
  };
  /// Fills `response` in. Not OK when a single call came to nothing.
  awaitable<grpc::Status> run(proto::ExecuteTaskResponse& response, Observer observer) {
    const auto begun = std::chrono::steady_clock::now();
    response.set_task_id(request_.metadata().task_id());
    response.set_status(common::STATUS_CODE_OK);
    for (PlannedCall& planned : plan_.calls) {
      common::ToolCall& call = *response.add_tool_calls();
      call.set_name(planned.tool);
      call.set_tool_id(planned.tool);
      *call.mutable_parameters() = struct_of(shown(planned.parameters));
      if (observer.begins) observer.begins(call);
      json parameters = with_time(planned);
      tool::Caller caller = caller_of(request_);
      const ToolResult result = co_await tools_.call(planned.tool, std::move(parameters),
                                                     std::move(caller), observer.output);
      if (const grpc::Status fault = fault_of(result); !fault.ok() && !plan_.is_list) {
        co_return fault;
      }
      *response.add_tool_results() = proto_of(planned.tool, result);
      if (observer.ended) observer.ended(*response.tool_results().rbegin());
      add(planned.tool, result, response);
      if (result.verdict == Verdict::kCancelled) break;
    }
    response.mutable_metrics()->set_latency_ms(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                              begun)
            .count());
    response.mutable_metrics()->set_agents_used(1);
    response.mutable_metrics()->set_mode(request_.mode());
    response.set_final_state(response.status() == common::STATUS_CODE_OK
                                 ? proto::AGENT_STATE_COMPLETED
                                 : proto::AGENT_STATE_FAILED);
    co_return grpc::Status::OK;
  }

 private:
  // Longer ones (modules, mostly) are not sent back to who has them.
  static constexpr std::size_t kLongestEcho = 4096;
  static json shown(const json& parameters) {
    json echo = parameters.is_object() ? parameters : json::object();
    for (auto& value : echo) {
      if (!value.is_string() || value.get_ref<const std::string&>().size() <= kLongestEcho)
        continue;
      value = std::string(clip(value.get_ref<const std::string&>(), kLongestEcho)) + "…";
    }
    return echo;
  }

  /// The request's own time-out, where a tool takes one and the call says nothing else.
  json with_time(PlannedCall& planned) const {
    const int seconds = request_.config().timeout_seconds();
    const tool::Definition* definition = tools_.find(planned.tool);
    const bool takes_one =
        definition != nullptr &&
        std::any_of(definition->parameters.begin(), definition->parameters.end(),
                    [](const auto& each) { return each.name == "timeout_seconds"; });
    if (seconds > 0 && takes_one && planned.parameters.is_object() &&
        !planned.parameters.contains("timeout_seconds")) {
      planned.parameters["timeout_seconds"] = seconds;
    }
    return std::move(planned.parameters);
  }

  void add(const std::string& tool, const ToolResult& result,
           proto::ExecuteTaskResponse& response) const {
    response.set_result(text_of(result.output));
    if (result.succeeded()) return;
    const bool is_first = response.error_message().empty();
    response.set_status(plan_.is_list ? common::STATUS_CODE_ERROR : status_of(result.verdict));
    response.set_error_message(plan_.is_list ? response.error_message() + (is_first ? "" : "; ") +
                                                   tool + ": " + result.error
                                             : result.error);
  }

  const tool::Toolbox& tools_;
  const proto::ExecuteTaskRequest& request_;
  Plan plan_;
};

proto::ToolCapability capability_of(const tool::Definition& tool) {
  proto::ToolCapability capability;
  capability.set_id(tool.name);
  capability.set_name(tool.name);
  capability.set_description(tool.description);
  capability.set_category(tool.category);
  *capability.mutable_input_schema() = struct_of(json(tool::schema_of(tool)));
  capability.set_is_dangerous(tool.is_dangerous);
  capability.set_version(tool.version);
  capability.set_author("Skerry");
  for (const std::string& tag : tool.tags) capability.add_tags(tag);
  for (const json& example : tool.examples) {
    *capability.add_examples()->mutable_input() = struct_of(example);
  }
  capability.mutable_rate_limit()->set_requests_per_minute(tool.calls_per_minute);
  return capability;
}

/// Of the machine's memory, in percent; 0 when the kernel does not tell.
double memory_in_use() {
  std::ifstream file("/proc/meminfo");
  double total = 0;
  double available = 0;
  std::string name;
  for (double value = 0; file >> name >> value;) {
    if (name == "MemTotal:") total = value;
    if (name == "MemAvailable:") available = value;
    file.ignore(64, '\n');
    if (total > 0 && available > 0) return 100 * (total - available) / total;
  }
  return 0;
}

}  // namespace

grpc::ServerUnaryReactor* AgentService::ExecuteTask(grpc::CallbackServerContext*,
                                                    const proto::ExecuteTaskRequest* request,
                                                    proto::ExecuteTaskResponse* response) {
  return UnaryCall::start(io_, [this, request, response]() -> GrpcWork::Work {
    Task task(tools_, *request);
    if (auto status = task.plan(); !status.ok()) co_return status;
    co_return co_await task.run(*response, {});
  });
}

grpc::ServerWriteReactor<proto::TaskUpdate>* AgentService::StreamExecuteTask(
    grpc::CallbackServerContext*, const proto::ExecuteTaskRequest* request) {
  using Call = StreamCall<proto::TaskUpdate>;
  return Call::start(io_, [this, request](Call::Send send) -> GrpcWork::Work {
    const auto update = [request](proto::AgentState state, double progress) {
      proto::TaskUpdate update;
      update.set_task_id(request->metadata().task_id());
      update.set_state(state);
      update.set_progress(progress);
      return update;
    };
    Task task(tools_, *request);
    if (auto status = task.plan(); !status.ok()) co_return status;
    send(update(proto::AGENT_STATE_PLANNING, 0));
    Task::Observer observer;
    observer.begins = [&](const common::ToolCall& call) {
      auto begins = update(proto::AGENT_STATE_EXECUTING, 0.1);
      *begins.mutable_tool_call() = call;
      send(std::move(begins));
    };
    observer.output = [&](wasi::Stream stream, std::string_view text) {
      auto printed = update(proto::AGENT_STATE_EXECUTING, 0.5);
      printed.set_delta(std::string(text));
      if (stream == wasi::Stream::kStderr) printed.set_message("stderr");
      send(std::move(printed));
    };
    observer.ended = [&](const common::ToolResult& result) {
      auto ended = update(proto::AGENT_STATE_EXECUTING, 0.9);
      *ended.mutable_tool_result() = result;
      send(std::move(ended));
    };
    proto::ExecuteTaskResponse response;
    const grpc::Status status = co_await task.run(response, std::move(observer));
    if (!status.ok()) co_return status;
    auto last = update(response.final_state(), 1);
    last.set_message(response.status() == common::STATUS_CODE_OK ? response.result()
                                                                 : response.error_message());
    send(std::move(last));
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AgentService::ExecuteTool(grpc::CallbackServerContext*,
                                                    const proto::ToolCallRequest* request,
                                                    common::ToolResult* response) {
  return UnaryCall::start(io_, [this, request, response]() -> GrpcWork::Work {
    tool::Caller caller{.user = request->user_id(), .session = request->session_id()};
    json parameters = json_of(request->parameters());
    const ToolResult result =
        co_await tools_.call(request->tool_name(), std::move(parameters), std::move(caller), {});
    if (auto fault = fault_of(result); !fault.ok()) co_return fault;
    *response = proto_of(request->tool_name(), result);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AgentService::GetCapabilities(grpc::CallbackServerContext*,
                                                        const proto::GetCapabilitiesRequest*,
                                                        proto::GetCapabilitiesResponse* response) {
  return UnaryCall::start(io_, [this, response]() -> GrpcWork::Work {
    for (const tool::Definition* each : tools_.search({})) {
      response->add_supported_tools(each->name);
    }
    for (const auto mode : {common::EXECUTION_MODE_SIMPLE, common::EXECUTION_MODE_STANDARD,
                            common::EXECUTION_MODE_COMPLEX}) {
      response->add_supported_modes(mode);
    }
    response->set_max_memory_mb(static_cast<std::int64_t>(setting_.limits.memory.value >> 20));
    response->set_max_concurrent_tasks(setting_.concurrent_tasks);
    response->set_version(setting_.version);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AgentService::HealthCheck(grpc::CallbackServerContext*,
                                                    const proto::HealthCheckRequest*,
                                                    proto::HealthCheckResponse* response) {
  return UnaryCall::start(io_, [this, response]() -> GrpcWork::Work {
    const broker::Counts counts = runner_.counts();
    const bool healthy = counts.has_workers();
    response->set_healthy(healthy);
    response->set_message(healthy ? "serving" : "no worker starts: see the log");
    response->set_uptime_seconds(std::chrono::duration_cast<std::chrono::seconds>(
                                     std::chrono::steady_clock::now() - started_)
                                     .count());
    response->set_active_tasks(counts.running + counts.waiting);
    response->set_memory_usage_percent(memory_in_use());
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AgentService::DiscoverTools(grpc::CallbackServerContext*,
                                                      const proto::DiscoverToolsRequest* request,
                                                      proto::DiscoverToolsResponse* response) {
  return UnaryCall::start(io_, [this, request, response]() -> GrpcWork::Work {
    const tool::Search search{
        .query = request->query(),
        .categories = {request->categories().begin(), request->categories().end()},
        .tags = {request->tags().begin(), request->tags().end()},
        .excludes_dangerous = request->exclude_dangerous(),
        .most = static_cast<std::size_t>(std::max(0, request->max_results()))};
    for (const tool::Definition* each : tools_.search(search)) {
      *response->add_tools() = capability_of(*each);
    }
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AgentService::GetToolCapability(
    grpc::CallbackServerContext*, const proto::GetToolCapabilityRequest* request,
    proto::GetToolCapabilityResponse* response) {
  return UnaryCall::start(io_, [this, request, response]() -> GrpcWork::Work {
    const tool::Definition* found = tools_.find(request->tool_id());
    if (found == nullptr) {
      co_return grpc::Status(grpc::StatusCode::NOT_FOUND, "Tool not found: " + request->tool_id());
    }
    *response->mutable_tool() = capability_of(*found);
    co_return grpc::Status::OK;
  });
}

}  // namespace skerry::service
