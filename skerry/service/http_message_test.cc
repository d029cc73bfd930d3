// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_message.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::service {
namespace {

TEST(ParseObjectTest, TakesObjects) {
  EXPECT_EQ(parse_object(R"({"a": [1, {"a": "é"}], "b": {}})")->dump(),
            R"({"a":[1,{"a":"é"}],"b":{}})");
  EXPECT_TRUE(parse_object("{}").ok());
  std::string deep = "1";
  for (int i = 0; i < 30; ++i) deep = R"({"a":[)" + deep + "]}";
  EXPECT_TRUE(parse_object(deep).ok());
}

TEST(ParseObjectTest, RefusesAllElse) {
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = R"({"a":[)" + deep + "]}";
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("1"), std::string("{"), std::string("{}x"),
        std::string("{\"a\":\"\xFF\"}"), std::string(R"({"a":1,"a":2})"),
        std::string(R"({"b":{"a":1,"a":2}})"), std::string(R"({"a":"\ud800"})"),
        std::string(R"({"a":8e22089220})"), std::string("8e22089220"), deep,
        std::string(1'000'000, '[')}) {
    EXPECT_EQ(parse_object(bad).status().code(), StatusCode::kInvalidArgument) << bad.substr(0, 20);
  }
  EXPECT_TRUE(parse_object(R"({"a":{"x":1},"b":{"x":1}})").ok()) << "in two objects";
}

TEST(DecodedTest, PutsPercentsBack) {
  EXPECT_EQ(decoded("a%20b+c%C3%A9", false), "a b+c\u00e9");
  EXPECT_EQ(decoded("a%20b+c", true), "a b c");
  EXPECT_EQ(decoded("", true), "");
  for (const char* bad : {"%", "%4", "%zz", "%+1", "%-1", "%ff", "%00"}) {
    EXPECT_FALSE(decoded(bad, true).has_value()) << bad;
  }
}

TEST(OriginTest, PagesOfElsewhereAreNotLocal) {
  for (const char* local : {"http://localhost", "http://localhost:8000", "https://127.0.0.1:1",
                            "http://[::1]", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_local_origin(local)) << local;
  }
  for (const char* foreign :
       {"", "null", "http://example.com", "http://localhost.example.com", "http://127.0.0.1.nip.io",
        "http://[::1]x", "localhost", "http://evil#localhost", "http://localhost@evil"}) {
    EXPECT_FALSE(is_local_origin(foreign)) << foreign;
  }
}

}  // namespace
}  // namespace skerry::service
