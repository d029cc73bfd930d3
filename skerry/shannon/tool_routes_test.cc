// SPDX-License-Identifier: Apache-2.0
// On a runner that runs nothing: what of a request is decoded, and what of a result is answered.
#include "skerry/shannon/tool_routes.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/run/test_runner.h"
#include "skerry/shannon/agent_routes.h"
#include "skerry/tool/arithmetic/calculator.h"
#include "skerry/tool/python_executor.h"
#include "skerry/tool/test_routes.h"

namespace skerry::shannon {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tool::testing::Answer;

class ToolRoutesTest : public ::testing::Test {
 protected:
  ToolRoutesTest() {
    tools_.add(std::make_unique<tool::Calculator>());
    tools_.add(std::make_unique<tool::PythonExecutor>(runner_, sandbox::Limits()));
    add_tool_routes(api_, router_);
    add_agent_routes(api_, router_);
  }

  Answer post(const std::string& path, const json& body, bool wants_events = false) {
    return tool::testing::ask(router_, sent_, "POST", path, body, wants_events);
  }

  loop::Pool pool_{1};
  run::testing::FakeRunner runner_;
  tool::Toolbox tools_;
  agent::Agent agent_{tools_};
  ToolApi api_{.pool = pool_, .agent = agent_, .tools = tools_};
  http::Router router_;
  http::testing::KeptEvents sent_;
};

TEST_F(ToolRoutesTest, AToolIsCalledByBothRoutes) {
  const auto reference = post(
      "/tools/execute", {{"tool_name", "calculator"}, {"parameters", {{"expression", "6*7"}}}});
  EXPECT_EQ(reference.status, 200);
  EXPECT_EQ(reference.body["output"]["result"], 42) << reference.body;
  const auto gateway =
      post("/api/v1/tools/calculator/execute", {{"arguments", {{"expression", "6*7"}}}});
  EXPECT_EQ(gateway.body["output"]["result"], 42) << gateway.body;
  EXPECT_TRUE(gateway.body.contains("usage"));
}

TEST_F(ToolRoutesTest, ARequestsSessionReachesTheTool) {
  const json call{{"tool_name", "python_executor"},
                  {"parameters", {{"code", "1"}}},
                  {"session_context", {{"session_id", "s"}, {"user_id", "u"}}}};
  EXPECT_EQ(post("/tools/execute", call).body["success"], true);
  EXPECT_EQ(runner_.requests.at(0).session->text(), "s");
  EXPECT_EQ(runner_.requests.at(0).principal.user, "u");
}

TEST_F(ToolRoutesTest, AnUnknownToolIsNotFound) {
  EXPECT_EQ(post("/tools/execute", {{"tool_name", "nope"}}).status, 404);
  EXPECT_EQ(post("/tools/execute", {{"tool_name", 3}}).status, 400);
}

TEST_F(ToolRoutesTest, ABatchHasAResultForEachCall) {
  const auto answer =
      post("/tools/batch-execute",
           json::array({{{"tool_name", "calculator"}, {"parameters", {{"expression", "1+1"}}}},
                        {{"tool_name", "nope"}}}));
  EXPECT_EQ(answer.status, 200);
  ASSERT_THAT(answer.body, SizeIs(2));
  EXPECT_EQ(answer.body[0]["output"]["result"], 2);
  EXPECT_EQ(answer.body[1]["success"], false);
}

TEST_F(ToolRoutesTest, AQueryWithCodeIsRun) {
  runner_.prints = "1\n";
  const auto answer = post(
      "/agent/query", {{"query", "Execute Python: print(1)"}, {"context", {{"session_id", "s"}}}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body["response"], "1\n");
  EXPECT_EQ(answer.body["metadata"]["tools_used"], json::array({"python_executor"}));
  EXPECT_EQ(runner_.requests.at(0).session->text(), "s");
}

TEST_F(ToolRoutesTest, AQueryIsStreamedToItsEnd) {
  runner_.prints = "1\n";
  const json query{{"query", "Execute Python: print(1)"}, {"stream", true}};
  EXPECT_EQ(post("/agent/query", query, true).status, 0);
  EXPECT_THAT(sent_.names(), ElementsAre("TOOL_INVOKED", "thread.message.delta", "TOOL_OBSERVATION",
                                         "thread.message.completed"));
}

TEST_F(ToolRoutesTest, AQueryThatDoesNotFitIsRefusedByName) {
  const std::pair<json, const char*> cases[] = {
      {json::object(), "query"},
      {{{"query", "q"}, {"stream", "yes"}}, "stream"},
      {{{"query", "q"}, {"mode", "fast"}}, "mode"},
      {{{"query", "q"}, {"context", 1}}, "context"},
      {{{"query", "q"}, {"session_id", 1}}, "session_id"},
      {{{"query", "q"}, {"temperature", 3}}, "temperature"},
      {{{"query", "q"}, {"max_tokens", 0}}, "max_tokens"},
      {{{"query", "q"},
        {"stream", true},
        {"forced_tool_calls", {{{"tool", "calculator"}, {"parameters", {{"expression", "1"}}}}}}},
       "forced_tool_calls"},
  };
  for (const auto& [body, name] : cases) {
    const auto answer = post("/agent/query", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body["error"].get<std::string>(), HasSubstr(name));
  }
  EXPECT_EQ(post("/agent/query", {{"query", "What?"}}).status, 409) << "there is no model";
}

}  // namespace
}  // namespace skerry::shannon
