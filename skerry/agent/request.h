// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/agent/model.h"
#include "skerry/agent/routing.h"
#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::agent {

/// One tool to call.
struct ToolCall {
  enum class Source { kRequest, kModel };

  std::string tool;
  nlohmann::json parameters = nlohmann::json::object();
  Source source = Source::kRequest;  ///< who asks for it
};

/// What somebody asks for.
struct Request {
  /// What follows the calls that a request makes itself.
  enum class AfterCalls { kNothing, kModel };

  std::string query;
  /// To be called in this order, before anything else; at most 100.
  std::vector<ToolCall> calls = {};
  /// With `kModel`, a model that is configured answers the query from what the calls gave; without
  /// one it is as with `kNothing`.
  AfterCalls after_calls = AfterCalls::kNothing;
  /// The tools that may be called; none: all, but a model none that is dangerous or about sessions.
  std::optional<std::vector<std::string>> allowed_tools = {};
  /// For tools that take `timeout_seconds`, where a call says nothing else; 0: their own.
  int timeout_seconds = 0;
  access::Principal caller = {};

  // What follows is for a model.
  Mode mode = Mode::kStandard;
  std::optional<Tier> tier = {};           ///< in place of what mode and query say
  std::string model = {};                  ///< in place of any tier's; empty: the tier's
  std::optional<double> temperature = {};  ///< 0 to 2; none: the server's own
  std::optional<int> max_tokens = {};      ///< from 1; none: the server's own
  std::vector<Message> history = {};       ///< what was said before, oldest first
};

/// A query for a model, checked.
struct Question {
  std::string query;
  std::string model;
  Tier tier = Tier::kSmall;
  double complexity = 0;
  std::optional<double> temperature = {};
  std::optional<int> max_tokens = {};
  std::vector<Message> history = {};
  std::optional<std::vector<std::string>> allowed_tools = {};
  int timeout_seconds = 0;
};

/// What is to be done about a request, checked.
struct Plan {
  std::vector<ToolCall> calls;
  std::optional<Question> question = {};  ///< for the model, after the calls
  access::Principal caller;
};

/// A call that was made.
struct Execution {
  ToolCall call;  ///< its parameters as they are shown: long texts are clipped
  tool::ToolResult result;
};

/// What ended a conversation with a model.
enum class Ended {
  kAnswer,      ///< the model had said what it wanted
  kIterations,  ///< its rounds of calls were used up
  kCalls,       ///< its calls were
  kOutput,      ///< its room for what tools gave was
  kFailures,    ///< two calls failed, one after the other
};
std::string_view name_of(Ended ended);

/// What the model had to do with an answer.
struct ModelUsage {
  std::string model;  ///< as its server names it
  std::string provider;
  Tier tier = Tier::kSmall;
  double complexity = 0;
  TokenUsage usage = {};                ///< of all that was asked
  std::optional<double> cost_usd = {};  ///< none: its price is not known
  Finish finish = Finish::kStop;
  Ended ended = Ended::kAnswer;
  int iterations = 0;  ///< times that it was asked
};

/// What carrying out a plan led to.
struct Outcome {
  bool succeeded = true;  ///< every call did; with a model, it has answered
  std::string response;   ///< the model's words; else of the last call: its output, or its error
  std::vector<Execution> executions = {};
  std::optional<ModelUsage> model = {};  ///< when one was asked
  Status failure = {};                   ///< why the model did not answer, when it did not
};

/// Sees an answer come about. Each of these may be empty.
struct Observer {
  std::function<void(const ToolCall& call)> begins = {};  ///< parameters as they are shown
  tool::OutputCallback output = {};
  std::function<void(const Execution& execution)> ended = {};
  /// Awaited before each call but the first: who wants a pause makes it last. False: make no more.
  std::function<boost::asio::awaitable<bool>()> between = {};
  TextCallback text = {};  ///< the model's words, also those before a call
};

/// An output as text, for people and models.
std::string text_of(const nlohmann::json& output);

/// The call as it is shown: texts of more than 4096 bytes, modules mostly, are clipped.
ToolCall shown(const ToolCall& call);

/// A line of history as clients keep it: "assistant: …" is the model's, all else the user's.
Message history_message(std::string_view line);

}  // namespace skerry::agent
