// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/tool/toolbox.h"

namespace skerry::agent {

/// One tool to call.
struct ToolCall {
  std::string tool;
  nlohmann::json parameters = nlohmann::json::object();
};

/// What somebody asks for.
struct Request {
  std::string query;
  /// To be called in this order, before anything else; at most 100. With some, no model is asked.
  std::vector<ToolCall> calls = {};
  /// The tools that may be called; none: all.
  std::optional<std::vector<std::string>> allowed_tools = {};
  /// For tools that take `timeout_seconds`, where a call says nothing else; 0: their own.
  int timeout_seconds = 0;
  tool::Caller caller = {};
};

/// What is to be done about a request, checked.
struct Plan {
  std::vector<ToolCall> calls;
  tool::Caller caller;
};

/// A call that was made.
struct Execution {
  ToolCall call;  ///< its parameters as they are shown: long texts are clipped
  tool::ToolResult result;
};

struct Answer {
  bool succeeded = true;  ///< every call did
  std::string response;   ///< of the last call: its output as text, or its error
  std::vector<Execution> executions;
};

/// Sees an answer come about. Each of these may be empty.
struct Observer {
  std::function<void(const ToolCall& call)> begins = {};  ///< parameters as they are shown
  tool::OutputSeen output = {};
  std::function<void(const Execution& execution)> ended = {};
};

/// An output as text, for people and models.
std::string text_of(const nlohmann::json& output);

/// Does what requests ask for. Confined to the event loop's thread.
class Agent {
 public:
  /// The tools must outlive it.
  explicit Agent(const tool::Toolbox& tools) : tools_(tools) {}

  /// kInvalidArgument for a request that asks for nothing or names no tool; kPermissionDenied for a
  /// tool that it does not allow; kFailedPrecondition when it takes a model, and there is none.
  Result<Plan> plan(Request request) const;

  /// Makes the calls, one after the other, also after one that failed; none after one that was
  /// cancelled. Cancelling the wait cancels the call under way.
  boost::asio::awaitable<Answer> carry_out(Plan plan, Observer observer) const;

 private:
  const tool::Toolbox& tools_;
};

}  // namespace skerry::agent
