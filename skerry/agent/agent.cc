// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/agent.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "skerry/agent/conversation.h"
#include "skerry/agent/direct_code.h"
#include "skerry/tool/python_executor.h"

namespace skerry::agent {
namespace {

constexpr std::size_t kMaxCalls = 100;
constexpr std::size_t kMaxQuery = std::size_t{256} << 10;  // that a model is asked
constexpr std::size_t kMaxModel = 128;
constexpr int kMaxTokens = 1'000'000;

bool is_allowed(const std::optional<std::vector<std::string>>& allowed, const std::string& tool) {
  return !allowed || std::find(allowed->begin(), allowed->end(), tool) != allowed->end();
}

bool is_model_name(const std::string& name) {
  return name.size() <= kMaxModel &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
}

/// Counts while it lives.
class Counted {
 public:
  explicit Counted(std::shared_ptr<int> count) : count_(std::move(count)) { ++*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*count_; }

 private:
  std::shared_ptr<int> count_;
};

/// What a request wishes of a model: wrong is wrong, also where no model will be asked.
Status check_wishes(const Request& request) {
  if (!is_model_name(request.model)) {
    return absl::InvalidArgumentError("model_override is no model's name");
  }
  if (request.temperature && !(*request.temperature >= 0 && *request.temperature <= 2)) {
    return absl::InvalidArgumentError("temperature must be from 0 to 2");
  }
  if (request.max_tokens && (*request.max_tokens < 1 || *request.max_tokens > kMaxTokens)) {
    return absl::InvalidArgumentError("max_tokens must be from 1 to " + std::to_string(kMaxTokens));
  }
  return ok_status();
}

/// In the text's own memory, which may be 32 MiB.
std::string part_of(std::string&& text, std::string_view part) {
  const auto begin = static_cast<std::size_t>(part.data() - text.data());
  text.resize(begin + part.size());
  text.erase(0, begin);
  return std::move(text);
}

}  // namespace

void Agent::add_model(std::unique_ptr<Model> model, ModelOptions options) {
  model_ = std::move(model);
  model_options_ = std::move(options);
}

Result<Question> Agent::question_of(Request request) const {
  if (request.query.size() > kMaxQuery) {
    return absl::InvalidArgumentError("the query has more than " + std::to_string(kMaxQuery) +
                                      " bytes, which is too long for a model");
  }
  const double complexity = complexity_of(request.query);
  const Tier tier = request.tier.value_or(tier_of(request.mode, complexity));
  if (request.model.empty()) request.model = model_options_.model_of(tier);
  return Question{.query = std::move(request.query),
                  .model = std::move(request.model),
                  .tier = tier,
                  .complexity = complexity,
                  .temperature = request.temperature,
                  .max_tokens = request.max_tokens,
                  .history = std::move(request.history),
                  .allowed_tools = std::move(request.allowed_tools),
                  .timeout_seconds = request.timeout_seconds};
}

Result<Plan> Agent::plan(Request request) const {
  if (options_.query_tokens > 0 &&
      request.query.size() / 4 > static_cast<std::size_t>(options_.query_tokens)) {
    return absl::ResourceExhaustedError(
        "token_limit_exceeded: the query has about " + std::to_string(request.query.size() / 4) +
        " tokens, and enforcement.max_tokens is " + std::to_string(options_.query_tokens));
  }
  Plan plan{.calls = std::move(request.calls), .caller = request.caller};
  bool asks_model = model_ != nullptr && !request.query.empty() && !plan.calls.empty() &&
                    request.after_calls == Request::AfterCalls::kModel;
  SKERRY_TRY(check_wishes(request));
  if (plan.calls.empty()) {
    if (request.query.empty()) {
      return absl::InvalidArgumentError("there is neither a query nor a tool to call in it");
    }
    if (const auto code = code_in(request.query)) {
      plan.calls.push_back({.tool = tool::PythonExecutor::kName,
                            .parameters = {{"code", part_of(std::move(request.query), *code)}}});
    } else if (model_ != nullptr) {
      asks_model = true;
    } else {
      return absl::FailedPreconditionError(
          "this query needs a language model, and none is configured: set LLM_BASE_URL, "
          "LLM_API_KEY and LLM_MODEL; without one, ask \"Execute Python: CODE\", or say which tool "
          "to call");
    }
  }
  if (plan.calls.size() > kMaxCalls) {
    return absl::InvalidArgumentError("more than 100 tools to call");
  }
  for (ToolCall& call : plan.calls) {
    if (call.tool.empty()) return absl::InvalidArgumentError("a call names no tool");
    if (!is_allowed(request.allowed_tools, call.tool)) {
      return absl::PermissionDeniedError("tool \"" + call.tool +
                                         "\" is not among those that this request allows");
    }
    give_time(call, request.timeout_seconds, tools_);
  }
  if (asks_model) {
    SKERRY_ASSIGN(plan.question, question_of(std::move(request)));
  }
  return plan;
}

/// Each waits for those behind it, too: cancelling the wait cancels all.
boost::asio::awaitable<std::vector<Execution>> Agent::execute_at_once(
    std::span<ToolCall> calls, const access::Principal& caller, const Observer& observer) const {
  using boost::asio::experimental::awaitable_operators::operator&&;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  std::vector<Execution> executions;
  access::Principal mine = caller;
  auto first = execute(tools_, std::move(calls.front()), std::move(mine), observer);
  if (calls.size() == 1) {
    executions.push_back(co_await std::move(first));
    co_return executions;
  }
  auto rest = execute_at_once(calls.subspan(1), caller, observer);
  auto both = std::move(first) && std::move(rest);
  auto [made, behind] = co_await std::move(both);
  executions.push_back(std::move(made));
  std::move(behind.begin(), behind.end(), std::back_inserter(executions));
  co_return executions;
}

boost::asio::awaitable<Outcome> Agent::carry_out(Plan plan, Observer observer) const {
  // What is cancelled ends with a verdict that says so.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const Counted counted(under_way_);
  Outcome outcome;
  bool goes_on = true;
  const auto at_once = static_cast<std::size_t>(options_.parallel_calls);
  for (std::span<ToolCall> left = plan.calls; !left.empty();) {
    if (observer.between && !outcome.executions.empty()) {
      auto pause = observer.between();
      if (!co_await std::move(pause)) {
        goes_on = false;
        break;
      }
    }
    const auto now = left.first(std::min(at_once, left.size()));
    left = left.subspan(now.size());
    auto executing = execute_at_once(now, plan.caller, observer);
    auto made = co_await std::move(executing);
    bool is_cancelled = false;
    for (Execution& execution : made) {
      const tool::ToolResult& result = execution.result;
      outcome.succeeded = outcome.succeeded && result.succeeded();
      outcome.response = result.succeeded() ? text_of(result.output) : result.error;
      is_cancelled = is_cancelled || result.verdict == tool::Verdict::kCancelled;
      goes_on = goes_on && was_made(result);
      outcome.executions.push_back(std::move(execution));
    }
    if (is_cancelled) break;
  }
  if (!plan.question || !goes_on) co_return outcome;
  Conversation conversation(*model_, model_options_, tools_, *std::move(plan.question),
                            std::move(plan.caller));
  co_return co_await conversation.hold(std::move(outcome), observer);
}

}  // namespace skerry::agent
