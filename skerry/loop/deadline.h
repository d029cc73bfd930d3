// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace skerry::loop {

/// Calls back once a time has passed that is set again and again. To set a later time, or to clear
/// it, costs nothing: the timer that runs is left as it is, and waits for the rest when it fires.
/// Confined to the thread of its event loop.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// `passed` is never called from inside of another member, nor after this is destroyed.
  Deadline(const boost::asio::any_io_executor& executor, std::function<void()> passed);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(Clock::time_point at);
  void set_after(std::chrono::milliseconds time) { set(Clock::now() + time); }
  void clear();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skerry::loop
