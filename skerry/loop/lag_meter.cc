// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/lag_meter.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace skerry::loop {
namespace {

/// Of the running handler. Not a std::string: it is set for every request.
struct Activity {
  std::array<char, 96> text;
  std::size_t size = 0;
};
thread_local Activity current_activity;

std::chrono::nanoseconds thread_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string_view named(std::string_view activity) {
  return activity.empty() ? "an unnamed handler" : activity;
}

}  // namespace

void set_activity(std::string_view text) {
  current_activity.size = std::min(text.size(), current_activity.text.size());
  std::memcpy(current_activity.text.data(), text.data(), current_activity.size);
}

LagMeter::LagMeter(boost::asio::io_context& io, Options options)
    : io_(io), options_(std::move(options)), heartbeat_(io) {}

void LagMeter::run() {
  heartbeat_.expires_after(kHeartbeat);
  beat();
  // Between two handlers the thread only waits, which takes no processor time.
  std::chrono::nanoseconds before = thread_cpu_time();
  for (;;) {
    current_activity.size = 0;
    if (io_.run_one() == 0) return;
    const std::chrono::nanoseconds now = thread_cpu_time();
    on_handler(now - before);
    before = now;
  }
}

void LagMeter::beat() {
  heartbeat_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    on_beat(now - heartbeat_.expiry());
    heartbeat_.expires_at(now + kHeartbeat);
    beat();
  });
}

void LagMeter::on_beat(std::chrono::nanoseconds lag) {
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), lag);
  ++counts_.lags[static_cast<std::size_t>(bound - kBounds.begin())];
  counts_.sum += std::max(lag, std::chrono::nanoseconds(0));
  if (lag > options_.lag && options_.log) {
    options_.log(fmt::format(
        "the event loop was {:.0f} ms late; its longest handler took {:.0f} ms of processor time: "
        "{}",
        milliseconds(lag), milliseconds(longest_), named(activity_)));
  }
  longest_ = std::chrono::nanoseconds(0);
  activity_.clear();
}

void LagMeter::on_handler(std::chrono::nanoseconds cpu) {
  if (cpu <= longest_) return;
  longest_ = cpu;
  activity_.assign(current_activity.text.data(), current_activity.size);
  counts_.longest_handler = std::max(counts_.longest_handler, cpu);
  if (options_.handler.count() > 0 && cpu > options_.handler && options_.log) {
    options_.log(fmt::format("a handler kept the event loop for {:.0f} ms of processor time: {}",
                             milliseconds(cpu), named(activity_)));
  }
}

}  // namespace skerry::loop
