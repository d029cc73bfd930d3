// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/codec.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "skerry/operation.pb.h"
#include "skerry/operation/test_requests.h"

namespace skerry::operation {
namespace {

using testing::one_of_each;
using testing::path;

Request sent(const Request& request) {
  const auto bytes = encode(request);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  const auto decoded = decode_request(*bytes);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? *decoded : request;
}

/// The answer to `request`, as it is after encoding and decoding.
Result<Response> response_to(const Request& request, const Result<Response>& response) {
  return decode_response(encode(response), request);
}

const Request& request_of(std::size_t kind) {
  static const auto kRequests = one_of_each();
  return kRequests.at(kind);
}

enum Kind : std::size_t { kRead, kWrite, kList, kCommand, kSearch, kEdit, kDelete };

TEST(RequestCodecTest, EveryKindArrivesAsItWasSent) {
  for (const Request& request : one_of_each()) {
    const Request arrived = sent(request);
    EXPECT_EQ(arrived.index(), request.index());
    EXPECT_EQ(*encode(arrived), *encode(request));
    EXPECT_EQ(title_of(arrived), title_of(request));
  }
  const auto write = std::get<WriteFile>(sent(WriteFile{.path = path("memory/x"),
                                                        .content = std::string("\0\xff", 2),
                                                        .encoding = Encoding::kBase64,
                                                        .how = files::Tree::Writing::kAppend}));
  EXPECT_EQ(write.path.shown(), "memory/x");
  EXPECT_EQ(write.content, std::string("\0\xff", 2));
  EXPECT_EQ(write.encoding, Encoding::kBase64);
  EXPECT_EQ(write.how, files::Tree::Writing::kAppend);
  EXPECT_FALSE(write.makes_directories);
}

TEST(RequestCodecTest, ADirectoryThatIsCalledMemoryStaysInTheWorkspace) {
  const auto read = std::get<ReadFile>(sent(ReadFile{.path = path("workspace/memory/a")}));
  EXPECT_EQ(read.path.root(), files::FilePath::Root::kWorkspace);
  EXPECT_EQ(read.path.below(), "memory/a");
}

TEST(RequestCodecTest, WhatIsTooLargeIsRefusedBeforeItIsSent) {
  const WriteFile write{.path = path("a"), .content = std::string(kMaxRequest, 'x')};
  EXPECT_EQ(encode(Request(write)).status().code(), StatusCode::kResourceExhausted);
}

TEST(RequestCodecTest, WhatIsNoRequestIsRefused) {
  EXPECT_EQ(decode_request("").status().code(), StatusCode::kInternal);
  EXPECT_EQ(decode_request("\xff\xff").status().code(), StatusCode::kInternal);
  proto::FileOperation message;
  message.mutable_read()->set_path("../a");
  EXPECT_EQ(decode_request(message.SerializeAsString()).status().code(),
            StatusCode::kPermissionDenied);
  message.mutable_command()->set_text("curl x");
  EXPECT_EQ(decode_request(message.SerializeAsString()).status().code(),
            StatusCode::kPermissionDenied);
  message.mutable_search()->set_query("x");
  message.mutable_search()->set_most(1'000'000);
  EXPECT_EQ(decode_request(message.SerializeAsString()).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(ResponseCodecTest, EveryKindArrivesAsItWasSent) {
  EXPECT_EQ(
      std::get<Content>(*response_to(request_of(kRead), Content{.text = "ä", .size = 2})).text,
      "ä");
  EXPECT_EQ(std::get<Written>(*response_to(request_of(kWrite), Written{.size = 7})).size, 7);
  files::Listed listed{.file_count = 2, .directory_count = 1, .was_cut = true};
  listed.files.push_back({.name = "a",
                          .path = "memory/a",
                          .is_file = true,
                          .size = 3,
                          .modified = std::chrono::seconds(5)});
  const auto list = std::get<files::Listed>(*response_to(request_of(kList), listed));
  ASSERT_EQ(list.files.size(), 1);
  EXPECT_EQ(list.files[0].path, "memory/a");
  EXPECT_EQ(list.files[0].modified, std::chrono::seconds(5));
  EXPECT_EQ(list.file_count + list.directory_count, 3);
  EXPECT_TRUE(list.was_cut);
  const CommandOutput output{
      .standard_output = "\xff", .standard_error = "e", .exit_code = 124, .is_timed_out = true};
  const auto command = std::get<CommandOutput>(*response_to(request_of(kCommand), output));
  EXPECT_EQ(command.standard_output, "\xff");
  EXPECT_EQ(command.exit_code, 124);
  EXPECT_TRUE(command.is_timed_out);
  files::Found found{.files = 4};
  found.lines.push_back({.file = "a", .line = 3, .content = "x", .context = {{2, "b"}, {4, "c"}}});
  found.lines.push_back({.file = "b", .line = 1, .content = "x"});
  const auto search = std::get<files::Found>(*response_to(request_of(kSearch), found));
  ASSERT_EQ(search.lines.size(), 2);
  ASSERT_EQ(search.lines[0].context.size(), 2);
  EXPECT_EQ(search.lines[0].context[1].content, "c");
  EXPECT_EQ(search.files, 4);
  const Edited edited{.replacements = 2, .snippet = "s", .size = 9};
  EXPECT_EQ(std::get<Edited>(*response_to(request_of(kEdit), edited)).snippet, "s");
  const files::Deleted deleted{.count = 3, .paths = {"a", "b"}, .skipped = {"l"}};
  const auto done = std::get<files::Deleted>(*response_to(request_of(kDelete), deleted));
  EXPECT_EQ(done.paths.size(), 2);
  EXPECT_EQ(done.skipped.at(0), "l");
  EXPECT_EQ(done.count, 3);
}

TEST(ResponseCodecTest, FailuresArriveAsTheyWereSent) {
  const Status failure = absl::NotFoundError("File not found: a");
  EXPECT_EQ(response_to(request_of(kRead), failure).status(), failure);
}

TEST(ResponseCodecTest, AnAnswerThatIsTooLargeBecomesAFailure) {
  const auto response = response_to(
      request_of(kRead), Content{.text = std::string(kMaxReply, 'x'), .size = kMaxReply});
  EXPECT_EQ(response.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(decode_response(std::string(kMaxReply + 1, '\0'), request_of(kRead)).status().code(),
            StatusCode::kInternal);
}

// What a worker that was taken over may send.

template <typename Message>
std::string frame(const Message& message) {
  const std::string body = message.SerializeAsString();
  const auto length = static_cast<std::uint32_t>(body.size());
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + body;
}

void expect_refused(std::string_view bytes, Kind kind) {
  EXPECT_EQ(decode_response(bytes, request_of(kind)).status().code(), StatusCode::kInternal)
      << kind;
}

TEST(ResponseCodecTest, AnAnswerOfAnotherKindIsRefused) {
  const std::string written = encode(Result<Response>(Written{}));
  for (const Kind kind : {kRead, kList, kCommand, kSearch, kEdit, kDelete}) {
    expect_refused(written, kind);
  }
  expect_refused(encode(Result<Response>(Content{})), kWrite);
  expect_refused(frame(proto::FileReply()), kRead);
}

TEST(ResponseCodecTest, BytesThatAreNoReplyAreRefused) {
  const std::string good = encode(Result<Response>(Content{.text = "abc", .size = 3}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_refused(std::string_view(good).substr(0, size), kRead);
  }
  expect_refused(good + "x", kRead);
  expect_refused(good + good, kRead);
  expect_refused(std::string("\xff\xff\xff\xff", 4) + good, kRead);
  expect_refused(std::string("\x02\0\0\0\xff\xff", 6), kRead);
}

TEST(ResponseCodecTest, AFailureHasACodeAndEndsTheReply) {
  proto::FileReply reply;
  for (const int code : {0, -1, 17, 1 << 30}) {
    reply.mutable_failure()->set_code(code);
    expect_refused(frame(reply), kRead);
  }
  reply.mutable_failure()->set_code(5);
  EXPECT_EQ(decode_response(frame(reply), request_of(kRead)).status().code(),
            StatusCode::kNotFound);
  expect_refused(frame(reply) + frame(reply), kRead);
  reply.mutable_failure()->set_message(std::string(1 << 20, '\xff'));
  const auto failure = decode_response(frame(reply), request_of(kRead)).status();
  EXPECT_LT(message_of(failure).size(), std::size_t{64} << 10);
}

TEST(ResponseCodecTest, MoreItemsThanThereMayBeAreRefused) {
  proto::FileReply list;
  list.mutable_list();
  proto::FileReplyItem entry;
  entry.mutable_entry()->set_name("a");
  std::string bytes = frame(list);
  for (std::size_t i = 0; i < files::Listed::kMaxFiles; ++i) bytes += frame(entry);
  EXPECT_TRUE(decode_response(bytes, request_of(kList)).ok());
  expect_refused(bytes + frame(entry), kList);

  proto::FileReply search;
  search.mutable_search();
  proto::FileReplyItem line;
  line.mutable_line()->set_number(1);
  proto::FileReplyItem near;
  near.mutable_neighbour()->set_number(1);
  bytes = frame(search) + frame(line);
  for (int i = 0; i < 10; ++i) bytes += frame(near);
  EXPECT_TRUE(decode_response(bytes, request_of(kSearch)).ok());
  expect_refused(bytes + frame(near), kSearch);
  expect_refused(frame(search) + frame(near), kSearch);
  for (std::size_t i = 1; i < files::Search::kMaxLines; ++i) bytes += frame(line);
  EXPECT_TRUE(decode_response(bytes, request_of(kSearch)).ok());
  expect_refused(bytes + frame(line), kSearch);
}

TEST(ResponseCodecTest, ItemsHaveTheirPlaceAndTheirSize) {
  proto::FileReply list;
  list.mutable_list();
  proto::FileReplyItem item;
  expect_refused(frame(list) + frame(item), kList);
  item.set_deleted("a");
  expect_refused(frame(list) + frame(item), kList);
  item.mutable_entry()->set_name(std::string(1 << 20, 'a'));
  expect_refused(frame(list) + frame(item), kList);
  proto::FileReply read;
  read.mutable_read();
  expect_refused(frame(read) + frame(item), kRead);
}

TEST(ResponseCodecTest, TextsAreUtf8) {
  proto::FileReply read;
  read.mutable_read()->set_text("\xff");
  expect_refused(frame(read), kRead);
  proto::FileReply edit;
  edit.mutable_edit()->set_snippet("\xff");
  expect_refused(frame(edit), kEdit);
  proto::FileReply list;
  list.mutable_list();
  proto::FileReplyItem entry;
  entry.mutable_entry()->set_name("\xff");
  expect_refused(frame(list) + frame(entry), kList);
  proto::FileReply deletion;
  deletion.mutable_delete_();
  proto::FileReplyItem path;
  path.set_deleted("\xff");
  expect_refused(frame(deletion) + frame(path), kDelete);
}

}  // namespace
}  // namespace skerry::operation
