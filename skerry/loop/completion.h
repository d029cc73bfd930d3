// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::loop {

/// For an operation whose error is one of its results, and no exception.
inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// For a timer that only its cancellation ends.
inline constexpr auto kNever = boost::asio::steady_timer::time_point::max();

}  // namespace skerry::loop
