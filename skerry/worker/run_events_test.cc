// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_events.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/base/sanitizer.h"
#include "skerry/base/test_usage.h"
#include "skerry/run.pb.h"
#include "skerry/worker/event_budget.h"

namespace skerry::worker {
namespace {

class Silent final : public RunObserver {
 public:
  void output(wasi::Stream, std::string_view) override {}
  void cut(wasi::Stream) override {}
  void changed(const FileChange&) override {}
};

/// What the supervising side makes of one event.
Status take(std::string_view event) {
  Silent observer;
  EventReceiver receiver({}, observer);
  return receiver.take(framed(event));
}

std::string ended_with(std::size_t frames) {
  proto::RunEvent event;
  auto& exception = *event.mutable_ended()->mutable_exception();
  exception.set_type("ValueError");
  for (std::size_t i = 0; i < frames; ++i)
    exception.add_frames()->set_source(std::string(100, 's'));
  return event.SerializeAsString();
}

/// An end whose exception's trace is so many empty frames: two bytes each.
std::string bomb(std::size_t frames) {
  const auto field = [](std::uint32_t number, const std::string& bytes) {
    std::string all(1, static_cast<char>(number << 3 | 2));
    std::size_t size = bytes.size();
    for (; size >= 0x80; size >>= 7) all += static_cast<char>((size & 0x7F) | 0x80);
    return all + static_cast<char>(size) + bytes;
  };
  std::string trace;
  for (std::size_t i = 0; i < frames; ++i) trace += std::string("\x1A\0", 2);
  return field(4, field(5, trace));
}

TEST(EventReceiverTest, ATraceHasItsFramesAndNoMore) {
  EXPECT_TRUE(take(ended_with(kMaxFrames)).ok());
  EXPECT_EQ(take(ended_with(kMaxFrames + 1)).code(), StatusCode::kInternal);
}

TEST(EventReceiverTest, LargeTextsOfAnEndArrive) {
  proto::RunEvent event;
  event.mutable_ended()->set_result(std::string(1 << 20, 'r'));
  event.mutable_ended()->set_state(std::string(8 << 20, 's'));
  EXPECT_TRUE(take(event.SerializeAsString()).ok());
}

TEST(EventReceiverTest, HostileEventsTakeNoMoreThanFourTimesTheirLimit) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  const std::string frames = bomb(7 << 20);
  ASSERT_LT(frames.size(), kMaxEvent);
  std::string unknown;
  for (int i = 0; i < 7 << 20; ++i) unknown += std::string("\x7A\0", 2);
  for (const std::string& event : {frames, unknown}) {
    const auto peak =
        testing::peak_memory_of([&] { EXPECT_EQ(take(event).code(), StatusCode::kInternal); });
    EXPECT_LT(peak.value, 4 * kMaxEvent) << (peak.value >> 20) << " MiB";
  }
}

TEST(EventReceiverTest, TwiceAsMuchTakesTwiceAsLong) {
  EXPECT_LT(
      testing::doubling_ratio(3 << 20, bomb, [](const std::string& event) { (void)take(event); }),
      testing::kLinear);
}

}  // namespace
}  // namespace skerry::worker
