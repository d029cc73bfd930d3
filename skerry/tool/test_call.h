// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/tool/tool.h"

/// For tests only.
namespace skerry::tool::testing {

/// The result of a call that needs no other loop than its own.
inline ToolResult finish(boost::asio::awaitable<ToolResult> call) {
  boost::asio::io_context io;
  std::optional<ToolResult> result;
  boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr error, ToolResult ended) {
    if (error) std::rethrow_exception(error);
    result = std::move(ended);
  });
  io.run();
  return result.value();
}

}  // namespace skerry::tool::testing
