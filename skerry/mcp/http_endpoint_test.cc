// SPDX-License-Identifier: Apache-2.0
// On a runner that runs nothing: what of a message is understood in each revision, and what of a
// run is answered.
#include "skerry/mcp/http_endpoint.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"
#include "skerry/http/test_events.h"
#include "skerry/mcp/run_tool.h"
#include "skerry/run/test_runner.h"
#include "skerry/tool/test_call.h"
#include "skerry/tool/test_routes.h"
#include "skerry/upload/test_uploads.h"

namespace skerry::mcp {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using sandbox::OutcomeKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tool::testing::Answer;

using Headers = std::map<std::string, std::string>;

json handshake(const char* method, const json& params = json::object(), const json& id = 1) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
}

json stateless(const char* method, json params = json::object()) {
  params["_meta"].update({{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                          {"io.modelcontextprotocol/clientCapabilities", json::object()}});
  return handshake(method, params);
}

Headers headers_of(const json& message) {
  Headers headers{{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", message["method"]}};
  if (message["method"] == "tools/call") headers["mcp-name"] = message["params"]["name"];
  return headers;
}

json run_call(const json& arguments) { return {{"name", "run_python"}, {"arguments", arguments}}; }

class HttpEndpointTest : public ::testing::Test {
 protected:
  HttpEndpointTest() {
    server_.add(run_tool({runs_, files_, images_}, api::RunRules()));
    add_http_endpoint(server_, pool_, router_);
  }

  Answer post(const json& body, const Headers& headers = {}, bool wants_events = false) {
    return post_text(body.dump(), headers, wants_events);
  }
  Answer post_text(std::string body, const Headers& headers = {}, bool wants_events = false) {
    http::Request request;
    request.method = "POST";
    request.path = "/mcp";
    request.body = std::move(body);
    request.headers = headers;
    request.wants_events = wants_events;
    auto response = tool::testing::finish(
        router_.answer(router_.match("POST", "/mcp"), std::move(request), sent_));
    if (!response) return {};
    return {.status = response->status,
            .body = response->body.empty() ? json() : json::parse(response->body),
            .headers = response->headers};
  }
  Answer post_stateless(const char* method, const json& params = json::object(),
                        bool wants_events = false) {
    const json message = stateless(method, params);
    return post(message, headers_of(message), wants_events);
  }

  loop::Pool pool_{1};
  run::testing::FakeRunner runner_;
  tool::Toolbox tools_;
  upload::testing::TestUploads uploads_{pool_};
  tool::Runs runs_{runner_, tools_, uploads_.get()};
  session::SessionAccess sessions_{nullptr};
  workspace::FileCalls files_{runner_, sessions_, {}};
  KeptImages images_;
  Server server_{{.version = "1.2.3", .page = {.size = 2}}};
  http::Router router_;
  http::testing::KeptEvents sent_;
};

// ------------------------------------------------------------------------------- revisions of old

TEST_F(HttpEndpointTest, InitializeAgreesOnARevision) {
  const std::pair<json, const char*> cases[] = {
      {"2024-11-05", "2024-11-05"}, {"2025-06-18", "2025-06-18"}, {"2025-11-25", "2025-11-25"},
      {"2026-07-28", "2025-11-25"}, {"1900-01-01", "2025-11-25"}, {7, "2025-11-25"}};
  for (const auto& [asked, agreed] : cases) {
    const auto answer = post(handshake("initialize", {{"protocolVersion", asked}}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["result"]["protocolVersion"], agreed) << asked;
    EXPECT_EQ(answer.body["result"]["serverInfo"]["version"], "1.2.3");
    EXPECT_TRUE(answer.body["result"]["capabilities"].contains("tools"));
    EXPECT_FALSE(answer.body["result"].contains("resultType"));
    ASSERT_FALSE(answer.headers.empty());
    EXPECT_EQ(answer.headers[0].first, "Mcp-Session-Id");
  }
}

TEST_F(HttpEndpointTest, NotificationsAndResponsesHaveNoAnswer) {
  for (const json& message : {json{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}},
                              json{{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}},
                              json{{"jsonrpc", "2.0"}, {"id", 1}, {"result", json::object()}}}) {
    const auto answer = post(message, {{"mcp-protocol-version", "2025-11-25"}});
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(answer.body, nullptr);
  }
}

TEST_F(HttpEndpointTest, OldRevisionsHavePingAndErrorsWithin200) {
  EXPECT_EQ(post(handshake("ping", json::object(), "x")).body,
            (json{{"jsonrpc", "2.0"}, {"id", "x"}, {"result", json::object()}}));
  const auto answer = post(handshake("server/nothing"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["error"]["code"], -32601);
}

TEST_F(HttpEndpointTest, OneRevisionHasBatches) {
  const json batch = {handshake("ping", json::object(), 1),
                      {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}},
                      handshake("none", json::object(), 2),
                      7};
  const auto answer = post(batch, {{"mcp-protocol-version", "2025-03-26"}});
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(answer.body.size(), 3U);
  EXPECT_EQ(answer.body[0]["id"], 1);
  EXPECT_EQ(answer.body[1]["error"]["code"], -32601);
  EXPECT_EQ(answer.body[2]["error"]["code"], -32600);
  EXPECT_EQ(post(batch[1].is_null() ? json() : json::array({batch[1]})).status, 202);
  EXPECT_EQ(post(json::array()).status, 400);
  for (const char* version : {"2025-06-18", "2025-11-25", "2026-07-28"}) {
    const auto refused = post(batch, {{"mcp-protocol-version", version}});
    EXPECT_EQ(refused.status, 400) << version;
    EXPECT_EQ(refused.body["error"]["code"], -32600);
  }
}

// ---------------------------------------------------------------------------- the stateless one

TEST_F(HttpEndpointTest, DiscoverTellsWhatThereIs) {
  const auto answer = post_stateless("server/discover");
  EXPECT_EQ(answer.status, 200);
  const json& result = answer.body["result"];
  EXPECT_EQ(result["resultType"], "complete");
  EXPECT_THAT(result["supportedVersions"].get<std::vector<std::string>>(),
              ::testing::Contains("2026-07-28"));
  EXPECT_EQ(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "skerry");
  EXPECT_GT(result["ttlMs"], 0);
  EXPECT_EQ(result["cacheScope"], "private");
}

TEST_F(HttpEndpointTest, MethodsOfOtherRevisionsAreNotFound) {
  for (const char* method : {"initialize", "ping", "logging/setLevel", "no/such"}) {
    const auto answer = post_stateless(method);
    EXPECT_EQ(answer.status, 404) << method;
    EXPECT_EQ(answer.body["error"]["code"], -32601);
    EXPECT_EQ(answer.body["id"], 1);
  }
}

TEST_F(HttpEndpointTest, HeadersMustAgreeWithTheBody) {
  const json call = stateless("tools/call", run_call({{"code", "1"}}));
  const Headers good = headers_of(call);
  EXPECT_EQ(post(call, good).status, 200);
  Headers coded = good;
  coded["mcp-name"] = "=?base64?cnVuX3B5dGhvbg==?=";
  EXPECT_EQ(post(call, coded).status, 200);
  for (const char* name : {"mcp-protocol-version", "mcp-method", "mcp-name"}) {
    for (const char* value : {"", "x", "2025-11-25", "RUN_PYTHON", "=?base64?!?="}) {
      Headers wrong = good;
      wrong[name] = value;
      const auto answer = post(call, wrong);
      EXPECT_EQ(answer.status, 400) << name << ' ' << value;
      EXPECT_EQ(answer.body["error"]["code"], -32020) << name << ' ' << value;
    }
  }
  EXPECT_EQ(runner_.requests.size(), 2U);
}

TEST_F(HttpEndpointTest, VersionsThatAreNotServedAreNamed) {
  json message = stateless("tools/list");
  message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01";
  Headers headers = headers_of(message);
  headers["mcp-protocol-version"] = "2099-01-01";
  for (const auto& answer : {post(message, headers), post(handshake("tools/list"), headers)}) {
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body["error"]["code"], -32022);
    EXPECT_EQ(answer.body["error"]["data"]["requested"], "2099-01-01");
  }
}

TEST_F(HttpEndpointTest, WhatAMessageLacksIsNamed) {
  const auto answer = post(handshake("tools/list"),
                           {{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/list"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body["error"]["code"], -32602);
}

// --------------------------------------------------------------------------------- bodies, lists

TEST_F(HttpEndpointTest, WhatIsNoJsonIsAParseError) {
  for (const char* body : {"", "{", "nonsense", "{\"a\":1,\"a\":2}"}) {
    const auto answer = post_text(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.body["error"]["code"], -32700) << body;
  }
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(post_text(deep).body["error"]["code"], -32700);
  EXPECT_EQ(post(json("text")).body["error"]["code"], -32600);
}

TEST_F(HttpEndpointTest, ToolsAreListedInPages) {
  for (const char* name : {"b", "c"}) {
    server_.add(Tool{.description = {{"name", name}}, .call = {}});
  }
  const auto first = post(handshake("tools/list"));
  EXPECT_EQ(first.body["result"]["tools"].size(), 2U);
  const json& run = first.body["result"]["tools"][0];
  EXPECT_EQ(run["name"], "run_python");
  EXPECT_TRUE(run["inputSchema"]["properties"].contains("timeout_seconds"));
  EXPECT_FALSE(run["inputSchema"]["properties"].contains("timeout"));
  EXPECT_EQ(run["outputSchema"]["type"], "object");
  EXPECT_EQ(run["annotations"]["openWorldHint"], false);
  const auto next = post(handshake("tools/list", {{"cursor", first.body["result"]["nextCursor"]}}));
  EXPECT_EQ(next.body["result"]["tools"].size(), 1U);
  EXPECT_FALSE(next.body["result"].contains("nextCursor"));
  EXPECT_EQ(post(handshake("tools/list", {{"cursor", "x"}})).body["error"]["code"], -32602);
  EXPECT_EQ(post(handshake("tools/list", {{"cursor", "400"}})).body["error"]["code"], -32602);
}

// ------------------------------------------------------------------------------------------ runs

TEST_F(HttpEndpointTest, ARunIsDecodedAndAnswered) {
  runner_.prints = "out\n";
  runner_.outcome.result = "4";
  const json arguments{{"code", "1"},   {"session", "s"},         {"stdin", "in"},
                       {"args", {"a"}}, {"timeout_seconds", 0.5}, {"seed", 3}};
  const auto answer = post(handshake("tools/call", run_call(arguments)));
  const json& result = answer.body["result"];
  EXPECT_EQ(result["isError"], false);
  EXPECT_EQ(result["content"],
            (json{{{"type", "text"}, {"text", "out\n"}}, {{"type", "text"}, {"text", "4"}}}));
  EXPECT_EQ(result["structuredContent"]["stdout"], "out\n");
  EXPECT_EQ(result["structuredContent"]["result"], "4");
  EXPECT_EQ(result["structuredContent"]["exit_code"], 0);
  EXPECT_EQ(result["structuredContent"]["outcome"], "completed");
  EXPECT_EQ(result["structuredContent"]["session"]["name"], "s");
  const run::Request& request = runner_.requests.at(0);
  EXPECT_EQ(request.request.program.code, "1");
  EXPECT_EQ(request.session->text(), "s");
  EXPECT_EQ(request.request.input, "in");
  EXPECT_EQ(request.request.limits.wall, std::chrono::milliseconds(500));
}

TEST_F(HttpEndpointTest, AFailedProgramIsAnErrorWithItsHint) {
  runner_.complains = "Traceback\nValueError: x\n";
  runner_.outcome.kind = OutcomeKind::kFailed;
  runner_.outcome.exit_code = 1;
  runner_.outcome.message = "ValueError: x";
  runner_.outcome.exception =
      sandbox::Exception{.type = "ValueError", .message = "x", .hint = "try y", .frames = {}};
  const auto answer = post_stateless("tools/call", run_call({{"code", "1"}}));
  EXPECT_EQ(answer.status, 200);
  const json& result = answer.body["result"];
  EXPECT_EQ(result["isError"], true);
  EXPECT_EQ(result["content"][0]["text"], "Traceback\nValueError: x\n");
  EXPECT_EQ(result["content"][1]["text"], "[failed] ValueError: x\ntry y");
  EXPECT_EQ(result["structuredContent"]["exception"]["hint"], "try y");
}

TEST_F(HttpEndpointTest, WhatDoesNotFitIsForTheModelToMend) {
  const std::pair<json, const char*> cases[] = {
      {json::object(), "code"},
      {{{"code", 1}}, "code"},
      {{{"code", "1"}, {"session", "a/b"}}, "session"},
      {{{"code", "1"}, {"timeout_seconds", 0}}, "timeout"},
      {{{"code", "1"}, {"colour", 1}}, "colour"}};
  for (const auto& [arguments, name] : cases) {
    const auto answer = post_stateless("tools/call", run_call(arguments));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["result"]["isError"], true) << arguments;
    EXPECT_THAT(answer.body["result"]["content"][0]["text"].get<std::string>(), HasSubstr(name));
  }
  EXPECT_THAT(runner_.requests, IsEmpty());
}

TEST_F(HttpEndpointTest, CallsOfNothingAreErrorsOfTheProtocol) {
  for (const json& params : {json{{"name", "nothing"}}, json{{"name", 7}}, json::object(),
                             json{{"name", "run_python"}, {"arguments", 7}}}) {
    EXPECT_EQ(post(handshake("tools/call", params)).body["error"]["code"], -32602) << params;
  }
}

TEST_F(HttpEndpointTest, WhoMustWaitIsToldHowLong) {
  runner_.failure =
      with_retry_after(absl::ResourceExhaustedError("busy"), std::chrono::milliseconds(1500));
  const auto answer = post(handshake("tools/call", run_call({{"code", "1"}})));
  EXPECT_EQ(answer.body["result"]["isError"], true);
  EXPECT_EQ(answer.body["result"]["content"][0]["text"], "busy; again after 2 s");
}

TEST_F(HttpEndpointTest, OutputIsProgressForWhomWantsIt) {
  runner_.prints = "out";
  json params = run_call({{"code", "1"}});
  params["_meta"]["progressToken"] = "t";
  EXPECT_EQ(post_stateless("tools/call", params, true).status, 0);
  EXPECT_THAT(sent_.names(), ElementsAre("message", "message"));
  EXPECT_EQ(sent_.events[0].second,
            (json{{"jsonrpc", "2.0"},
                  {"method", "notifications/progress"},
                  {"params", {{"progressToken", "t"}, {"progress", 3}, {"message", "out"}}}}));
  EXPECT_EQ(sent_.events[1].second["result"]["structuredContent"]["stdout"], "out");
  EXPECT_EQ(sent_.events[1].second["id"], 1);
  // Who takes no events, or has no token, gets one object.
  EXPECT_EQ(post_stateless("tools/call", params).status, 200);
  EXPECT_EQ(post_stateless("tools/call", run_call({{"code", "1"}}), true).status, 200);
}

}  // namespace
}  // namespace skerry::mcp
