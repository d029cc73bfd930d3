// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace skerry::loop {

/// Names what the current handler of the event loop is doing, for the log line of a handler that
/// keeps the loop too long: "POST /v1/run". Each handler begins without a name. `text` is copied
/// and cut. Confined to one thread.
void set_activity(std::string_view text);

/// Runs an event loop and measures how long it keeps its callers waiting.
///
/// A heartbeat timer tells the lag: how much later than asked for it fires. The processor time of
/// each handler tells whose fault that is. Confined to the thread that calls `run`.
class LagMeter {
 public:
  static constexpr std::chrono::milliseconds kHeartbeat{100};
  /// Upper bounds of the classes in which lags are counted; longer ones are in a last class.
  static constexpr std::array<std::chrono::microseconds, 8> kBounds{
      std::chrono::microseconds(100),     std::chrono::microseconds(1'000),
      std::chrono::microseconds(5'000),   std::chrono::microseconds(10'000),
      std::chrono::microseconds(50'000),  std::chrono::microseconds(100'000),
      std::chrono::microseconds(250'000), std::chrono::microseconds(1'000'000)};

  struct Options {
    /// A lag that is logged.
    std::chrono::milliseconds lag{250};
    /// Processor time of one handler that is logged; 0: none. Tests set it.
    std::chrono::milliseconds handler{0};
    /// Receives lines for the service's log; may be empty.
    std::function<void(const std::string& line)> log = {};
  };
  struct Counts {
    std::array<std::uint64_t, kBounds.size() + 1> lags{};  ///< in the classes of `kBounds`
    std::chrono::nanoseconds sum{0};                       ///< of all lags
    std::chrono::nanoseconds longest_handler{0};           ///< processor time
  };

  LagMeter(boost::asio::io_context& io, Options options);

  /// Runs the loop until it is stopped.
  void run();

  const Counts& counts() const { return counts_; }

 private:
  void beat();
  void on_beat(std::chrono::nanoseconds lag);
  void on_handler(std::chrono::nanoseconds cpu);

  boost::asio::io_context& io_;
  Options options_;
  boost::asio::steady_timer heartbeat_;
  Counts counts_;
  // Since the last heartbeat.
  std::chrono::nanoseconds longest_{0};
  std::string activity_;
};

}  // namespace skerry::loop
