// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "skerry/worker/events/run_events.h"

/// What tests of runs through the broker have in common. For tests only.
namespace skerry::broker::testing {

class KeptOutput final : public worker::RunObserver {
 public:
  void output(wasi::Stream, std::string_view bytes) override { text += bytes; }
  void cut(wasi::Stream) override { ++cuts; }
  void changed(const worker::FileChange&) override { ++changes; }
  void waiting(bool is_waiting) override { waits += is_waiting ? 1 : 0; }
  bool is_full() const override { return text.size() >= most; }
  /// Makes room, and says so.
  void take_more(std::size_t bytes = SIZE_MAX) {
    most = bytes;
    resume();
  }
  std::string text;
  std::size_t most = SIZE_MAX;  ///< bytes that it has room for
  int cuts = 0;
  int changes = 0;
  int waits = 0;
};

/// Lets the loop work until `condition` holds; false when it does not in time.
template <typename Condition>
bool wait_until(boost::asio::io_context& io, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

/// An order to a worker as part of a test's name.
inline std::string name_of_order(std::string order) {
  std::erase(order, '\'');
  std::replace(order.begin(), order.end(), ' ', '_');
  return order;
}

}  // namespace skerry::broker::testing
