// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/protocol.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/mcp/page.h"

namespace skerry::mcp {
namespace {

using nlohmann::json;

/// The message, or else the code of its error.
std::variant<Message, Error> read(const json& value) {
  json id;
  return read_message(value, id);
}

ErrorCode code_of(const std::variant<Message, Error>& read) {
  const auto* const error = std::get_if<Error>(&read);
  return error == nullptr ? ErrorCode::kInternal : error->code;
}

TEST(ReadMessageTest, KindsAreToldApartByTheirMembers) {
  const json base{{"jsonrpc", "2.0"}};
  const auto with = [&base](const json& members) {
    json value = base;
    value.update(members);
    return std::get<Message>(read(value));
  };
  EXPECT_EQ(with({{"id", 1}, {"method", "ping"}}).kind, Message::Kind::kRequest);
  EXPECT_EQ(with({{"id", "a"}, {"method", "ping"}}).id, "a");
  EXPECT_EQ(with({{"method", "notifications/initialized"}}).kind, Message::Kind::kNotification);
  EXPECT_EQ(with({{"id", 1}, {"result", json::object()}}).kind, Message::Kind::kResponse);
  EXPECT_EQ(with({{"id", nullptr}, {"error", json::object()}}).kind, Message::Kind::kResponse);
  EXPECT_EQ(with({{"id", 1}, {"method", "ping"}, {"params", nullptr}}).params, json::object());
}

TEST(ReadMessageTest, WhatIsNoMessageIsRefusedUnderItsId) {
  const std::vector<json> wrong = {
      json("text"),
      json::array(),
      {{"id", 1}, {"method", "ping"}},
      {{"jsonrpc", "1.0"}, {"id", 1}, {"method", "ping"}},
      {{"jsonrpc", "2.0"}, {"id", 1.5}, {"method", "ping"}},
      {{"jsonrpc", "2.0"}, {"id", nullptr}, {"method", "ping"}},
      {{"jsonrpc", "2.0"}, {"id", json::object()}, {"method", "ping"}},
      {{"jsonrpc", "2.0"}, {"id", 1}},
      {{"jsonrpc", "2.0"}, {"id", 1}, {"method", 7}},
      {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "ping"}, {"params", {1, 2}}},
  };
  for (const json& each : wrong) EXPECT_EQ(code_of(read(each)), ErrorCode::kInvalidRequest) << each;
  json id;
  (void)read_message({{"id", 7}, {"method", "ping"}}, id);
  EXPECT_EQ(id, 7);
}

TEST(RevisionTest, NamesAreThoseOfTheRevisions) {
  for (const Revision each : kRevisions) EXPECT_EQ(revision_named(name_of(each)), each);
  EXPECT_EQ(revision_named("2025-11-26"), std::nullopt);
  EXPECT_FALSE(is_stateless(kLatestHandshake));
}

TEST(RevisionTest, AStatelessMessageSaysItsVersionAndCapabilities) {
  const auto revision = [](const json& meta) {
    Message message;
    message.method = "tools/list";
    if (!meta.is_null()) message.params["_meta"] = meta;
    return stateless_revision(message);
  };
  const std::string version(kVersionMeta);
  const std::string capabilities(kCapabilitiesMeta);
  const auto good = revision({{version, "2026-07-28"}, {capabilities, json::object()}});
  EXPECT_EQ(std::get<Revision>(good), Revision::kJuly2026);
  for (const json& meta : std::vector<json>{nullptr,
                                            json("text"),
                                            {{version, "2026-07-28"}},
                                            {{capabilities, json::object()}},
                                            {{version, 1}, {capabilities, json::object()}},
                                            {{version, "2026-07-28"}, {capabilities, 1}}}) {
    EXPECT_EQ(std::get<Error>(revision(meta)).code, ErrorCode::kInvalidParameters) << meta;
  }
  // One that begins with `initialize` is none of these, either.
  for (const char* name : {"1900-01-01", "2025-11-25"}) {
    const auto error = std::get<Error>(revision({{version, name}, {capabilities, json::object()}}));
    EXPECT_EQ(error.code, ErrorCode::kUnsupportedVersion);
    EXPECT_EQ(error.data["requested"], name);
    EXPECT_EQ(error.data["supported"].back(), "2026-07-28");
  }
}

TEST(PageTest, CursorsLeadThroughAListOnce) {
  const Page page{.size = 2};
  std::vector<std::ptrdiff_t> begun;
  json cursor;
  for (;;) {
    const auto from = page.start(cursor);
    ASSERT_TRUE(from);
    const auto [begin, end, next] = page.range(*from, 5);
    begun.push_back(begin);
    if (!next) break;
    cursor = *next;
  }
  EXPECT_EQ(begun, (std::vector<std::ptrdiff_t>{0, 2, 4}));
  EXPECT_FALSE(page.range(2, 4).next) << "nothing follows";
  for (const json& wrong : {json(2), json(""), json("-2"), json("3"), json("2x"), json("0"),
                            json("99999999999999999999")}) {
    EXPECT_FALSE(page.start(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace skerry::mcp
