// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/environment.h"

#include <cstring>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"

namespace skerry::wasi {
namespace {

TEST(SystemClockTest, MonotonicTimeNeverGoesBack) {
  ClockState state;
  SystemClock clock(state);
  Nanoseconds last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const Nanoseconds now = clock.monotonic();
    EXPECT_GE(now, last);
    last = now;
  }
  state.last_monotonic +=
      std::chrono::hours(10);  // as stored by a machine that had been up for longer
  EXPECT_GE(clock.monotonic(), last + std::chrono::hours(10));
}

TEST(SystemClockTest, ResumedClockGoesOnWhereItWas) {
  ClockState state;
  state.last_monotonic = Nanoseconds(42'000'000'000'000'000);
  SystemClock clock(state);
  clock.resume();
  EXPECT_GE(clock.monotonic(), Nanoseconds(42'000'000'000'000'000));
  EXPECT_LT(clock.monotonic(), Nanoseconds(42'000'000'000'000'000) + std::chrono::minutes(1));
}

TEST(SystemClockTest, SleepReachesItsDeadlineOnACoarseClock) {
  ClockState state;
  SystemClock clock(state, std::chrono::milliseconds(1));
  EXPECT_EQ(clock.realtime().count() % 1'000'000, 0u);
  const Nanoseconds deadline = clock.monotonic() + std::chrono::milliseconds(3);
  ASSERT_TRUE(clock.sleep_until(deadline).ok());
  EXPECT_GE(clock.monotonic(), deadline);
}

TEST(SystemClockTest, AnyStoredStateIsTaken) {
  ClockState state;
  state.monotonic_offset_ns = std::numeric_limits<std::int64_t>::min();
  state.last_monotonic = Nanoseconds::max();
  SystemClock clock(state);
  clock.monotonic();
  clock.resume();
  clock.monotonic();
}

TEST(FixedClockTest, TwoRunsSeeTheSameTimes) {
  ClockState one;
  ClockState other;
  FixedClock first(one, Nanoseconds(5'000'000'000));
  FixedClock second(other, Nanoseconds(5'000'000'000));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(first.realtime(), second.realtime());
  EXPECT_EQ(first.monotonic(), second.monotonic());
  EXPECT_EQ(one, other);
}

TEST(FixedClockTest, SleepingTakesNoTimeAndMovesBothClocks) {
  ClockState state;
  FixedClock clock(state, Nanoseconds(0));
  const Nanoseconds before = clock.realtime();
  ASSERT_TRUE(clock.sleep_until(clock.monotonic() + std::chrono::hours(5)).ok());
  EXPECT_GE(clock.realtime(), before + std::chrono::hours(5));
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    text += "0123456789abcdef"[static_cast<int>(b) >> 4];
    text += "0123456789abcdef"[static_cast<int>(b) & 15];
  }
  return text;
}

TEST(SeededEntropyTest, StreamIsChaCha20) {
  // RFC 8439, A.1: key and nonce zero, blocks 0 and 1.
  RandomState state;
  state.seed.emplace();
  SeededEntropy entropy(state);
  std::array<std::byte, 128> out{};
  ASSERT_TRUE(entropy.fill(out).ok());
  EXPECT_EQ(hex(std::span(out).first(16)), "76b8e0ada0f13d90405d6ae55386bd28");
  EXPECT_EQ(hex(std::span(out).subspan(64, 16)), "9f07e7be5551387a98ba977c732d080d");
}

TEST(SeededEntropyTest, HowItIsDividedMakesNoDifference) {
  RandomState whole;
  whole.seed = seed_of(7);
  RandomState pieces = whole;
  std::array<std::byte, 500> one{};
  std::array<std::byte, 500> other{};
  ASSERT_TRUE(SeededEntropy(whole).fill(one).ok());
  SeededEntropy entropy(pieces);
  for (std::size_t at = 0; at < other.size();) {
    const std::size_t length = std::min<std::size_t>(1 + at % 90, other.size() - at);
    ASSERT_TRUE(entropy.fill(std::span(other).subspan(at, length)).ok());
    at += length;
  }
  EXPECT_EQ(one, other);
  EXPECT_EQ(whole, pieces);
  EXPECT_NE(seed_of(7), seed_of(8));
}

TEST(SeededEntropyTest, WithoutASeedItFails) {
  RandomState state;
  std::array<std::byte, 1> out{};
  EXPECT_EQ(SeededEntropy(state).fill(out).code(), StatusCode::kFailedPrecondition);
}

TEST(SystemEntropyTest, DrawsDiffer) {
  SystemEntropy entropy;
  std::array<std::byte, 32> one{};
  std::array<std::byte, 32> other{};
  ASSERT_TRUE(entropy.fill(one).ok());
  ASSERT_TRUE(entropy.fill(other).ok());
  EXPECT_NE(one, other);
}

TEST(TextInputTest, EndsAfterItsText) {
  TextInput input("abc");
  std::array<std::byte, 2> out{};
  EXPECT_EQ(*input.read(out), 2u);
  EXPECT_EQ(*input.read(out), 1u);
  EXPECT_EQ(*input.read(out), 0u);
}

}  // namespace
}  // namespace skerry::wasi
