// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_text.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"

namespace skerry {
namespace {

using testing::HasSubstr;

Result<nlohmann::json> parse(const std::string& text, const JsonLimits& limits = {}) {
  return parse_json(text, "the body", limits);
}

std::string nested(int levels) {
  std::string deep = "1";
  for (int i = 0; i < levels; i += 2) deep = R"({"a":[)" + deep + "]}";
  return deep;
}

std::string repeated(std::size_t times, const std::function<std::string(std::size_t)>& item) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += (i == 0 ? "" : ",") + item(i);
  return all;
}

TEST(ParseJsonTest, KeepsEveryKindOfValue) {
  for (const char* text : {"null", "true", "-1", "18446744073709551615", "1.5", R"("é")", "[]",
                           "{}", R"({"a":[1,{"a":"é"},[]],"b":{},"c":[{"d":null}]})"}) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->dump(), text);
    EXPECT_EQ(*parsed, nlohmann::json::parse(text));
  }
}

TEST(ParseJsonTest, RefusesWhatIsNotJson) {
  for (const std::string bad :
       {"", "{", "{}x", "{\"a\":\"\xFF\"}", R"({"a":"\ud800"})", "[1,]", "nul", "'a'"}) {
    const auto parsed = parse(bad);
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(message_of(parsed.status())),
                HasSubstr("the body is not JSON: at byte"))
        << bad;
  }
}

TEST(ParseJsonTest, RefusesNumbersOutOfRange) {
  EXPECT_THAT(std::string(message_of(parse(R"({"a":8e22089220})").status())),
              HasSubstr("a number in it is out of range"));
}

TEST(ParseJsonTest, RefusesANameGivenTwiceInOneObject) {
  EXPECT_THAT(std::string(message_of(parse(R"({"b":{"a":1,"a":2}})").status())),
              HasSubstr(R"(the name "a" is in it twice)"));
  EXPECT_TRUE(parse(R"({"a":{"x":1},"b":{"x":1}})").ok());
}

TEST(ParseJsonTest, KeepsToItsLimits) {
  EXPECT_TRUE(parse(nested(64)).ok());
  EXPECT_THAT(std::string(message_of(parse(nested(66)).status())), HasSubstr("64 levels deep"));
  EXPECT_FALSE(parse(std::string(1'000'000, '[')).ok());

  const JsonLimits limits{.values = 10};
  EXPECT_TRUE(parse("[1,2,3,4,5,6,7,8,9]", limits).ok()) << "the list is a value, too";
  EXPECT_THAT(std::string(message_of(parse("[1,2,3,4,5,6,7,8,9,10]", limits).status())),
              HasSubstr("more than 10 values"));
  EXPECT_FALSE(parse("[[],{},[],{},[],{},[],{},[],{}]", limits).ok());

  const std::string name(4096, 'n');
  EXPECT_TRUE(parse("{\"" + name + "\":1}").ok());
  EXPECT_THAT(std::string(message_of(parse("{\"" + name + "n\":1}").status())),
              HasSubstr("a name of more than 4096 bytes"));
}

TEST(ParseJsonTest, WantsAnObjectWhereItIsAskedForOne) {
  EXPECT_TRUE(parse_json_object("{}", "the body").ok());
  for (const char* other : {"[]", "1", "null"}) {
    EXPECT_EQ(message_of(parse_json_object(other, "the body").status()),
              "the body must be a JSON object");
  }
}

TEST(ParseJsonTest, TakesLinearTimeForEveryShape) {
  const std::pair<const char*, std::function<std::string(std::size_t)>> shapes[] = {
      {"empty objects",
       [](std::size_t n) { return "[" + repeated(n, [](std::size_t) { return "{}"; }) + "]"; }},
      {"numbers",
       [](std::size_t n) { return "[" + repeated(n, [](std::size_t) { return "1"; }) + "]"; }},
      {"members",
       [](std::size_t n) {
         return "{" +
                repeated(n, [](std::size_t i) { return "\"k" + std::to_string(i) + "\":0"; }) + "}";
       }},
      {"names with a long common part",
       [](std::size_t n) {
         const std::string common(500, 'k');
         return "{" +
                repeated(n / 20,
                         [&](std::size_t i) { return '"' + common + std::to_string(i) + "\":0"; }) +
                "}";
       }},
      {"a long text", [](std::size_t n) { return '"' + std::string(100 * n, 'x') + '"'; }},
      {"escapes",
       [](std::size_t n) {
         return '"' + repeated(10 * n, [](std::size_t) { return R"(\u00e9)"; }) + '"';
       }},
      {"a long number", [](std::size_t n) { return "0." + std::string(20 * n, '1'); }},
      {"objects in objects",
       [](std::size_t n) {
         return "[" + repeated(n / 4, [](std::size_t) { return R"({"a":{"b":{}}})"; }) + "]";
       }},
  };
  for (const auto& [name, make] : shapes) {
    EXPECT_LT(growth(4'000, make, [](const std::string& text) { (void)parse(text); }),
              kLinearGrowth)
        << name;
  }
}

TEST(DumpJsonTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(dump_json({{"a", "x\xFFy"}}), "{\"a\":\"x\xEF\xBF\xBDy\"}");
}

}  // namespace
}  // namespace skerry
