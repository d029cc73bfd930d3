// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>

namespace skerry::loop {

/// Whether the coroutine is cancelled whose `co_await boost::asio::this_coro::cancellation_state`
/// this is. Taken once, it also tells what happens later.
inline bool is_cancelled(const boost::asio::cancellation_state& state) {
  return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace skerry::loop
