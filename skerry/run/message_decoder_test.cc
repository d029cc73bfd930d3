// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_decoder.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/run/message_json.h"
#include "skerry/store/session_name.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::run {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::EndsWith;

v1::FieldRules rules(std::string fallback, double maximum) {
  v1::FieldRules made;
  made.set_default_(std::move(fallback));
  made.set_maximum(maximum);
  return made;
}

const MessageDecoder& runs() {
  v1::FieldRules templates;
  templates.add_choices("one");
  templates.add_choices("two");
  v1::FieldRules refused;
  refused.set_refused(true);
  static const MessageDecoder kDecoder(*v1::RunRequest::descriptor(), "run",
                                       {{"template", templates},
                                        {"input_timeout", refused},
                                        {"timeout", rules("30.0", 600)},
                                        {"memory", rules("256", 1024)},
                                        {"max_output", rules("9", 99)}});
  return kDecoder;
}

const MessageDecoder& rewinds() {
  static const MessageDecoder kDecoder(*v1::RewindRequest::descriptor(), "rewind");
  return kDecoder;
}

v1::RunRequest parsed(json given) {
  v1::RunRequest message;
  const Status status = runs().parse(std::move(given), message);
  EXPECT_TRUE(status.ok()) << status;
  return message;
}

std::string refusal(json given) {
  v1::RunRequest message;
  const Status status = runs().parse(std::move(given), message);
  EXPECT_EQ(status.ok() ? StatusCode::kInvalidArgument : status.code(),
            StatusCode::kInvalidArgument);
  return status.ok() ? "" : std::string(message_of(status));
}

std::string revision_of(json given) {
  v1::RewindRequest message;
  const Status status = rewinds().parse(std::move(given), message);
  return status.ok() ? message.revision() : std::string(message_of(status));
}

TEST(MessageDecoderTest, FieldsAreTakenUnderTheirNames) {
  const v1::RunRequest message = parsed({{"code", "print(1)"},
                                         {"session", "s"},
                                         {"template", "one"},
                                         {"stdin", "in"},
                                         {"args", {"a", ""}},
                                         {"env", {{"K", "V"}, {"L", ""}}},
                                         {"timeout", 1},
                                         {"memory", 1.5},
                                         {"max_output", 3.0},
                                         {"seed", INT64_MAX},
                                         {"durable", true},
                                         {"isolation", "process"}});
  EXPECT_EQ(message.code(), "print(1)");
  EXPECT_EQ(message.session(), "s");
  EXPECT_EQ(message.template_(), "one");
  EXPECT_THAT(message.args(), ElementsAre("a", ""));
  EXPECT_EQ(message.env().at("K"), "V");
  EXPECT_EQ(message.env().size(), 2U);
  EXPECT_EQ(message.timeout(), 1);
  EXPECT_EQ(message.memory(), 1.5);
  EXPECT_EQ(message.max_output(), 3);
  EXPECT_EQ(message.seed(), INT64_MAX) << "all 64 bits";
  EXPECT_TRUE(message.durable());
  EXPECT_EQ(message.isolation(), "process");
}

TEST(MessageDecoderTest, WhatIsLeftOutOrNullHasItsDefault) {
  json nulls{{"code", ""}};
  for (const char* name : {"session", "stdin", "args", "env", "timeout", "max_output", "seed",
                           "durable", "isolation", "output_events_per_second"}) {
    nulls[name] = nullptr;
  }
  for (const json& given : {json{{"code", ""}}, nulls}) {
    const v1::RunRequest message = parsed(given);
    EXPECT_EQ(message.timeout(), 30);
    EXPECT_EQ(message.memory(), 256);
    EXPECT_EQ(message.max_output(), 9);
    EXPECT_EQ(message.isolation(), "tenant");
    EXPECT_FALSE(message.has_seed());
    EXPECT_FALSE(message.has_output_events_per_second());
  }
}

TEST(MessageDecoderTest, SaysWhatDoesNotFit) {
  const std::tuple<const char*, json, const char*> cases[] = {
      {"code", nullptr, "Parameter 'code' must be of type string, got null"},
      {"code", 1, "Parameter 'code' must be of type string, got number"},
      {"session", true, "Parameter 'session' must be of type string, got boolean"},
      {"timeout", "1", "Parameter 'timeout' must be of type number, got string"},
      {"timeout", 0, "Parameter 'timeout' must be at least 0.001, got 0"},
      {"timeout", 601, "Parameter 'timeout' must be at most 600, got 601"},
      {"timeout", 1e308, "Parameter 'timeout' must be at most 600, got 1e+308"},
      {"timeout", HUGE_VAL, "Parameter 'timeout' must be a finite number"},
      {"memory", 0.5, "Parameter 'memory' must be at least 1, got 0.5"},
      {"max_output", -1, "Parameter 'max_output' must be at least 0, got -1"},
      {"max_output", 100, "Parameter 'max_output' must be at most 99, got 100"},
      {"max_output", 1.5, "Parameter 'max_output' must be of type integer, got number"},
      {"seed", "7", "Parameter 'seed' must be of type integer, got string"},
      {"seed", UINT64_MAX, "Parameter 'seed' must be of type integer, got number"},
      {"seed", 1e300, "Parameter 'seed' must be of type integer, got number"},
      {"seed", std::nan(""), "Parameter 'seed' must be of type integer, got number"},
      {"seed", json::array(), "Parameter 'seed' must be of type integer, got array"},
      {"args", "x", "Parameter 'args' must be of type array, got string"},
      {"args", json::object(), "Parameter 'args' must be of type array, got object"},
      {"args", {"x", 1}, "Parameter 'args' must hold nothing but strings"},
      {"env", json::array(), "Parameter 'env' must be of type object, got array"},
      {"env", {{"K", nullptr}}, "Parameter 'env' must hold nothing but strings"},
      {"durable", 1, "Parameter 'durable' must be of type boolean, got number"},
      {"isolation", "", "Parameter 'isolation' must be \"tenant\" or \"process\""},
      {"template", "", "Parameter 'template' is an unknown template, expected one of one, two"},
      {"input_timeout", 1, "Unknown parameters for run: input_timeout"},
      {"output_events_per_second", 0,
       "Parameter 'output_events_per_second' must be at least 1, got 0"},
      {"output_events_per_second", 1001,
       "Parameter 'output_events_per_second' must be at most 1000, got 1001"},
      {"colour", "red", "Unknown parameters for run: colour"},
  };
  for (const auto& [name, value, text] : cases) {
    json given{{"code", "1"}};
    given[name] = value;
    EXPECT_EQ(refusal(given), text);
  }
  EXPECT_EQ(refusal(json::object()), "Required parameter 'code' is missing");
  EXPECT_TRUE(refusal({{"code", "1"}, {"session", ""}}).starts_with("a session's name has"));
  for (const json& given : {json::array(), json("x"), json()}) {
    EXPECT_EQ(refusal(given), "Parameters must be an object of names and values");
  }
}

TEST(MessageDecoderTest, MessagesStayShortWhateverIsUnknown) {
  json many{{"code", ""}};
  for (int i = 0; i < 1000; ++i) many[std::string(1000, 'x') + std::to_string(i)] = 1;
  const std::string why = refusal(many);
  EXPECT_LT(why.size(), 1000U);
  EXPECT_THAT(why, EndsWith(" and 990 more"));
}

TEST(MessageDecoderTest, AnIntegerStandsForItsDigitsWhereThatIsSaid) {
  EXPECT_EQ(revision_of({{"revision", "good"}}), "good");
  EXPECT_EQ(revision_of({{"revision", 3}}), "3");
  EXPECT_EQ(revision_of({{"revision", 3.0}}), "3");
  EXPECT_EQ(revision_of({{"revision", INT64_MAX}}), std::to_string(INT64_MAX));
  EXPECT_EQ(revision_of({{"revision", 1.5}}),
            "Parameter 'revision' must be of type integer or string, got number");
  EXPECT_EQ(revision_of({{"revision", -1}}), "Parameter 'revision' must be at least 0, got -1");
  EXPECT_EQ(revision_of({{"revision", nullptr}}),
            "Parameter 'revision' must be of type integer or string, got null");
  EXPECT_EQ(revision_of(json::object()), "Required parameter 'revision' is missing");
}

TEST(MessageDecoderTest, WhatThePathHasIsNotTaken) {
  EXPECT_EQ(revision_of({{"revision", 1}, {"session", "s"}}),
            "Unknown parameters for rewind: session");
  EXPECT_FALSE(rewinds().schema()["properties"].contains("session"));
}

TEST(MessageDecoderTest, AMessageIsCheckedInTheSameWords) {
  const std::tuple<const char*, v1::RunRequest (*)(), const char*> cases[] = {
      {"text",
       [] {
         v1::RunRequest it;
         it.set_isolation("none");
         return it;
       },
       "Parameter 'isolation' must be \"tenant\" or \"process\""},
      {"configured choice",
       [] {
         v1::RunRequest it;
         it.set_template_("../x");
         return it;
       },
       "Parameter 'template' is an unknown template, expected one of one, two"},
      {"refused",
       [] {
         v1::RunRequest it;
         it.set_input_timeout(1);
         return it;
       },
       "Unknown parameters for run: input_timeout"},
      {"minimum",
       [] {
         v1::RunRequest it;
         it.set_seed(-1);
         return it;
       },
       "Parameter 'seed' must be at least 0, got -1"},
      {"maximum",
       [] {
         v1::RunRequest it;
         it.set_memory(5000);
         return it;
       },
       "Parameter 'memory' must be at most 1024, got 5000"},
      {"no number",
       [] {
         v1::RunRequest it;
         it.set_timeout(std::nan(""));
         return it;
       },
       "Parameter 'timeout' must be a finite number"},
      {"a default that is set",
       [] {
         v1::RunRequest it;
         it.set_timeout(0);
         return it;
       },
       "Parameter 'timeout' must be at least 0.001, got 0"},
  };
  for (const auto& [name, make, text] : cases) {
    v1::RunRequest message = make();
    EXPECT_EQ(message_of(runs().complete(message)), text) << name;
  }
}

TEST(MessageDecoderTest, AnEmptyTextOfAMessageCountsAsLeftOut) {
  v1::RunRequest message;
  message.add_args("a");
  EXPECT_TRUE(runs().complete(message).ok());
  EXPECT_EQ(message.isolation(), "tenant");
  EXPECT_EQ(message.timeout(), 30);
  EXPECT_EQ(message.session(), "");
}

TEST(MessageDecoderTest, ARequiredTextOfAMessageIsMissingWhereItsFormatTakesNoEmptyOne) {
  const auto status = [](auto message) {
    return MessageDecoder(*message.GetDescriptor(), "session").complete(message);
  };
  v1::RewindRequest rewind;
  EXPECT_EQ(message_of(status(rewind)), revision_of(json::object()));
  rewind.set_revision("1");
  EXPECT_TRUE(status(rewind).ok());
  v1::ForkRequest fork;
  EXPECT_EQ(message_of(status(fork)), "Required parameter 'name' is missing");
  fork.set_name("../x");
  EXPECT_EQ(status(fork), store::SessionName::parse("../x").status());
  v1::DiffRequest diff;
  diff.set_to("1");
  EXPECT_EQ(message_of(status(diff)), "Required parameter 'from' is missing");
  EXPECT_TRUE(status(v1::CheckpointRequest()).ok()) << "its label need not be there";
}

TEST(MessageDecoderTest, LongTextsAreMoved) {
  std::string text(100'000, 'x');
  json given{{"code", std::move(text)}};
  const char* const bytes = given["code"].get_ref<const std::string&>().data();
  EXPECT_EQ(parsed(std::move(given)).code().data(), bytes);
}

TEST(MessageDecoderTest, TheSchemaSaysWhatIsChecked) {
  const ordered_json schema = runs().schema();
  EXPECT_EQ(schema["required"], ordered_json::array({"code"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  const ordered_json& properties = schema["properties"];
  EXPECT_EQ(properties["code"], ordered_json({{"type", "string"}, {"description", "The program"}}));
  EXPECT_EQ(json(properties["timeout"]),
            json({{"type", {"number", "null"}},
                  {"description", "Seconds after which the run is killed"},
                  {"default", 30.0},
                  {"minimum", 0.001},
                  {"maximum", 600}}));
  EXPECT_EQ(properties["max_output"].dump(),
            R"({"type":["integer","null"],"description":"Bytes kept of each stream",)"
            R"("default":9,"minimum":0,"maximum":99})");
  EXPECT_EQ(properties["seed"]["maximum"], INT64_MAX);
  EXPECT_EQ(properties["isolation"]["enum"], ordered_json({"tenant", "process", nullptr}));
  EXPECT_EQ(properties["isolation"]["default"], "tenant");
  EXPECT_EQ(properties["template"]["enum"], ordered_json({"one", "two", nullptr}));
  EXPECT_EQ(properties["session"]["maxLength"], 128);
  EXPECT_EQ(properties["args"]["items"], ordered_json({{"type", "string"}}));
  EXPECT_EQ(properties["stdin"]["default"], "");
  EXPECT_EQ(properties["durable"]["default"], false);
  const ordered_json revision = rewinds().schema()["properties"]["revision"];
  EXPECT_EQ(revision["type"], ordered_json({"integer", "string"}));
  EXPECT_EQ(revision["minimum"], 0);
  EXPECT_EQ(revision["maximum"], INT64_MAX);
}

TEST(MessageDecoderTest, EachFieldOfARunIsDescribedAndEachNumberHasBounds) {
  const ordered_json schema = runs().schema();
  for (const auto& [name, property] : schema["properties"].items()) {
    EXPECT_FALSE(property.value("description", "").empty()) << name;
    const json type(property["type"]);
    const std::string first = type.is_array() ? type[0] : type;
    if (first != "integer" && first != "number") continue;
    EXPECT_TRUE(property.contains("minimum") && property.contains("maximum")) << name;
  }
}

TEST(MessageDecoderDeathTest, AnAnswerIsNoRequest) {
  EXPECT_DEATH(MessageDecoder(*v1::Outcome::descriptor(), "outcome"), "");
  v1::FieldRules unknown;
  unknown.set_format("colour");
  EXPECT_DEATH(MessageDecoder(*v1::RunRequest::descriptor(), "run", {{"code", unknown}}), "");
  EXPECT_DEATH(MessageDecoder(*v1::RunRequest::descriptor(), "run", {{"colour", {}}}), "");
}

TEST(MessageDecoderTest, AChoiceIsAnObjectOfOneMember) {
  const std::string id(64, 'a');
  const auto message = parsed(
      {{"code", ""},
       {"files", {{"a", {{"text", "t"}}}, {"b", {{"base64", "AP8="}}}, {"c", {{"id", id}}}}}});
  EXPECT_EQ(message.files().at("a").text(), "t");
  EXPECT_EQ(message.files().at("b").data(), std::string("\0\xff", 2));
  EXPECT_EQ(message.files().at("c").id(), id);
  const auto refused = [](const json& file) {
    return refusal({{"code", ""}, {"files", {{"a", file}}}});
  };
  const std::string wanted =
      "Parameter 'files' must hold objects with one text each: text, base64 or id";
  for (const json& file : {json("t"), json(), json::object(), json{{"data", "t"}},
                           json{{"text", 1}}, json{{"text", "t"}, {"id", id}}}) {
    EXPECT_EQ(refused(file), wanted) << file;
  }
  EXPECT_THAT(refused({{"base64", "?"}}), ::testing::StartsWith("Parameter 'files': "));
  EXPECT_THAT(refused({{"id", "x"}}), ::testing::HasSubstr("64 hexadecimal digits"));
  EXPECT_EQ(refusal({{"code", ""}, {"files", {1}}}),
            "Parameter 'files' must be of type object, got array");
}

TEST(MessageDecoderTest, AMessagesChoiceIsMade) {
  v1::RunRequest message;
  (*message.mutable_files())["a"].set_data("x");
  EXPECT_TRUE(runs().complete(message).ok());
  (*message.mutable_files())["a"].set_id("x");
  EXPECT_FALSE(runs().complete(message).ok());
  (*message.mutable_files())["a"].clear_id();
  EXPECT_EQ(runs().complete(message).message(),
            "Parameter 'files' must have one of text, base64 or id");
}

}  // namespace
}  // namespace skerry::run
