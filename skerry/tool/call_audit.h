// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "skerry/access/audit_log.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Writes a line of the audit log for each call of a tool. The log must outlive it. Confined to the
/// event loop's thread.
class CallAudit final : public CallWatcher {
 public:
  explicit CallAudit(access::AuditLog& log) : log_(log) {}

  void called(const access::Principal& principal, std::string_view tool,
              const ToolResult& result) override {
    log_.record(
        principal,
        {.action = "call", .tool = tool, .outcome = name_of(result.verdict), .took = result.took});
  }

 private:
  access::AuditLog& log_;
};

}  // namespace skerry::tool
