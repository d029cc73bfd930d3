// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <nlohmann/json.hpp>

#include "skerry/agent/request.h"
#include "skerry/base/status.h"

// The fields in which Shannon's clients say what is to be called, by which tools and which model:
// in the body of `/agent/query`, or in the context of ExecuteTask and of a task. The one decoder
// for all of them. A field that is null counts as absent; all functions fail with kInvalidArgument
// that names the field. Values out of their bounds are for `Agent::plan` to refuse.

namespace skerry::agent {

/// A list of calls, `{"tool": …, "parameters": {…}}`, in the field of this name: appended to the
/// request's. Their parameters are moved out of it; parameters that are no object are the call's to
/// fail for. False when the field is absent.
Result<bool> read_calls(nlohmann::json& fields, const char* name, Request& request);

/// `tool_parameters`: one call, appended to the request's. The tool is named by `tool`,
/// `tool_name` or `name`, or is the only one that the request allows. All other members are
/// parameters; those of a nested object `parameters` come first, the others override them. Nothing
/// where the field is absent.
Status read_single_call(nlohmann::json& fields, Request& request);

/// A list of tools' names in the field of this name: only what it and the request allow remains
/// allowed.
Status read_allowed_tools(const nlohmann::json& fields, const char* name, Request& request);

/// `model_tier`, `model_override`, `temperature`, `max_tokens`.
Status read_model_fields(const nlohmann::json& fields, Request& request);

/// `history`: texts, or objects with role and content. At most 1000.
Status read_history(const nlohmann::json& fields, Request& request);

/// The fields of a context that have a meaning here. All else in it is its client's own, and may be
/// megabytes.
inline constexpr std::array kContextFields = {"model_tier", "model_override",    "temperature",
                                              "max_tokens", "history",           "allowed_tools",
                                              "tool_calls", "forced_tool_calls", "tool_parameters"};

/// What a context says besides calls: model, history, allowed tools. A history that is no list is
/// the client's own.
Status read_context(const nlohmann::json& context, Request& request);

}  // namespace skerry::agent
