// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/framing.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"

namespace skerry::grpc {
namespace {

using ::testing::HasSubstr;

std::string next_of(MessageReader& reader) {
  auto message = reader.next();
  if (!message.ok()) return "! " + std::string(message.status().message());
  return *message ? (*message)->bytes : "-";
}

TEST(MessageReaderTest, TakesMessagesHoweverTheirBytesCome) {
  const std::string bytes = framed(std::string_view("one"), Coding::kIdentity) +
                            framed(std::string_view(), Coding::kIdentity) +
                            framed(std::string(1000, 'x'), Coding::kIdentity);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, std::size_t{7}, bytes.size()}) {
    MessageReader reader(1000);
    std::string messages;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.add(std::string_view(bytes).substr(at, piece));
      for (std::string next = next_of(reader); next != "-"; next = next_of(reader)) {
        messages += "[" + next + "]";
      }
    }
    EXPECT_EQ(messages, "[one][][" + std::string(1000, 'x') + "]") << piece;
    EXPECT_FALSE(reader.has_rest());
  }
}

TEST(MessageReaderTest, RefusesALargeMessageBeforeItComes) {
  MessageReader reader(1000);
  reader.add(framed(std::string(1001, 'x'), Coding::kIdentity).substr(0, 5));
  EXPECT_EQ(reader.next().status().code(), StatusCode::kResourceExhausted);
  EXPECT_LT(reader.held(), 1000U);
}

TEST(MessageReaderTest, ALengthAloneTakesNoMemory) {
  MessageReader reader(std::size_t{64} << 20);
  reader.add(std::string_view("\0\3\xFF\xFF\xFF", 5));
  EXPECT_EQ(next_of(reader), "-");
  EXPECT_LT(reader.held(), 1000U);
}

TEST(MessageReaderTest, RefusesWhatIsNoMessage) {
  MessageReader reader(1000);
  reader.add("\2abcdefgh");
  EXPECT_EQ(reader.next().status().code(), StatusCode::kInternal);
}

TEST(MessageReaderTest, ManySmallMessagesTakeLinearTime) {
  const auto make = [](std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += framed(std::string_view("x"), Coding::kIdentity);
    return all;
  };
  const auto run = [](const std::string& bytes) {
    MessageReader reader(10);
    reader.add(bytes);
    while (next_of(reader) != "-") {
    }
  };
  EXPECT_LT(growth(20'000, make, run), kLinearGrowth);
}

TEST(CompressionTest, EveryCodingComesBack) {
  const std::string message = std::string(10'000, 'a') + "end";
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    MessageReader reader(100'000);
    reader.add(framed(message, coding));
    const auto received = reader.next().value().value();
    EXPECT_TRUE(received.is_compressed);
    EXPECT_LT(received.bytes.size(), 1000U);
    EXPECT_EQ(decompressed(received.bytes, coding, message.size()).value(), message);
    EXPECT_EQ(coding_of(name_of(coding)).value(), coding);
  }
  EXPECT_EQ(coding_of("br").status().code(), StatusCode::kUnimplemented);
}

TEST(CompressionTest, StopsAtTheLimitWhateverWouldCome) {
  const std::string bomb =
      framed(std::string(std::size_t{64} << 20, '\0'), Coding::kGzip).substr(5);
  EXPECT_LT(bomb.size(), 1'000'000U);
  const auto refused = decompressed(bomb, Coding::kGzip, 100'000);
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("more than 100000 bytes"));
}

TEST(CompressionTest, RefusesWhatIsCutOffOrAnotherCoding) {
  const std::string good = framed(std::string(1000, 'a'), Coding::kGzip).substr(5);
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() - 1), good + "x", std::string("nonsense"),
        framed(std::string(1000, 'a'), Coding::kDeflate).substr(5)}) {
    EXPECT_EQ(decompressed(bad, Coding::kGzip, 10'000).status().code(), StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace skerry::grpc
