// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/conformance/conformance.h"

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/sha256.h"
#include "skerry/mcp/conformance/questions.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;

// One red pixel, and one sample of silence.
constexpr const char* kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg==";
constexpr const char* kWav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==";

ordered_json text(std::string_view text) { return {{"type", "text"}, {"text", text}}; }
ordered_json image() { return {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}}; }
ordered_json resource(std::string_view uri, const char* type, const char* content) {
  return {{"type", "resource"},
          {"resource", {{"uri", uri}, {"mimeType", type}, {"text", content}}}};
}

ToolResult result(std::vector<ordered_json> blocks) {
  ToolResult result;
  for (ordered_json& each : blocks) result.content.push_back(std::move(each));
  return result;
}
ToolResult error(std::string_view why) {
  ToolResult failed = result({text(why)});
  failed.is_error = true;
  return failed;
}

Error invalid(std::string message, ordered_json data = nullptr) {
  return {.code = ErrorCode::kInvalidParameters,
          .message = std::move(message),
          .data = std::move(data)};
}

ordered_json no_arguments() { return {{"type", "object"}, {"properties", ordered_json::object()}}; }

Tool tool(const char* name, Tool::Call call, ordered_json input = no_arguments()) {
  return {.description = {{"name", name},
                          {"description", "A fixture of the conformance suite"},
                          {"inputSchema", std::move(input)}},
          .call = std::move(call)};
}

Tool fixed_tool(const char* name, const ToolResult& fixed) {
  return tool(
      name, [fixed](const Request&, const json&) -> awaitable<Tool::Outcome> { co_return fixed; });
}

/// The text under a name; empty where there is none.
std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

awaitable<void> a_moment() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  std::chrono::milliseconds(50));
  auto waiting = timer.async_wait(boost::asio::use_awaitable);
  co_await std::move(waiting);
}

// ---------------------------------------------------------------------- contents, notifications

void add_contents(Server& server) {
  server.add(fixed_tool("test_simple_text",
                        result({text("This is a simple text response for testing.")})));
  server.add(fixed_tool("test_image_content", result({image()})));
  server.add(fixed_tool("test_audio_content",
                        result({{{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}}})));
  server.add(fixed_tool("test_embedded_resource",
                        result({resource("test://embedded-resource", "text/plain",
                                         "This is an embedded resource content.")})));
  server.add(fixed_tool("test_multiple_content_types",
                        result({text("Multiple content types test:"), image(),
                                resource("test://mixed-content-resource", "application/json",
                                         R"({"test":"data","value":123})")})));
  server.add(fixed_tool("test_error_handling",
                        error("This tool intentionally returns an error for testing")));
  const ordered_json schema = ordered_json::parse(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object",
      "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
      "contactMethod": {"type": "string", "enum": ["phone", "email"]},
      "phone": {"type": "string"}, "email": {"type": "string"}},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]}, "else": {"required": ["email"]},
    "additionalProperties": false})");
  Tool keywords = fixed_tool("json_schema_2020_12_tool", result({text("It has a schema.")}));
  keywords.description["inputSchema"] = schema;
  server.add(std::move(keywords));
}

awaitable<Tool::Outcome> tell_progress(const Request& request) {
  for (const int progress : {0, 50, 100}) {
    if (progress > 0) co_await a_moment();
    if (request.progress_token().is_null()) continue;
    ordered_json params{
        {"progressToken", request.progress_token()}, {"progress", progress}, {"total", 100}};
    request.exchange->send(notification("notifications/progress", std::move(params)));
  }
  co_return result({text("There was progress.")});
}

awaitable<Tool::Outcome> tell_log(const Request& request) {
  for (const char* line :
       {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
    if (request.exchange != nullptr && !is_stateless(request.revision)) {
      ordered_json params{{"level", "info"}, {"data", line}};
      request.exchange->send(notification("notifications/message", std::move(params)));
    }
    co_await a_moment();
  }
  co_return result({text("There was a log.")});
}

void add_notifications(Server& server) {
  server.add(tool("test_tool_with_progress",
                  [](const Request& request, const json&) { return tell_progress(request); }));
  for (const char* name : {"test_tool_with_logging", "test_logging_tool"}) {
    server.add(tool(name, [](const Request& request, const json&) { return tell_log(request); }));
  }
  server.declare("logging", Era::kHandshake, ordered_json::object());
  server.add("logging/setLevel", Era::kHandshake,
             [](Request&) -> awaitable<Answer> { co_return Reply(); });
}

// ------------------------------------------------------------------- questions, before 2026-07-28

awaitable<Tool::Outcome> ask_for(std::shared_ptr<Questions> questions, const Request& request,
                                 const char* method, ordered_json params, const char* prefix) {
  auto asking = questions->ask(request, method, std::move(params));
  const auto answer = co_await std::move(asking);
  if (!answer) co_return error("the client does not answer that");
  co_return result({text(prefix + answer->dump())});
}

ordered_json elicitation(const char* message, ordered_json properties,
                         const std::vector<const char*>& required = {}) {
  ordered_json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = required;
  return {{"message", message}, {"requestedSchema", std::move(schema)}};
}

ordered_json sampling(std::string_view prompt, int tokens) {
  return {{"messages", {{{"role", "user"}, {"content", text(prompt)}}}}, {"maxTokens", tokens}};
}

void add_questions(Server& server) {
  const auto questions = std::make_shared<Questions>();
  server.on_response([questions](const Request& response) { questions->responded(response); });
  const auto add = [&](const char* name, const char* method, const ordered_json& params,
                       const char* prefix) {
    server.add(tool(name, [=](const Request& request, const json& arguments) {
      ordered_json asked = params;
      if (std::string_view(name) == "test_sampling") {
        asked = sampling(text_in(arguments, "prompt"), 100);
      }
      return ask_for(questions, request, method, std::move(asked), prefix);
    }));
  };
  const ordered_json a_text{{"type", "string"}};
  add("test_sampling", "sampling/createMessage", nullptr, "LLM response: ");
  add("test_elicitation", "elicitation/create",
      elicitation("Who are you?", {{"username", a_text}, {"email", a_text}}, {"username", "email"}),
      "User response: ");
  add("test_elicitation_sep1034_defaults", "elicitation/create",
      elicitation("Please review", ordered_json::parse(R"({
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true}})")),
      "Elicitation completed: ");
  add("test_elicitation_sep1330_enums", "elicitation/create",
      elicitation("Please choose", ordered_json::parse(R"({
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": [{"const": "value1", "title": "First Option"},
          {"const": "value2", "title": "Second Option"}, {"const": "value3", "title": "Third Option"}]},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
          "enumNames": ["Option One", "Option Two", "Option Three"]},
        "untitledMulti": {"type": "array",
          "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": [{"const": "value1", "title": "First Choice"},
          {"const": "value2", "title": "Second Choice"}, {"const": "value3", "title": "Third Choice"}]}}})")),
      "Elicitation completed: ");
}

// --------------------------------------------------------------- input required, since 2026-07-28

/// State that clients hand back, and cannot make themselves.
class SignedState {
 public:
  std::string sign(std::string_view state) const {
    Sha256 hash;
    for (const std::string_view part :
         {std::string_view(secret_), state, std::string_view(secret_)}) {
      hash.update(part);
    }
    return fmt::format("{}.{}", state, hash.hex());
  }
  /// The state that was signed; none for anything else.
  std::optional<std::string> opened(std::string_view text) const {
    const std::string state(text.substr(0, text.find('.')));
    return sign(state) == text ? std::optional(state) : std::nullopt;
  }

 private:
  std::string secret_ = fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}());
};

/// A question of the client's person or model, and the capability that answers it.
struct Input {
  const char* name;
  const char* method;
  const char* capability;
  ordered_json params;
};

Input user_name() {
  return {"user_name", "elicitation/create", "elicitation",
          elicitation("What is your name?", {{"name", {{"type", "string"}}}}, {"name"})};
}
Input client_roots() { return {"client_roots", "roots/list", "roots", ordered_json::object()}; }

/// A result that asks for more, of which only what the client can answer.
ordered_json asking(const Request& request, const std::vector<Input>& inputs,
                    const std::string& state) {
  const json& capabilities = meta_of(request.message, kCapabilitiesMeta);
  ordered_json asked = ordered_json::object();
  for (const Input& each : inputs) {
    if (!capabilities.is_object() || !capabilities.contains(each.capability)) continue;
    asked[each.name] = {{"method", each.method}, {"params", each.params}};
  }
  ordered_json fields{{"resultType", "input_required"}, {"inputRequests", std::move(asked)}};
  if (!state.empty()) fields["requestState"] = state;
  return fields;
}

/// Whether each question has an answer that can be one.
bool has_answers(const json& params, const std::vector<Input>& inputs) {
  const auto responses = params.find("inputResponses");
  if (responses == params.end() || !responses->is_object()) return false;
  for (const Input& each : inputs) {
    const auto response = responses->find(each.name);
    if (response == responses->end() || !response->is_object()) return false;
    const char* const needed = std::string_view(each.capability) == "elicitation" ? "action"
                               : std::string_view(each.capability) == "sampling"  ? "content"
                                                                                  : "roots";
    if (!response->contains(needed)) return false;
  }
  return true;
}

/// A tool that asks in rounds; its state says how many there were.
Tool asking_tool(const char* name, const std::shared_ptr<const SignedState>& states,
                 const std::vector<std::vector<Input>>& rounds, bool has_state) {
  return tool(name, [=](const Request& request, const json&) -> awaitable<Tool::Outcome> {
    const json& params = request.message.params;
    std::size_t round = 0;
    if (params.contains("requestState")) {
      const auto state = states->opened(text_in(params, "requestState"));
      if (!state) co_return invalid("requestState is not one of ours");
      round = std::stoul(*state);
    }
    if (has_answers(params, rounds[round])) ++round;
    if (round == rounds.size()) {
      co_return result({text("state-ok " + params.at("inputResponses").dump())});
    }
    ToolResult more;
    more.other = asking(request, rounds[round],
                        has_state ? states->sign(std::to_string(round)) : std::string());
    co_return more;
  });
}

void add_inputs(Server& server) {
  const auto states = std::make_shared<const SignedState>();
  const ordered_json a_text{{"type", "string"}};
  const Input question{"capital_question", "sampling/createMessage", "sampling",
                       sampling("What is the capital of France?", 100)};
  const Input greeting{"greeting", "sampling/createMessage", "sampling",
                       sampling("Generate a greeting", 50)};
  const Input confirm{"confirm", "elicitation/create", "elicitation",
                      elicitation("Please confirm", {{"ok", {{"type", "boolean"}}}}, {"ok"})};
  const Input step1{"step1", "elicitation/create", "elicitation",
                    elicitation("Step 1: What is your name?", {{"name", a_text}}, {"name"})};
  const Input step2{
      "step2", "elicitation/create", "elicitation",
      elicitation("Step 2: What is your favorite color?", {{"color", a_text}}, {"color"})};
  const auto add = [&](const char* name, const std::vector<std::vector<Input>>& rounds,
                       bool has_state) {
    const std::string full = std::string("test_input_required_result_") + name;
    server.add(asking_tool(full.c_str(), states, rounds, has_state));
  };
  server.add(asking_tool("test_streaming_elicitation", states, {{user_name()}}, false));
  add("elicitation", {{user_name()}}, false);
  add("sampling", {{question}}, false);
  add("list_roots", {{client_roots()}}, false);
  add("request_state", {{confirm}}, true);
  add("multiple_inputs", {{user_name(), greeting, client_roots()}}, true);
  add("multi_round", {{step1}, {step2}}, true);
  add("tampered_state", {{confirm}}, true);
  add("capabilities", {{user_name(), question, client_roots()}}, false);
  server.add(tool("test_missing_capability",
                  [](const Request& request, const json&) -> awaitable<Tool::Outcome> {
                    const json& given = meta_of(request.message, kCapabilitiesMeta);
                    if (given.is_object() && given.contains("sampling")) {
                      co_return result({text("The client can sample.")});
                    }
                    co_return Error{
                        .code = ErrorCode::kMissingCapability,
                        .message = "this needs sampling",
                        .data = {{"requiredCapabilities", {{"sampling", ordered_json::object()}}}}};
                  }));
}

// --------------------------------------------------------------------------- prompts, completion

ordered_json messages(std::vector<ordered_json> contents) {
  ordered_json all = ordered_json::array();
  for (ordered_json& each : contents) {
    all.push_back({{"role", "user"}, {"content", std::move(each)}});
  }
  return {{"messages", std::move(all)}};
}

ordered_json prompt(const char* name, const std::vector<const char*>& arguments = {}) {
  ordered_json described{{"name", name}, {"description", "A fixture of the conformance suite"}};
  for (const char* each : arguments) {
    described["arguments"].push_back({{"name", each}, {"required", true}});
  }
  return described;
}

Answer prompt_of(const Request& request) {
  const json& params = request.message.params;
  const std::string name = text_in(params, "name");
  const json given = params.value("arguments", json::object());
  if (name == "test_simple_prompt") {
    return Reply{.result = messages({text("This is a simple prompt for testing.")})};
  }
  if (name == "test_prompt_with_arguments") {
    return Reply{.result =
                     messages({text(fmt::format("Prompt with arguments: arg1='{}', arg2='{}'",
                                                text_in(given, "arg1"), text_in(given, "arg2")))})};
  }
  if (name == "test_prompt_with_embedded_resource") {
    return Reply{.result = messages({resource(text_in(given, "resourceUri"), "text/plain",
                                              "Embedded resource content for testing."),
                                     text("Please process the embedded resource above.")})};
  }
  if (name == "test_prompt_with_image") {
    return Reply{.result = messages({image(), text("Please analyze the image above.")})};
  }
  if (name == "test_input_required_result_prompt" && is_stateless(request.revision)) {
    const Input context{"user_context", "elicitation/create", "elicitation",
                        elicitation("What context should the prompt use?",
                                    {{"context", {{"type", "string"}}}}, {"context"})};
    if (!has_answers(params, {context})) return Reply{.result = asking(request, {context}, "")};
    return Reply{
        .result = messages({text("Prompt with context: " + params.at("inputResponses").dump())})};
  }
  return invalid("there is no such prompt");
}

/// A method that answers at once.
Server::Method at_once(std::function<Answer(const Request&)> respond) {
  return [respond = std::move(respond)](Request& request) -> awaitable<Answer> {
    co_return respond(request);
  };
}

/// A method that lists the same for everybody.
Server::Method listing(const char* name, const ordered_json& all) {
  return at_once([name, all](const Request& request) {
    Reply reply{.result = {{name, all}}};
    make_cacheable(request, reply.result);
    return reply;
  });
}

void add_prompts(Server& server) {
  server.declare("prompts", Era::kBoth, ordered_json::object());
  server.declare("completions", Era::kBoth, ordered_json::object());
  server.add(
      "prompts/list", Era::kBoth,
      listing("prompts",
              {prompt("test_simple_prompt"), prompt("test_prompt_with_arguments", {"arg1", "arg2"}),
               prompt("test_prompt_with_embedded_resource", {"resourceUri"}),
               prompt("test_prompt_with_image"), prompt("test_input_required_result_prompt")}));
  server.add("prompts/get", Era::kBoth, at_once(prompt_of));
  server.add(
      "completion/complete", Era::kBoth, at_once([](const Request&) {
        return Reply{
            .result = {{"completion",
                        {{"values", ordered_json::array()}, {"total", 0}, {"hasMore", false}}}}};
      }));
}

// ------------------------------------------------------------------------------------- resources

Answer resource_of(const Request& request) {
  constexpr std::string_view kBefore = "test://template/";
  constexpr std::string_view kBehind = "/data";
  const std::string uri = text_in(request.message.params, "uri");
  ordered_json content{{"uri", uri}};
  if (uri == "test://static-text") {
    content["mimeType"] = "text/plain";
    content["text"] = "This is the content of the static text resource.";
  } else if (uri == "test://static-binary") {
    content["mimeType"] = "image/png";
    content["blob"] = kPng;
  } else if (uri == "test://watched-resource") {
    content["mimeType"] = "text/plain";
    content["text"] = "Nothing happens here.";
  } else if (uri.starts_with(kBefore) && uri.ends_with(kBehind)) {
    const std::string id = uri.substr(kBefore.size(), uri.size() - kBefore.size() - kBehind.size());
    content["mimeType"] = "application/json";
    content["text"] =
        dump_json({{"id", id}, {"templateTest", true}, {"data", "Data for ID: " + id}});
  } else {
    return invalid("Resource not found", {{"uri", uri}});
  }
  Reply reply{.result = {{"contents", {std::move(content)}}}};
  make_cacheable(request, reply.result);
  return reply;
}

void add_resources(Server& server) {
  const auto described = [](const char* key, const char* uri, const char* name, const char* type) {
    return ordered_json{{key, uri},
                        {"name", name},
                        {"description", "A fixture of the conformance suite"},
                        {"mimeType", type}};
  };
  server.declare("resources", Era::kHandshake, {{"subscribe", true}});
  server.declare("resources", Era::kStateless, ordered_json::object());
  server.add(
      "resources/list", Era::kBoth,
      listing("resources", {described("uri", "test://static-text", "text", "text/plain"),
                            described("uri", "test://static-binary", "binary", "image/png"),
                            described("uri", "test://watched-resource", "watched", "text/plain")}));
  server.add("resources/templates/list", Era::kBoth,
             listing("resourceTemplates",
                     ordered_json::array({described("uriTemplate", "test://template/{id}/data",
                                                    "template", "application/json")})));
  server.add("resources/read", Era::kBoth, at_once(resource_of));
  for (const char* name : {"resources/subscribe", "resources/unsubscribe"}) {
    server.add(name, Era::kHandshake, at_once([](const Request&) { return Reply(); }));
  }
}

}  // namespace

void add_conformance_fixtures(Server& server) {
  add_contents(server);
  add_notifications(server);
  add_questions(server);
  add_inputs(server);
  add_prompts(server);
  add_resources(server);
}

}  // namespace skerry::mcp
