// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/principal.h"
#include "skerry/agent/model.h"
#include "skerry/agent/model_options.h"
#include "skerry/agent/request.h"
#include "skerry/tool/toolbox.h"

namespace skerry::agent {

/// How far a model may go with one query. docs/model.md says the same.
struct Budget {
  static constexpr int kIterations = 3;              ///< rounds of calls; then it must answer
  static constexpr int kCalls = 5;                   ///< calls in all of them
  static constexpr std::size_t kOutput = 60'000;     ///< bytes of what tools gave, told to it
  static constexpr std::size_t kOneOutput = 16'000;  ///< bytes of what one call gave
  static constexpr int kFailures = 2;                ///< calls that fail one after the other
  static constexpr std::size_t kHistory = 20;        ///< messages of what was said before
  static constexpr std::size_t kHistoryBytes = 32'000;
};

/// A query, asked of a model that may call tools. Confined to the event loop's thread.
///
/// What the model says is untrusted: it calls the tools that the request allows, in the session
/// that the request names and no other, and within the budget. All that it is given must outlive
/// it.
class Conversation {
 public:
  Conversation(Model& model, const ModelOptions& options, const tool::Toolbox& tools,
               Question question, access::Principal caller);

  /// Goes on from what the request's own calls gave. A failure of the model is in the outcome.
  boost::asio::awaitable<Outcome> hold(Outcome outcome, const Observer& observer);

 private:
  boost::asio::awaitable<Result<ModelReply>> ask(Ended ended, const Observer& observer);
  boost::asio::awaitable<void> call_all(std::vector<ModelCall> calls, const Observer& observer,
                                        Outcome& outcome);
  boost::asio::awaitable<tool::ToolResult> call(const ModelCall& wanted, const Observer& observer,
                                                Outcome& outcome);
  void open(const Outcome& outcome);
  void tell(std::string call_id, const tool::ToolResult& result);
  bool may_call(const tool::Definition& tool) const;
  nlohmann::ordered_json tools_offered() const;
  ModelUsage share(const ModelReply& reply) const;

  Model& model_;
  const ModelOptions& options_;
  const tool::Toolbox& tools_;
  Question question_;
  access::Principal caller_;
  std::chrono::steady_clock::time_point deadline_;
  std::vector<Message> messages_;
  TokenUsage usage_;
  int asked_ = 0;
  int calls_ = 0;
  int failures_ = 0;  // one after the other
  std::size_t output_ = 0;
  bool is_cancelled_ = false;
};

/// Makes one call, in view of `observer`.
boost::asio::awaitable<Execution> execute(const tool::Toolbox& tools, ToolCall call,
                                          access::Principal caller, const Observer& observer);

/// Adds `timeout_seconds` to a call of a tool that takes it and was not given any; 0 adds nothing.
void give_time(ToolCall& call, int timeout_seconds, const tool::Toolbox& tools);

/// Whether the tool was called, and to its end: not so for unknown ones, or when too many wait.
bool was_made(const tool::ToolResult& result);

/// A call's result in the words that a model gets, about `most` bytes: what is more is left
/// out in the middle.
std::string told_to_model(const tool::ToolResult& result, std::size_t most);

}  // namespace skerry::agent
