// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/loop/hand_over.h"

namespace skerry::loop {

/// Does `work` on a thread of the pool, and gives what it returns, as `hand_over` does.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> on_pool(boost::asio::thread_pool& pool,
                                                            Work work) {
  return hand_over([&pool](auto task) { boost::asio::post(pool, std::move(task)); },
                   std::move(work));
}

}  // namespace skerry::loop
