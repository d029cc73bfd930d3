// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/mcp/tool.h"

// What models read of a result: its content blocks.

namespace skerry::mcp {

/// A block of text. Of a long one its beginning and its end, with what is left out between them:
/// all of it is in the structured content.
nlohmann::ordered_json text_block(std::string_view text);

/// A resource that a result names.
struct ResourceLink {
  std::string uri;
  std::string name;
  std::string type;
  std::size_t size = 0;  ///< bytes
};
/// A link, in revisions that have them; in others a text that says as much.
nlohmann::ordered_json link_block(const ResourceLink& link, Revision revision);

/// Keeps an image that is too large for a block, given as base64; its URI, empty when it cannot be
/// kept.
using KeepImage = std::function<std::string(std::string type, std::string base64)>;

/// The blocks of a run, of which `outcome` is what `tool::json_of` tells: its output, its result,
/// the values that it showed, and why it failed. Images are moved out of `outcome`: up to 1 MiB of
/// base64 each are blocks, larger ones are kept and linked to.
nlohmann::ordered_json content_of_run(nlohmann::ordered_json& outcome, Revision revision,
                                      const KeepImage& keep);

/// A result that is its value, with the same as text for clients that read nothing else.
ToolResult structured_result(nlohmann::ordered_json value);

/// What failed, and when to try again, if that is known.
std::string failure_text(const Status& status);

/// A call that failed, for the model to read.
ToolResult failed_result(const Status& status);

}  // namespace skerry::mcp
