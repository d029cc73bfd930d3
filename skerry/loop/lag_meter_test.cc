// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/lag_meter.h"

#include <ctime>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LagMeterTest : public ::testing::Test {
 protected:
  void run_for(milliseconds time) {
    boost::asio::steady_timer end(io_, time);
    end.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    meter_.run();
  }
  void burn(milliseconds cpu) {
    const std::clock_t end = std::clock() + cpu.count() * CLOCKS_PER_SEC / 1000;
    while (std::clock() < end) {
    }
  }
  std::uint64_t beats() const {
    const auto& lags = meter_.counts().lags;
    return std::accumulate(lags.begin(), lags.end(), std::uint64_t{0});
  }

  std::vector<std::string> lines_;
  boost::asio::io_context io_;
  LagMeter meter_{io_,
                  {.lag = milliseconds(200),
                   .handler = milliseconds(50),
                   .log = [this](const std::string& line) { lines_.push_back(line); }}};
};

TEST_F(LagMeterTest, CountsEveryHeartbeatOfALoopThatIsIdle) {
  run_for(3 * LagMeter::kHeartbeat + milliseconds(50));
  EXPECT_GE(beats(), 1U);
  EXPECT_LT(meter_.counts().longest_handler, milliseconds(50));
}

TEST_F(LagMeterTest, LogsAHandlerThatComputesTooLongWithWhatItDid) {
  boost::asio::post(io_, [this] {
    set_activity("POST /v1/run");
    burn(milliseconds(80));
  });
  run_for(milliseconds(20));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("processor time: POST /v1/run")));
  EXPECT_GE(meter_.counts().longest_handler, milliseconds(50));
}

TEST_F(LagMeterTest, LogsALagThatNoProcessorTimeExplains) {
  boost::asio::post(io_, [] { std::this_thread::sleep_for(milliseconds(400)); });
  run_for(milliseconds(500));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("ms late")));
}

TEST_F(LagMeterTest, AnActivityEndsWithItsHandler) {
  boost::asio::post(io_, [] { set_activity("short"); });
  boost::asio::post(io_, [this] { burn(milliseconds(80)); });
  run_for(milliseconds(20));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("an unnamed handler")));
}

}  // namespace
}  // namespace skerry::loop
