// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/tool.h"

#include <utility>

#include <fmt/format.h>

namespace skerry::mcp {

const nlohmann::json& Request::progress_token() const {
  static const nlohmann::json kNoToken = nullptr;
  const nlohmann::json& token = meta_of(message, "progressToken");
  const bool is_token = token.is_string() || token.is_number_integer();
  return exchange != nullptr && is_token ? token : kNoToken;
}

std::string Request::key_of(const nlohmann::json& id) const {
  return fmt::format("{}\n{}\n{}", caller.tenant, connection, id.dump());
}

nlohmann::ordered_json describe(const char* name, const char* title, const char* what,
                                Effect effect, nlohmann::ordered_json input,
                                nlohmann::ordered_json output) {
  return {{"name", name},
          {"title", title},
          {"description", what},
          {"inputSchema", std::move(input)},
          {"outputSchema", std::move(output)},
          {"annotations",
           {{"title", title},
            {"readOnlyHint", effect == Effect::kReads},
            {"destructiveHint", effect == Effect::kReplaces},
            {"idempotentHint", effect == Effect::kReads},
            {"openWorldHint", false}}}};
}

}  // namespace skerry::mcp
