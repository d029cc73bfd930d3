// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/message_json.h"

#include <gtest/gtest.h>

#include "skerry/v1/skerry.pb.h"

namespace skerry::run {
namespace {

using nlohmann::ordered_json;

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
  const ordered_json told = document_of(request);
  EXPECT_EQ(told["code"], "print(1)");
  EXPECT_EQ(told["template"], "python");
  EXPECT_EQ(told["args"], ordered_json({"a", ""}));
  EXPECT_EQ(told["env"], ordered_json({{"K", "V"}}));
  EXPECT_EQ(told["timeout"], 0.5);
  EXPECT_EQ(told["seed"], INT64_MAX);
  EXPECT_EQ(told["durable"], true);
  EXPECT_EQ(told["memory"], nullptr);
}

TEST(MessageJsonTest, MessagesAreObjects) {
  v1::Outcome outcome;
  outcome.mutable_exception()->add_frames()->set_line(7);
  EXPECT_EQ(document_of(outcome)["exception"]["frames"][0]["line"], 7);
}

TEST(MessageJsonTest, AnInlinedMessageStandsForItsFields) {
  v1::CheckpointResponse made;
  made.mutable_revision()->set_revision(3);
  made.set_replaced_label("old");
  const ordered_json told = document_of(made);
  EXPECT_EQ(told.dump(),
            R"({"revision":3,"parent":null,"head":false,"created_unix_ns":0,"first_line":"",)"
            R"("outcome":"","label":"","bytes":0,"pages":0,"durable":false,)"
            R"("replaced_label":"old","label_taken_from":null})");
  const ordered_json schema = schema_of(*v1::CheckpointResponse::descriptor());
  for (const auto& [name, value] : told.items()) {
    EXPECT_TRUE(schema["properties"].contains(name)) << name;
  }
  EXPECT_EQ(schema["required"].size(), told.size());
  EXPECT_EQ(schema["properties"]["replaced_label"]["type"], ordered_json({"string", "null"}));
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
  EXPECT_EQ(revision["head"]["type"], "boolean");
  EXPECT_EQ(revision["head"]["description"], "Whether the next run goes on from it");
  EXPECT_EQ(revision["created_unix_ns"], ordered_json({{"type", "integer"}}));
  EXPECT_EQ(revision["parent"]["type"], ordered_json({"integer", "null"}));
  const ordered_json outcome = schema_of(*v1::Outcome::descriptor());
  EXPECT_EQ(outcome["properties"]["usage"]["type"], ordered_json({"object", "null"}));
  EXPECT_EQ(outcome["properties"]["usage"]["description"], "What the run used");
  EXPECT_EQ(outcome["properties"]["truncated"]["items"], ordered_json({{"type", "string"}}));
  const ordered_json request = schema_of(*v1::RunRequest::descriptor());
  EXPECT_EQ(request["properties"]["env"]["additionalProperties"],
            ordered_json({{"type", "string"}}));
}

}  // namespace
}  // namespace skerry::run
