// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/definition.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

using nlohmann::json;
using Type = Parameter::Type;

Definition definition() {
  return {.name = "probe",
          .version = "1",
          .description = "",
          .category = "test",
          .parameters = {{.name = "code", .is_required = true},
                         {.name = "seconds",
                          .type = Type::kInteger,
                          .default_value = 30,
                          .minimum = 1,
                          .maximum = 60,
                          .is_capped = true},
                         {.name = "share", .type = Type::kNumber, .maximum = 1},
                         {.name = "list", .type = Type::kArray},
                         {.name = "flag", .type = Type::kBoolean}}};
}

std::string refusal(const json& given) {
  const auto checked = Arguments::check(definition(), given);
  return checked.ok() ? "" : std::string(message_of(checked.status()));
}

std::int64_t checked_seconds(const json& value) {
  const auto checked = Arguments::check(definition(), {{"code", "x"}, {"seconds", value}});
  EXPECT_TRUE(checked.ok()) << checked.status();
  return checked.ok() ? checked->integer("seconds") : 0;
}

TEST(ArgumentsTest, TextIsNoNumberWhereThatIsAskedFor) {
  Definition exact = definition();
  exact.parameters[1].is_exact = true;
  EXPECT_TRUE(Arguments::check(definition(), {{"code", "x"}, {"seconds", "5"}}).ok());
  EXPECT_FALSE(Arguments::check(exact, {{"code", "x"}, {"seconds", "5"}}).ok());
  EXPECT_TRUE(Arguments::check(exact, {{"code", "x"}, {"seconds", 5.0}}).ok());
}

TEST(ArgumentsTest, TheSchemaHasWhatTheToolItselfChecks) {
  Definition told = definition();
  told.parameters[0].form = {{"pattern", "^a"}, {"maxLength", 3}};
  const auto schema = schema_of(told)["properties"]["code"];
  EXPECT_EQ(schema["type"], "string");
  EXPECT_EQ(schema["pattern"], "^a");
  EXPECT_EQ(schema["maxLength"], 3);
}

TEST(ArgumentsTest, WhatIsLeftOutHasItsDefaultOrIsMissing) {
  const auto checked = Arguments::check(definition(), {{"code", "x"}, {"flag", nullptr}});
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->text("code"), "x");
  EXPECT_EQ(checked->integer("seconds"), 30);
  EXPECT_FALSE(checked->has("share"));
  EXPECT_FALSE(checked->has("flag"));
}

TEST(ArgumentsTest, IntegersComeInManyForms) {
  EXPECT_EQ(checked_seconds(5), 5);
  EXPECT_EQ(checked_seconds(5.0), 5);
  EXPECT_EQ(checked_seconds("5"), 5);
  EXPECT_EQ(checked_seconds(60), 60);
  EXPECT_EQ(checked_seconds(61), 60);
  EXPECT_EQ(checked_seconds(300), 60);
}

TEST(ArgumentsTest, WhatIsNoIntegerOrTooSmallIsRefused) {
  const json bad[] = {0,
                      -1,
                      0.5,
                      1e308,
                      std::numeric_limits<double>::quiet_NaN(),
                      std::numeric_limits<double>::infinity(),
                      UINT64_MAX,
                      "",
                      "5s",
                      " 5",
                      true,
                      json::array(),
                      json::object()};
  for (const json& value : bad) {
    const std::string why = refusal({{"code", "x"}, {"seconds", value}});
    EXPECT_NE(why.find("'seconds'"), std::string::npos) << value << ": " << why;
  }
}

TEST(ArgumentsTest, NamesWhatDoesNotFit) {
  EXPECT_EQ(refusal(json::object()), "Required parameter 'code' is missing");
  EXPECT_EQ(refusal({{"code", nullptr}}), "Parameter 'code' must be of type string, got null");
  EXPECT_EQ(refusal({{"code", 1}}), "Parameter 'code' must be of type string, got number");
  EXPECT_EQ(refusal({{"code", ""}, {"cod", 1}, {"b", 2}}), "Unknown parameters for probe: b, cod");
  EXPECT_EQ(refusal({{"code", ""}, {"share", 1.5}}),
            "Parameter 'share' must be at most 1, got 1.5");
  for (const double odd : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {  // Protobuf's JSON has them
    EXPECT_EQ(refusal({{"code", ""}, {"share", odd}}),
              "Parameter 'share' must be of type number, got number");
  }
  EXPECT_EQ(refusal(json::array()), "Parameters must be an object of names and values");
  EXPECT_EQ(refusal("x"), "Parameters must be an object of names and values");
}

TEST(ArgumentsTest, MessagesStayShortWhateverIsUnknown) {
  json many{{"code", ""}};
  for (int i = 0; i < 1000; ++i) many[std::string(1000, 'x') + std::to_string(i)] = 1;
  const std::string why = refusal(many);
  EXPECT_LT(why.size(), 1000U);
  EXPECT_TRUE(why.ends_with(" and 990 more")) << why;
}

TEST(SchemaTest, SaysWhatTheCheckChecks) {
  const auto schema = schema_of(definition());
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["required"], json::array({"code"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  const json seconds_schema = schema["properties"]["seconds"];
  EXPECT_EQ(seconds_schema, json({{"type", "integer"},
                                  {"description", ""},
                                  {"default", 30},
                                  {"minimum", 1},
                                  {"maximum", 60}}));
}

}  // namespace
}  // namespace skerry::tool
