// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

/// For tests only.
namespace skerry::tool::testing {

/// The result of a coroutine that needs no other loop than its own.
template <typename T>
T finish(boost::asio::awaitable<T> call) {
  boost::asio::io_context io;
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(call), [&](const std::exception_ptr& error, T ended) {
    if (error) std::rethrow_exception(error);
    result = std::move(ended);
  });
  io.run();
  return result.value();
}

}  // namespace skerry::tool::testing
