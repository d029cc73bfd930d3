// SPDX-License-Identifier: Apache-2.0
// On a runner that runs nothing: what of a request is decoded, and what of a report is answered.
#include "skerry/api/run_routes.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"
#include "skerry/run/test_runner.h"
#include "skerry/tool/test_routes.h"
#include "skerry/upload/test_uploads.h"

namespace skerry::api {
namespace {

using nlohmann::json;
using sandbox::OutcomeKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tool::testing::Answer;

class RunRoutesTest : public ::testing::Test {
 protected:
  RunRoutesTest() {
    add_run_routes(api_, router_);
    add_health_routes(api_, router_);
  }

  Answer post(const std::string& path, const json& body, bool wants_events = false) {
    return tool::testing::ask(router_, sent_, "POST", path, body, wants_events);
  }
  Answer get(const std::string& path) {
    return tool::testing::ask(router_, sent_, "GET", path, nullptr, false);
  }

  loop::Pool pool_{1};
  run::testing::FakeRunner runner_;
  tool::Toolbox tools_;
  upload::testing::TestUploads uploads_{pool_};
  tool::Runs runs_{runner_, tools_, uploads_.get()};
  const RunDecoder decoder_{RunRules()};
  RunApi api_{.pool = pool_,
              .runner = runner_,
              .runs = runs_,
              .decoder = decoder_,
              .version = "1",
              .ports_ready = [] { return ok_status(); }};
  http::Router router_;
  http::testing::KeptEvents sent_;
};

TEST_F(RunRoutesTest, LiveInputHasATimeOfItsOwn) {
  const auto usual = decoder_.decode({{"code", "1"}}, InputForm::kLive);
  ASSERT_TRUE(usual.ok()) << usual.status();
  EXPECT_EQ(usual->request.limits.input, std::chrono::hours(1));
  EXPECT_NE(usual->input, nullptr);
  const auto given = decoder_.decode({{"code", "1"}, {"input_timeout", 0.5}}, InputForm::kLive);
  EXPECT_EQ(given->request.limits.input, std::chrono::milliseconds(500));
  for (const json& wrong : {json(0), json(604'801), json("1")}) {
    EXPECT_FALSE(decoder_.decode({{"code", "1"}, {"input_timeout", wrong}}, InputForm::kLive).ok());
  }
  RunRules strict;
  strict.most.input = std::chrono::seconds(60);
  const RunDecoder bounded(strict);
  EXPECT_EQ(bounded.decode({{"code", "1"}}, InputForm::kLive)->request.limits.input,
            std::chrono::seconds(60));
  EXPECT_FALSE(bounded.decode({{"code", "1"}, {"input_timeout", 61}}, InputForm::kLive).ok());
  const auto whole = decoder_.decode({{"code", "1"}, {"input_timeout", 1}});
  EXPECT_THAT(std::string(message_of(whole.status())), HasSubstr("input_timeout"));
  EXPECT_EQ(decoder_.decode({{"code", "1"}})->input, nullptr);
}

TEST_F(RunRoutesTest, LiveInputIsForWebSockets) {
  const auto answer = get("/v1/run/stream");
  EXPECT_EQ(answer.status, 426);
  EXPECT_TRUE(runner_.requests.empty());
}

TEST_F(RunRoutesTest, ARunIsDecoded) {
  const auto answer = post("/v1/run", {{"code", "1"},
                                       {"session", "s"},
                                       {"stdin", "in"},
                                       {"args", {"a"}},
                                       {"env", {{"K", "V"}}},
                                       {"timeout", 0.5},
                                       {"memory", 64},
                                       {"max_output", 10},
                                       {"output_events_per_second", 5},
                                       {"seed", 3},
                                       {"durable", true},
                                       {"isolation", "process"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  const run::Request& request = runner_.requests.at(0);
  EXPECT_EQ(request.session->text(), "s");
  EXPECT_EQ(request.durability, store::Durability::kDurable);
  EXPECT_EQ(request.isolation, run::Isolation::kProcess);
  EXPECT_EQ(request.request.program.code, "1");
  EXPECT_THAT(request.request.program.arguments, ElementsAre("-c", "a"));
  EXPECT_EQ(request.request.program.environment.at("K"), "V");
  EXPECT_EQ(request.request.input, "in");
  EXPECT_EQ(request.request.limits.wall, std::chrono::milliseconds(500));
  EXPECT_EQ(request.request.limits.memory, mib(64));
  EXPECT_EQ(request.request.limits.output, bytes(10));
  EXPECT_EQ(request.output_events_per_second, 5);
  EXPECT_EQ(request.request.seed, 3U);
}

TEST(RunDecoderTest, AMessageIsTheSameRunAsItsJson) {
  const RunDecoder decoder{RunRules()};
  v1::RunRequest message;
  message.set_code("1");
  message.set_session("s");
  message.add_args("a");
  (*message.mutable_env())["K"] = "V";
  message.set_timeout(0.5);
  message.set_seed(3);
  const auto over_grpc = decoder.decode(message);
  const auto over_http = decoder.decode(json{{"code", "1"},
                                             {"session", "s"},
                                             {"args", {"a"}},
                                             {"env", {{"K", "V"}}},
                                             {"timeout", 0.5},
                                             {"seed", 3}});
  ASSERT_TRUE(over_grpc.ok() && over_http.ok()) << over_grpc.status() << over_http.status();
  for (const run::Request* each : {&*over_grpc, &*over_http}) {
    EXPECT_EQ(each->session->text(), "s");
    EXPECT_EQ(each->isolation, run::Isolation::kTenant);
    EXPECT_EQ(each->request.program.code, "1");
    EXPECT_THAT(each->request.program.arguments, ElementsAre("-c", "a"));
    EXPECT_EQ(each->request.program.environment.at("K"), "V");
    EXPECT_EQ(each->request.limits.wall, std::chrono::milliseconds(500));
    EXPECT_EQ(each->request.limits.memory, sandbox::Limits().memory);
    EXPECT_EQ(each->request.limits.words, sandbox::LimitWords::kRunFields);
    EXPECT_EQ(each->request.seed, 3U);
  }
  message.set_timeout(601);
  const json too_long{{"code", "1"}, {"timeout", 601}};
  EXPECT_EQ(decoder.decode(message).status(), decoder.decode(too_long).status());
}

TEST(RunDecoderTest, WhatTheOperatorSaysIsLaidOverTheOptions) {
  RunRules rules;
  rules.limits.wall = std::chrono::seconds(90);
  rules.limits.output = mib(2);
  rules.most.wall = std::chrono::seconds(60);
  rules.most.memory = mib(512);
  const RunDecoder decoder(rules);
  const json properties(decoder.schema()["properties"]);
  EXPECT_EQ(properties["timeout"]["default"], 90);
  EXPECT_EQ(properties["timeout"]["maximum"], 90) << "what runs have anyway may be asked for";
  EXPECT_EQ(properties["memory"]["maximum"], 512);
  EXPECT_EQ(properties["max_output"]["default"], mib(2).value);
  EXPECT_FALSE(decoder.decode(json{{"code", "1"}, {"memory", 513}}).ok());
  EXPECT_EQ(decoder.decode(json{{"code", "1"}})->request.limits.wall, std::chrono::seconds(90));
}

TEST_F(RunRoutesTest, ARunThatDoesNotFitIsRefusedByName) {
  const std::pair<json, const char*> cases[] = {
      {json::object(), "code"},
      {{{"code", "1"}, {"session", "a/b"}}, "session"},
      {{{"code", "1"}, {"template", "../x"}}, "template"},
      {{{"code", "1"}, {"timeout", 0}}, "timeout"},
      {{{"code", "1"}, {"timeout", 1e9}}, "timeout"},
      {{{"code", "1"}, {"memory", -1}}, "memory"},
      {{{"code", "1"}, {"max_output", 1.5}}, "max_output"},
      {{{"code", "1"}, {"output_events_per_second", 0}}, "output_events_per_second"},
      {{{"code", "1"}, {"output_events_per_second", 1001}}, "output_events_per_second"},
      {{{"code", "1"}, {"seed", -1}}, "seed"},
      {{{"code", "1"}, {"args", "x"}}, "args"},
      {{{"code", "1"}, {"env", {{"K", 1}}}}, "env"},
      {{{"code", "1"}, {"isolation", "none"}}, "isolation"},
      {{{"code", "1"}, {"colour", "red"}}, "colour"},
  };
  for (const auto& [body, name] : cases) {
    const auto answer = post("/v1/run", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body["error"],
                ::testing::ResultOf([](const json& text) { return text.get<std::string>(); },
                                    HasSubstr(name)));
  }
  EXPECT_THAT(runner_.requests, IsEmpty());
}

TEST_F(RunRoutesTest, AReportIsAnswered) {
  runner_.prints = "out";
  runner_.complains = "err";
  runner_.outcome.kind = OutcomeKind::kFailed;
  runner_.outcome.exit_code = 1;
  runner_.outcome.message = "ValueError: x";
  runner_.outcome.usage.queue = std::chrono::milliseconds(3);
  const auto answer = post("/v1/run", {{"code", "1"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["outcome"], "failed");
  EXPECT_EQ(answer.body["exit_code"], 1);
  EXPECT_EQ(answer.body["stdout"], "out");
  EXPECT_EQ(answer.body["stderr"], "err");
  EXPECT_EQ(answer.body["message"], "ValueError: x");
  EXPECT_EQ(answer.body["usage"]["queue_ms"], 3);
  EXPECT_EQ(answer.body["session"], nullptr);
}

TEST_F(RunRoutesTest, TheDocumentHasEveryFieldOfAReport) {
  const json document(router_.document("1"));
  const json& schema = document["paths"]["/v1/run"]["post"]["responses"]["200"]["content"]
                               ["application/json"]["schema"];
  const auto answer = post("/v1/run", {{"code", "1"}});
  for (const auto& [name, value] : answer.body.items()) {
    EXPECT_TRUE(schema["properties"].contains(name)) << name;
  }
  for (const json& name : schema["required"]) {
    EXPECT_TRUE(answer.body.contains(name.get<std::string>())) << name;
  }
  EXPECT_EQ(schema["properties"].size(), answer.body.size());
}

TEST_F(RunRoutesTest, ARunIsStreamedAsItHappens) {
  runner_.prints = "out";
  runner_.complains = "err";
  EXPECT_EQ(post("/v1/run", {{"code", "1"}}, true).status, 0);
  EXPECT_THAT(sent_.names(), ElementsAre("started", "stdout", "stderr", "outcome"));
  EXPECT_EQ(sent_.events[1].second, (json{{"text", "out"}}));
  EXPECT_EQ(sent_.events[3].second["outcome"], "completed");
  EXPECT_FALSE(sent_.events[3].second.contains("stdout"));
}

TEST_F(RunRoutesTest, ALostSessionIsAnErrorWithItsOutput) {
  runner_.prints = "out";
  runner_.session = run::SessionReport{.name = "s",
                                       .revision = 1,
                                       .message = "no room",
                                       .failure = absl::ResourceExhaustedError("no room")};
  const auto answer = post("/v1/run", {{"code", "1"}, {"session", "s"}});
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body["error"], "no room");
  EXPECT_EQ(answer.body["stdout"], "out");
  EXPECT_EQ(answer.body["session"]["saved"], "no");
}

TEST_F(RunRoutesTest, WhoMustWaitIsToldHowLong) {
  runner_.failure =
      with_retry_after(absl::ResourceExhaustedError("busy"), std::chrono::milliseconds(1500));
  for (const bool wants_events : {false, true}) {
    const auto answer = post("/v1/run", {{"code", "1"}}, wants_events);
    EXPECT_EQ(answer.status, 429);
    EXPECT_THAT(answer.headers, ::testing::Contains(std::pair("Retry-After", "2")));
  }
  EXPECT_THAT(sent_.events, IsEmpty());
}

TEST_F(RunRoutesTest, HealthAsksForWorkers) {
  EXPECT_EQ(get("/health").status, 503);
  EXPECT_EQ(get("/health/live").status, 200);
  runner_.counted.spare = 1;
  EXPECT_EQ(get("/health").body["status"], "healthy");
}

}  // namespace
}  // namespace skerry::api
