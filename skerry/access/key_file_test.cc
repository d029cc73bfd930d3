// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/key_file.h"

#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry::access {
namespace {

using ::testing::HasSubstr;

class KeyFileTest : public ::testing::Test {
 protected:
  void put(const std::string& text) const {
    std::ofstream(path_) << text;
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  }
  TestDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "keys.json";
  KeyFile file_{path_};
};

TEST_F(KeyFileTest, AKeyIsKnownByItsTextAlone) {
  const NewKey made = make_key("team-a", "ci", {}).value();
  EXPECT_EQ(id_in(made.text), made.key.id);
  EXPECT_TRUE(is_text_of(made.key, made.text));
  std::string other = made.text;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_FALSE(is_text_of(made.key, other));
  EXPECT_NE(make_key("team-a", "ci", {}).value().text, made.text);
}

TEST_F(KeyFileTest, WhatIsNoKeyHasNoId) {
  const std::string text = make_key("t", "", {}).value().text;
  const std::string upper = "skerry_ABCDEF012345_" + std::string(64, '0');
  for (const std::string& bad : {std::string(), text + "0", text.substr(1), "x" + text, upper}) {
    EXPECT_FALSE(id_in(bad)) << bad;
  }
}

TEST_F(KeyFileTest, KeysComeBackWithWhatTheyAllow) {
  EXPECT_TRUE(file_.read().value().empty());
  const NewKey a =
      make_key("a", "first", {.tools = {"calculator"}, .runs_per_second = 2.5, .runs_per_day = 9})
          .value();
  const NewKey b = make_key("b", "", {}).value();
  ASSERT_TRUE(file_.add(a.key).ok());
  ASSERT_TRUE(file_.add(b.key).ok());
  const auto keys = file_.read().value();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].tenant, "a");
  EXPECT_EQ(keys[0].allowance.tools, std::vector<std::string>{"calculator"});
  EXPECT_EQ(keys[0].allowance.runs_per_second, 2.5);
  EXPECT_EQ(keys[0].allowance.runs_per_day, 9);
  EXPECT_TRUE(is_text_of(keys[1], b.text));
  ASSERT_TRUE(file_.remove(a.key.id).ok());
  EXPECT_EQ(file_.read().value().size(), 1U);
  EXPECT_EQ(file_.remove(a.key.id).code(), StatusCode::kNotFound);
}

TEST_F(KeyFileTest, TheFileHoldsNoKeyAndIsTheOwnersAlone) {
  const NewKey made = make_key("a", "", {}).value();
  ASSERT_TRUE(file_.add(made.key).ok());
  const std::string text = read_file(path_, mib(1)).value();
  EXPECT_EQ(text.find(made.text.substr(20)), text.npos);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(file_.read().status().code(), StatusCode::kPermissionDenied);
}

TEST_F(KeyFileTest, DamageIsToldAndNeverTakenForNoKeys) {
  for (const char* text : {"", "{", "[]", "{}", R"({"version":2,"keys":[]})", R"({"version":1})",
                           R"({"version":1,"keys":[{}]})", R"({"version":1,"keys":[3]})"}) {
    put(text);
    EXPECT_EQ(file_.read().status().code(), StatusCode::kDataLoss) << text;
    EXPECT_EQ(file_.add(make_key("a", "", {}).value().key).code(), StatusCode::kDataLoss);
  }
}

TEST_F(KeyFileTest, WhatIsOutOfBoundsMakesNoKey) {
  const auto code = [](std::string tenant, Allowance allowance) {
    return make_key(std::move(tenant), "", std::move(allowance)).status().code();
  };
  for (const char* tenant : {"", "A", "a b", "../x", "a/b", "ä"}) {
    EXPECT_EQ(code(tenant, {}), StatusCode::kInvalidArgument) << tenant;
  }
  EXPECT_EQ(code(std::string(65, 'a'), {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", {.runs_per_second = -1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", {.runs_per_second = 1e300}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", {.runs_per_day = -1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(std::string(64, 'a'), {.runs_per_second = 1e6}), StatusCode::kOk);
}

}  // namespace
}  // namespace skerry::access
