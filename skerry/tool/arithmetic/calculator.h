// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/access/principal.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Arithmetic: `expression` in, an object of `result` and `expression` out.
class Calculator final : public Tool {
 public:
  const Definition& definition() const override;
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;
};

}  // namespace skerry::tool
