// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/principal.h"
#include "skerry/agent/model.h"
#include "skerry/agent/model_options.h"
#include "skerry/agent/request.h"
#include "skerry/base/status.h"
#include "skerry/tool/toolbox.h"

namespace skerry::agent {

/// Does what requests ask for. Confined to the event loop's thread.
class Agent {
 public:
  /// The tools must outlive it. Without a model.
  explicit Agent(const tool::Toolbox& tools) : tools_(tools) {}

  struct Options {
    int parallel_calls = 1;  ///< of one request, at once
    int query_tokens = 0;    ///< of a query, taken as four bytes each; 0: not limited
  };
  void set(Options options) { options_ = options; }

  /// Gives it a model, before the first request. `options` says which is asked for what.
  void add_model(std::unique_ptr<Model> model, ModelOptions options);

  /// kInvalidArgument for a request that asks for nothing or names no tool; kPermissionDenied for a
  /// tool that it does not allow; kResourceExhausted for a query that is too long;
  /// kFailedPrecondition when it takes a model, and there is none.
  Result<Plan> plan(Request request) const;

  /// Makes the calls in their order, some at once if it is set so, also after one that failed, and
  /// asks the model if the plan has a question. Nothing follows a call that was cancelled, and no
  /// model is asked after one that could not be made. Cancelling the wait cancels what is under
  /// way.
  boost::asio::awaitable<Outcome> carry_out(Plan plan, Observer observer) const;

  /// Plans that are being carried out.
  int under_way() const { return *under_way_; }

 private:
  Result<Question> question_of(Request request) const;
  boost::asio::awaitable<std::vector<Execution>> execute_at_once(std::span<ToolCall> calls,
                                                                 const access::Principal& caller,
                                                                 const Observer& observer) const;

  const tool::Toolbox& tools_;
  std::unique_ptr<Model> model_;
  ModelOptions model_options_;
  Options options_;
  // Shared with what is under way, which may outlive the agent when everything ends.
  std::shared_ptr<int> under_way_ = std::make_shared<int>(0);
};

}  // namespace skerry::agent
