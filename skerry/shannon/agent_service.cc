// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/agent_service.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "skerry/agent/query_fields.h"
#include "skerry/api/output_relay.h"
#include "skerry/base/retry_after.h"
#include "skerry/base/utf8.h"
#include "skerry/shannon/grpc_answer.h"
#include "skerry/shannon/json_struct.h"

namespace skerry::shannon {
namespace {

namespace common = ::shannon::common;
namespace agent_proto = ::shannon::agent;
using boost::asio::awaitable;
using nlohmann::json;
using tool::ToolResult;
using tool::Verdict;

/// The caller, with the session and the user that the request names.
access::Principal with_names(access::Principal caller,
                             const agent_proto::ExecuteTaskRequest& request) {
  caller.session = request.session_context().session_id().empty()
                       ? request.metadata().session_id()
                       : request.session_context().session_id();
  caller.user = request.session_context().user_id().empty() ? request.metadata().user_id()
                                                            : request.session_context().user_id();
  return caller;
}

/// What a request asks for, by its context, or by its query.
struct Wanted {
  agent::Request request;
  bool is_list = false;  ///< as `tool_calls`: what cannot be called is a result, too
};

agent::Mode mode_of(common::ExecutionMode mode) {
  switch (mode) {
    case common::EXECUTION_MODE_SIMPLE:
      return agent::Mode::kSimple;
    case common::EXECUTION_MODE_COMPLEX:
      return agent::Mode::kComplex;
    default:
      return agent::Mode::kStandard;
  }
}

/// Moves the context's fields out of `request`. The enumeration of modes has no supervisor, a label
/// may.
Result<Wanted> wanted_of(agent_proto::ExecuteTaskRequest& request, access::Principal caller) {
  Wanted wanted;
  agent::Request& asked = wanted.request;
  asked.query = request.query();
  asked.caller = with_names(std::move(caller), request);
  asked.timeout_seconds = request.config().timeout_seconds();
  asked.mode = mode_of(request.mode());
  const auto& labels = request.metadata().labels();
  if (const auto label = labels.find("mode"); label != labels.end()) {
    asked.mode = agent::mode_named(label->second).value_or(asked.mode);
  }
  if (request.available_tools_size() > 0) {
    asked.allowed_tools.emplace(request.available_tools().begin(), request.available_tools().end());
  }
  for (const std::string& line : request.session_context().history()) {
    asked.history.push_back(agent::history_message(line));
  }
  json context = json::object();
  auto& given = *request.mutable_context()->mutable_fields();
  for (const char* name : agent::kContextFields) {
    if (const auto found = given.find(name); found != given.end()) {
      context[name] = json_of(std::move(found->second));
    }
  }
  SKERRY_TRY(agent::read_context(context, asked));
  SKERRY_ASSIGN(wanted.is_list, agent::read_calls(context, "tool_calls", asked));
  if (!wanted.is_list) SKERRY_TRY(agent::read_single_call(context, asked));
  return wanted;
}

common::ModelTier tier_of(agent::Tier tier) {
  switch (tier) {
    case agent::Tier::kSmall:
      return common::MODEL_TIER_SMALL;
    case agent::Tier::kMedium:
      return common::MODEL_TIER_MEDIUM;
    case agent::Tier::kLarge:
      return common::MODEL_TIER_LARGE;
  }
  return common::MODEL_TIER_UNSPECIFIED;
}

std::int32_t count_of(std::int64_t tokens) {
  return static_cast<std::int32_t>(std::min<std::int64_t>(tokens, INT32_MAX));
}

common::TokenUsage proto_of(const agent::ModelUsage& share) {
  common::TokenUsage usage;
  usage.set_prompt_tokens(count_of(share.usage.input));
  usage.set_completion_tokens(count_of(share.usage.output));
  usage.set_total_tokens(count_of(share.usage.input + share.usage.output));
  usage.set_cost_usd(share.cost_usd.value_or(0));
  usage.set_model(share.model);
  usage.set_tier(tier_of(share.tier));
  usage.set_provider(share.provider);
  return usage;
}

common::StatusCode status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return common::STATUS_CODE_OK;
    case Verdict::kTimeout:
      return common::STATUS_CODE_TIMEOUT;
    case Verdict::kBusy:
    case Verdict::kUnavailable:
      return common::STATUS_CODE_RATE_LIMITED;
    default:
      return common::STATUS_CODE_ERROR;
  }
}

/// The status of a call that came to nothing; OK for one whose result says what happened.
Status failure_status(const ToolResult& result) {
  // What the program said is told, though what it left may be lost.
  if (result.output.is_string() && result.output != "") return ok_status();
  switch (result.verdict) {
    case Verdict::kInvalid:
      return absl::InvalidArgumentError(result.error);
    case Verdict::kUnknownTool:
      return absl::NotFoundError(result.error);
    case Verdict::kForbidden:
      return absl::PermissionDeniedError(result.error);
    case Verdict::kBusy:
      return with_retry_after(absl::ResourceExhaustedError(result.error), result.retry_after);
    case Verdict::kUnavailable:
      return with_retry_after(absl::UnavailableError(result.error), result.retry_after);
    case Verdict::kCancelled:
      return absl::CancelledError(result.error);
    case Verdict::kBroken:
      return absl::InternalError(result.error);
    default:
      return ok_status();
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
std::string shown_text(const json& output) {
  const json* value = &output;
  while (value->is_object() && value->contains("result")) value = &value->at("result");
  return agent::text_of(*value);
}

common::ToolCall proto_of(const agent::ToolCall& call) {
  common::ToolCall told;
  told.set_name(call.tool);
  told.set_tool_id(call.tool);
  *told.mutable_parameters() = struct_of(call.parameters);
  return told;
}

/// One ExecuteTask, from its request to its response.
class TaskExecution {
 public:
  TaskExecution(const agent::Agent& agent, agent_proto::ExecuteTaskRequest& request)
      : agent_(agent), request_(request) {}

  Status plan(access::Principal caller) {
    auto wanted = wanted_of(request_, std::move(caller));
    if (!wanted.ok()) return wanted.status();
    is_list_ = wanted->is_list;
    auto plan = agent_.plan(std::move(wanted->request));
    if (!plan.ok()) return plan.status();
    plan_ = *std::move(plan);
    return ok_status();
  }

  bool asks_model() const { return plan_.question.has_value(); }

  /// Fills `response` in. Not OK when a single call came to nothing, or the model did not answer.
  awaitable<Status> run(agent_proto::ExecuteTaskResponse& response, agent::Observer observer) {
    const auto begun = std::chrono::steady_clock::now();
    const agent::Outcome answer = co_await agent_.carry_out(std::move(plan_), std::move(observer));
    response.set_task_id(request_.metadata().task_id());
    response.set_status(common::STATUS_CODE_OK);
    if (!answer.failure.ok()) co_return answer.failure;
    for (const auto& [call, result] : answer.executions) {
      const bool is_alone = !is_list_ && call.source == agent::ToolCall::Source::kRequest;
      if (const Status fault = failure_status(result); !fault.ok() && is_alone) co_return fault;
      *response.add_tool_calls() = proto_of(call);
      if (result.cache == tool::CacheUse::kHit) response.mutable_metrics()->set_cache_hit(true);
      *response.add_tool_results() = proto_of(call.tool, result);
      if (!answer.model) add(call.tool, result, response);
    }
    if (answer.model) add(answer, response);
    response.mutable_metrics()->set_latency_ms(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                              begun)
            .count());
    response.mutable_metrics()->set_agents_used(1);
    response.mutable_metrics()->set_mode(request_.mode());
    response.set_final_state(answer.succeeded ? agent_proto::AGENT_STATE_COMPLETED
                                              : agent_proto::AGENT_STATE_FAILED);
    fit_answer(response);
    co_return ok_status();
  }

 private:
  void add(const std::string& tool, const ToolResult& result,
           agent_proto::ExecuteTaskResponse& response) const {
    response.set_result(shown_text(result.output));
    if (result.succeeded()) return;
    const bool is_first = response.error_message().empty();
    response.set_status(is_list_ ? common::STATUS_CODE_ERROR : status_of(result.verdict));
    response.set_error_message(is_list_ ? response.error_message() + (is_first ? "" : "; ") + tool +
                                              ": " + result.error
                                        : result.error);
  }

  /// What the model said, whatever became of its calls.
  static void add(const agent::Outcome& answer, agent_proto::ExecuteTaskResponse& response) {
    const agent::ModelUsage& share = *answer.model;
    response.set_result(answer.response);
    if (!answer.succeeded) {
      response.set_status(common::STATUS_CODE_ERROR);
      response.set_error_message("the model ended without words");
    }
    *response.mutable_metrics()->mutable_token_usage() = proto_of(share);
    *response.mutable_metadata() = struct_of({{"finish_reason", agent::name_of(share.finish)},
                                              {"ended_by", agent::name_of(share.ended)},
                                              {"iterations", share.iterations},
                                              {"complexity_score", share.complexity}});
  }

  const agent::Agent& agent_;
  agent_proto::ExecuteTaskRequest& request_;  // without its context once it is planned
  agent::Plan plan_;
  bool is_list_ = false;
};

/// The updates of one StreamExecuteTask, sent while it is carried out.
class Updates {
 public:
  /// Request and writer must outlive it.
  Updates(const agent_proto::ExecuteTaskRequest& request,
          grpc::Writer<agent_proto::TaskUpdate>& writer,
          const boost::asio::any_io_executor& executor)
      : request_(request), writer_(writer), relay_(executor, client()) {}

  api::OutputRelay& relay() { return relay_; }

  agent_proto::TaskUpdate make(agent_proto::AgentState state, double progress) const {
    agent_proto::TaskUpdate made;
    made.set_task_id(request_.metadata().task_id());
    made.set_state(state);
    made.set_progress(progress);
    return made;
  }

  /// Deltas are the words of the model if it is asked, else of the program.
  agent::Observer observer(bool asks_model) {
    agent::Observer observer;
    observer.begins = [this](const agent::ToolCall& call) {
      auto begins = make(agent_proto::AGENT_STATE_EXECUTING, 0.1);
      *begins.mutable_tool_call() = proto_of(call);
      send(begins);
    };
    observer.ended = [this](const agent::Execution& execution) {
      auto ended = make(agent_proto::AGENT_STATE_EXECUTING, 0.9);
      *ended.mutable_tool_result() = proto_of(execution.call.tool, execution.result);
      fit_answer(ended);
      send(ended);
    };
    observer.text = [this](std::string_view text) {
      auto said = make(agent_proto::AGENT_STATE_EXECUTING, 0.5);
      said.set_delta(std::string(text));
      send(said);
    };
    if (!asks_model) observer.output = relay_.callback();
    return observer;
  }

  /// As the reference does it: a tool's result, whose tool is none.
  void tell_usage(const common::TokenUsage& usage) {
    auto told = make(agent_proto::AGENT_STATE_EXECUTING, 0.95);
    auto& result = *told.mutable_tool_result();
    result.set_tool_id("usage_metrics");
    result.set_status(common::STATUS_CODE_OK);
    *result.mutable_output() = value_of({{"prompt_tokens", usage.prompt_tokens()},
                                         {"completion_tokens", usage.completion_tokens()},
                                         {"total_tokens", usage.total_tokens()},
                                         {"cost_usd", usage.cost_usd()},
                                         {"model", usage.model()},
                                         {"provider", usage.provider()}});
    send(told);
  }

 private:
  /// After the output that came before it.
  void send(const agent_proto::TaskUpdate& update) {
    relay_.flush();
    writer_.send(update);
  }

  api::OutputRelay::Client client() {
    return {.send =
                [this](wasi::Stream stream, std::string_view text) {
                  auto printed = make(agent_proto::AGENT_STATE_EXECUTING, 0.5);
                  printed.set_delta(std::string(text));
                  if (stream == wasi::Stream::kStderr) printed.set_message("stderr");
                  writer_.send(printed);
                },
            .unsent = [this] { return writer_.unsent(); },
            .drained = [this]() -> awaitable<void> {
              auto draining = writer_.drained();
              (void)co_await std::move(draining);
            }};
  }

  const agent_proto::ExecuteTaskRequest& request_;
  grpc::Writer<agent_proto::TaskUpdate>& writer_;
  api::OutputRelay relay_;
};

agent_proto::ToolCapability capability_of(const tool::Toolbox& tools,
                                          const tool::Definition& tool) {
  agent_proto::ToolCapability capability;
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
  capability.set_cache_ttl_ms(
      std::chrono::milliseconds(tools.results().time_of(tool.name)).count());
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

AgentService::AgentService(const agent::Agent& agent, const tool::Toolbox& tools,
                           const run::Runner& runner, Options options)
    : grpc::Service(
          agent_proto::ExecuteTaskRequest::descriptor()->file()->FindServiceByName("AgentService")),
      agent_(agent),
      tools_(tools),
      runner_(runner),
      options_(std::move(options)) {
  const grpc::MethodOptions keyed{.access = grpc::Access::kKey};
  const grpc::MethodOptions modules{.access = grpc::Access::kKey,
                                    .max_message = grpc::kModuleMaxMessage};
  unary<agent_proto::ExecuteTaskRequest, agent_proto::ExecuteTaskResponse>(
      "ExecuteTask", modules, [this](grpc::Call& call, auto& request, auto& response) {
        return execute_task(call, request, response);
      });
  streamed<agent_proto::ExecuteTaskRequest, agent_proto::TaskUpdate>(
      "StreamExecuteTask", modules, [this](grpc::Call& call, auto& request, auto& writer) {
        return stream_execute_task(call, request, writer);
      });
  unary<agent_proto::ToolCallRequest, common::ToolResult>(
      "ExecuteTool", modules, [this](grpc::Call& call, auto& request, auto& response) {
        return execute_tool(call, request, response);
      });
  unary<agent_proto::GetCapabilitiesRequest, agent_proto::GetCapabilitiesResponse>(
      "GetCapabilities", keyed, [this](grpc::Call& call, const auto& request, auto& response) {
        return get_capabilities(call, request, response);
      });
  unary<agent_proto::HealthCheckRequest, agent_proto::HealthCheckResponse>(
      "HealthCheck", {.access = grpc::Access::kOpen},
      [this](grpc::Call& call, const auto& request, auto& response) {
        return health_check(call, request, response);
      });
  unary<agent_proto::DiscoverToolsRequest, agent_proto::DiscoverToolsResponse>(
      "DiscoverTools", keyed, [this](grpc::Call& call, const auto& request, auto& response) {
        return discover_tools(call, request, response);
      });
  unary<agent_proto::GetToolCapabilityRequest, agent_proto::GetToolCapabilityResponse>(
      "GetToolCapability", keyed, [this](grpc::Call& call, const auto& request, auto& response) {
        return get_tool_capability(call, request, response);
      });
}

grpc::Service::Work AgentService::execute_task(grpc::Call& call,
                                               agent_proto::ExecuteTaskRequest& request,
                                               agent_proto::ExecuteTaskResponse& response) {
  access::Principal caller = call.principal();
  TaskExecution task(agent_, request);
  if (auto status = task.plan(std::move(caller)); !status.ok()) co_return status;
  co_return co_await task.run(response, {});
}

grpc::Service::Work AgentService::stream_execute_task(
    grpc::Call& call, agent_proto::ExecuteTaskRequest& request,
    grpc::Writer<agent_proto::TaskUpdate>& writer) {
  access::Principal caller = call.principal();
  TaskExecution task(agent_, request);
  if (auto status = task.plan(std::move(caller)); !status.ok()) co_return status;
  Updates updates(request, writer, co_await boost::asio::this_coro::executor);
  writer.send(updates.make(agent_proto::AGENT_STATE_PLANNING, 0));
  agent_proto::ExecuteTaskResponse response;
  agent::Observer observer = updates.observer(task.asks_model());
  auto running = updates.relay().during(task.run(response, std::move(observer)));
  const Status status = co_await std::move(running);
  if (!status.ok()) co_return status;
  if (response.metrics().has_token_usage()) updates.tell_usage(response.metrics().token_usage());
  auto last = updates.make(response.final_state(), 1);
  last.set_message(response.status() == common::STATUS_CODE_OK ? response.result()
                                                               : response.error_message());
  writer.send(last);
  co_return ok_status();
}

grpc::Service::Work AgentService::execute_tool(grpc::Call& call,
                                               agent_proto::ToolCallRequest& request,
                                               common::ToolResult& response) {
  access::Principal caller = call.principal();
  caller.user = request.user_id();
  caller.session = request.session_id();
  json parameters = json_of(std::move(*request.mutable_parameters()));
  const ToolResult result =
      co_await tools_.call(request.tool_name(), std::move(parameters), std::move(caller), {});
  if (auto fault = failure_status(result); !fault.ok()) co_return fault;
  response = proto_of(request.tool_name(), result);
  fit_answer(response);
  co_return ok_status();
}

grpc::Service::Work AgentService::get_capabilities(grpc::Call&,
                                                   const agent_proto::GetCapabilitiesRequest&,
                                                   agent_proto::GetCapabilitiesResponse& response) {
  for (const tool::Definition* each : tools_.search({})) {
    response.add_supported_tools(each->name);
  }
  for (const auto mode : {common::EXECUTION_MODE_SIMPLE, common::EXECUTION_MODE_STANDARD,
                          common::EXECUTION_MODE_COMPLEX}) {
    response.add_supported_modes(mode);
  }
  response.set_max_memory_mb(static_cast<std::int64_t>(options_.limits.memory.value >> 20));
  response.set_max_concurrent_tasks(options_.concurrent_tasks);
  response.set_version(options_.version);
  co_return ok_status();
}

grpc::Service::Work AgentService::health_check(grpc::Call&, const agent_proto::HealthCheckRequest&,
                                               agent_proto::HealthCheckResponse& response) {
  const run::Counts counts = runner_.counts();
  const bool healthy = counts.has_workers();
  response.set_healthy(healthy);
  response.set_message(healthy ? "serving" : "no worker starts: see the log");
  response.set_uptime_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_)
          .count());
  response.set_active_tasks(counts.running + counts.waiting);
  response.set_memory_usage_percent(memory_in_use());
  co_return ok_status();
}

grpc::Service::Work AgentService::discover_tools(grpc::Call&,
                                                 const agent_proto::DiscoverToolsRequest& request,
                                                 agent_proto::DiscoverToolsResponse& response) {
  const tool::Search search{
      .query = request.query(),
      .categories = {request.categories().begin(), request.categories().end()},
      .tags = {request.tags().begin(), request.tags().end()},
      .excludes_dangerous = request.exclude_dangerous(),
      .most = static_cast<std::size_t>(std::max(0, request.max_results()))};
  for (const tool::Definition* each : tools_.search(search)) {
    *response.add_tools() = capability_of(tools_, *each);
  }
  co_return ok_status();
}

grpc::Service::Work AgentService::get_tool_capability(
    grpc::Call&, const agent_proto::GetToolCapabilityRequest& request,
    agent_proto::GetToolCapabilityResponse& response) {
  const tool::Definition* found = tools_.find(request.tool_id());
  if (found == nullptr) {
    co_return absl::NotFoundError("Tool not found: " + request.tool_id());
  }
  *response.mutable_tool() = capability_of(tools_, *found);
  co_return ok_status();
}

}  // namespace skerry::shannon
