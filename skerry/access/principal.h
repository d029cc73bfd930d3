// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::access {

/// On whose behalf something is done, and what they may do. The server derives it from the API key;
/// only `user` and `session` are the client's word. A value.
struct Principal {
  std::string tenant = "default";
  std::string user = {};
  std::string session = {};  ///< where the parameters name none; empty: no session
  std::string key = {};      ///< id of the API key; empty: none
  std::string request = {};  ///< id of the request, for logs
  std::string trace = {};    ///< `traceparent` for requests made on its behalf; empty: none
  std::shared_ptr<const std::vector<std::string>> tools = {};  ///< it may call; null: all
  /// What is being done was admitted as a whole: its parts are not counted again.
  bool is_admitted = false;

  bool may_call(std::string_view tool) const {
    return !tools || std::find(tools->begin(), tools->end(), tool) != tools->end();
  }

  /// The permission to run code, and to work on what runs left. Keys name it as the tool that runs
  /// code. kPermissionDenied without it.
  Status check_may_run() const {
    if (may_call(kRunPermission)) return ok_status();
    return absl::PermissionDeniedError(std::string(kRunPermission) +
                                       " is not among the tools of this key");
  }
  static constexpr std::string_view kRunPermission = "python_executor";
};

}  // namespace skerry::access
