// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_writer.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/base/formats/json_text.h"

namespace skerry {
namespace {

using nlohmann::ordered_json;

std::string written(const ordered_json& value, std::size_t piece) {
  JsonWriter writer(value);
  std::string all;
  while (!writer.is_done()) {
    const std::string next = writer.next(piece);
    EXPECT_FALSE(next.empty() && !writer.is_done());
    all += next;
  }
  EXPECT_EQ(writer.next(piece), "");
  return all;
}

TEST(JsonWriterTest, PiecesTogetherAreTheWholeText) {
  const ordered_json values[] = {nullptr,
                                 true,
                                 -1,
                                 1.5,
                                 "",
                                 "text",
                                 ordered_json::array(),
                                 ordered_json::object(),
                                 {{"b", 1},
                                  {"a", {1, {{"c", nullptr}}, ordered_json::array()}},
                                  {"long", std::string(50'000, 'x')}},
                                 {"\x01\n\"\\\u00e9", "x\xFFy", std::string(20'000, '\x02')}};
  for (const ordered_json& value : values) {
    for (const std::size_t piece : {1U, 7U, 1000U, 1'000'000U}) {
      EXPECT_EQ(written(value, piece), dump_json(value)) << dump_json(value).substr(0, 100);
    }
  }
}

TEST(JsonWriterTest, APieceIsLittleLongerThanAskedFor) {
  // NOLINTNEXTLINE(bugprone-string-constructor): larger than a piece
  JsonWriter writer({{"stdout", std::string(10'000'000, '\x01')}, {"n", 1}});
  while (!writer.is_done()) EXPECT_LT(writer.next(65'536).size(), 65'536U + 6 * 8192 + 64);
}

TEST(JsonWriterTest, AMultibyteCharacterIsNeverCut) {
  std::string text(8191, 'x');
  for (int i = 0; i < 10'000; ++i) text += "\u20ac";
  EXPECT_EQ(written(text, 100), dump_json(text));
}

TEST(JsonWriterTest, TextThatIsNotUtf8Ends) {
  EXPECT_EQ(nlohmann::json::parse(written(std::string(100'000, '\x80'), 100)).get<std::string>(),
            nlohmann::json::parse(dump_json(std::string(100'000, '\x80'))).get<std::string>());
}

}  // namespace
}  // namespace skerry
