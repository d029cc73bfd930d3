// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/mcp/tool.h"

// What models read of a result: its content blocks.

namespace skerry::mcp {

/// A block of text. Of a long one its beginning and its end, with what is left out between them:
/// all of it is in the structured content.
nlohmann::ordered_json text_block(std::string_view text);

/// The blocks of a run, of which `outcome` is what `tool::json_of` tells: its output, its result,
/// the values that it showed, and why it failed. Images are moved out of `outcome`, up to 1 MiB of
/// base64 each.
nlohmann::ordered_json content_of_run(nlohmann::ordered_json& outcome);

/// A result that is its value, with the same as text for clients that read nothing else.
ToolResult structured_result(nlohmann::ordered_json value);

/// A call that failed, for the model to read.
ToolResult failed_result(const Status& status);

}  // namespace skerry::mcp
