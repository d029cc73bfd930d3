// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/message_json.h"

#include <gtest/gtest.h>

#include "skerry/v1/skerry.pb.h"

namespace skerry::api {
namespace {

using nlohmann::json;

TEST(MessageJsonTest, WhatIsNotSetIsNotThere) {
  EXPECT_EQ(json_of(v1::RunRequest()), json::object());
  v1::RunRequest request;
  request.set_max_output(0);
  EXPECT_EQ(json_of(request), json({{"max_output", 0}})) << "set to the default";
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
  EXPECT_EQ(json_of(request), json({{"code", "print(1)"},
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
  EXPECT_EQ(json_of(event),
            json({{"outcome", {{"exit_code", 3}, {"exception", {{"frames", {{{"line", 7}}}}}}}}}));
}

}  // namespace
}  // namespace skerry::api
