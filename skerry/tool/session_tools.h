// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "skerry/access/principal.h"
#include "skerry/session/sessions.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// The category of tools that look after sessions: models are not offered them unasked.
inline constexpr std::string_view kSessionCategory = "session";

/// What a session holds: `session_id` in; its runs, times, size and variables out.
class GetSessionInfo final : public Tool {
 public:
  /// The sessions must outlive it.
  explicit GetSessionInfo(session::Sessions& sessions) : sessions_(sessions) {}
  const Definition& definition() const override;
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  session::Sessions& sessions_;
};

/// Forgets the session `session_id`, or all that the caller's tenant has; tells how many.
class ClearSessions final : public Tool {
 public:
  explicit ClearSessions(session::Sessions& sessions) : sessions_(sessions) {}
  const Definition& definition() const override;
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  session::Sessions& sessions_;
};

}  // namespace skerry::tool
