// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_json.h"

#include <gtest/gtest.h>

#include "skerry/v1/skerry.pb.h"

namespace skerry::run {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

TEST(MessageJsonTest, WhatIsNotSetIsNotThere) {
  EXPECT_EQ(fields_of(v1::RunRequest()), json::object());
  v1::RunRequest request;
  request.set_max_output(0);
  EXPECT_EQ(fields_of(request), json({{"max_output", 0}})) << "set to the default";
}

TEST(MessageJsonTest, FieldsHaveTheirNamesAndTypes) {
  v1::RunRequest request;
  request.set_code("print(1)");
  request.set_template_("python");
  request.add_args("a");
  request.add_args("");
  (*request.mutable_env())["K"] = "V";
  request.set_timeout(0.5);
  request.set_seed(INT64_MAX);
  request.set_durable(true);
  EXPECT_EQ(fields_of(request), json({{"code", "print(1)"},
                                      {"template", "python"},
                                      {"args", {"a", ""}},
                                      {"env", {{"K", "V"}}},
                                      {"timeout", 0.5},
                                      {"seed", INT64_MAX},
                                      {"durable", true}}));
}

TEST(MessageJsonTest, MessagesAreObjects) {
  v1::RunEvent event;
  event.mutable_outcome()->set_exit_code(3);
  event.mutable_outcome()->mutable_exception()->add_frames()->set_line(7);
  EXPECT_EQ(fields_of(event),
            json({{"outcome", {{"exit_code", 3}, {"exception", {{"frames", {{{"line", 7}}}}}}}}}));
}

TEST(MessageJsonTest, ADocumentHasAllFieldsInOrder) {
  v1::Revision revision;
  revision.set_revision(2);
  revision.set_label("l");
  EXPECT_EQ(document_of(revision).dump(),
            R"({"revision":2,"parent":null,"head":false,"created_unix_ns":0,"first_line":"",)"
            R"("outcome":"","label":"l","bytes":0,"pages":0,"durable":false})");
  revision.set_parent(0);
  EXPECT_EQ(document_of(revision)["parent"], 0);
  v1::SessionLog log;
  log.add_events()->set_text("t");
  EXPECT_EQ(document_of(log).dump(), R"({"revisions":[],"events":[{"at_unix_ns":0,"text":"t"}]})");
  EXPECT_EQ(document_of(v1::Outcome())["exception"], nullptr);
}

TEST(MessageJsonTest, ASchemaIsThatOfTheDocument) {
  const ordered_json schema = schema_of(*v1::SessionLog::descriptor());
  EXPECT_EQ(schema["required"], ordered_json({"revisions", "events"}));
  const ordered_json& revision = schema["properties"]["revisions"]["items"]["properties"];
  EXPECT_EQ(revision["head"], ordered_json({{"type", "boolean"}}));
  EXPECT_EQ(revision["bytes"], ordered_json({{"type", "integer"}}));
  EXPECT_EQ(revision["parent"], ordered_json({{"type", {"integer", "null"}}}));
  const ordered_json outcome = schema_of(*v1::Outcome::descriptor());
  EXPECT_EQ(outcome["properties"]["usage"]["type"], ordered_json({"object", "null"}));
  EXPECT_EQ(outcome["properties"]["truncated"]["items"], ordered_json({{"type", "string"}}));
  const ordered_json request = schema_of(*v1::RunRequest::descriptor());
  EXPECT_EQ(request["properties"]["env"]["additionalProperties"],
            ordered_json({{"type", "string"}}));
}

}  // namespace
}  // namespace skerry::run
