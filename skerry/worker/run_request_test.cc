// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/worker.pb.h"

namespace skerry::worker {
namespace {

using Root = files::FilePath::Root;

RunRequest file_request() {
  RunRequest request;
  request.files = FileOrder{.operation = "an operation",
                            .time = std::chrono::milliseconds(1500),
                            .first = {.root = Root::kWorkspace, .quota = mib(100)},
                            .second = FileOrder::Volume{.root = Root::kMemory, .quota = mib(10)}};
  return request;
}

TEST(RunRequestTest, AFileOrderArrivesAsItWasSent) {
  const SessionStart first{
      .becomes = 3, .from = 2, .template_sha256 = "hash", .patch = "patch", .files = 2};
  const SessionStart second{.becomes = 0, .from = 0, .files = 1};
  const auto order =
      decode(encode(file_request()).value().joined() + encode(first) + encode_second(second));
  ASSERT_TRUE(order.ok()) << order.status();
  ASSERT_TRUE(order->run && order->run->files && order->run->session);
  const FileOrder& files = *order->run->files;
  EXPECT_EQ(files.operation, "an operation");
  EXPECT_EQ(files.time, std::chrono::milliseconds(1500));
  EXPECT_EQ(files.first.root, Root::kWorkspace);
  EXPECT_EQ(files.first.quota, mib(100));
  EXPECT_EQ(files.second->root, Root::kMemory);
  EXPECT_EQ(order->run->session->from, 2U);
  EXPECT_EQ(order->run->session->patch, "patch");
  EXPECT_EQ(order->run->session->files, 2U);
  EXPECT_EQ(order->run->second_session->files, 1U);
}

TEST(RunRequestTest, ARunIsNoFileOperation) {
  RunRequest request;
  request.program.code = "1";
  const auto order = decode(encode(RunRequest(request)).value().joined());
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_FALSE(order->run->files.has_value());
  EXPECT_FALSE(order->run->second_session.has_value());
}

TEST(RunRequestTest, FilesComeWithTheRun) {
  const auto path = [](const char* text) { return files::FilePath::parse(text).value(); };
  const auto content = std::make_shared<const std::string>(1 << 20, 'f');
  RunRequest request;
  request.program.code = "pass";
  request.changes = FileChanges::kReported;
  request.input_files = {{.path = path("a/b"), .content = content},
                         {.path = path("empty"), .content = std::make_shared<std::string>()}};
  const auto run = encode(RunRequest(request));
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(std::find(run->parts.begin(), run->parts.end(), content) != run->parts.end())
      << "it is copied";
  const auto order = decode(run->joined());
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->run->program.code, "pass");
  EXPECT_EQ(order->run->changes, FileChanges::kReported);
  ASSERT_EQ(order->run->input_files.size(), 2U);
  EXPECT_EQ(order->run->input_files[0].path.below(), "a/b");
  EXPECT_EQ(*order->run->input_files[0].content, *content);
  EXPECT_EQ(*order->run->input_files[1].content, "");
  request.input_files.assign(RunRequest::kMaxFiles + 1, request.input_files[1]);
  EXPECT_EQ(encode(RunRequest(request)).status().code(), StatusCode::kInvalidArgument);
  request.input_files.assign(65, {.path = path("a"), .content = content});
  EXPECT_EQ(encode(std::move(request)).status().code(), StatusCode::kInvalidArgument);
}

TEST(RunRequestTest, LargeTextsAreMovedAndNotCopied) {
  RunRequest request;
  request.program.code = std::string(1 << 20, 'c');
  request.program.arguments = {"a"};
  request.input = std::string(1 << 20, 'i');
  const char* const code = request.program.code.data();
  const char* const input = request.input.data();
  const auto run = encode(std::move(request));
  ASSERT_TRUE(run.ok()) << run.status();
  const auto has = [&](const char* data) {
    return std::any_of(run->parts.begin(), run->parts.end(),
                       [&](const auto& part) { return part->data() == data; });
  };
  EXPECT_TRUE(has(code) && has(input));
  const auto order = decode(run->joined());
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->run->program.code, std::string(1 << 20, 'c'));
  EXPECT_EQ(order->run->program.arguments, std::vector<std::string>{"a"});
  EXPECT_EQ(order->run->input, std::string(1 << 20, 'i'));
}

TEST(RunRequestTest, TextsThatAreTooLargeTogetherAreRefused) {
  RunRequest request;
  request.program.code = std::string(std::size_t{33} << 20, 'c');
  request.input = std::string(std::size_t{33} << 20, 'i');
  EXPECT_EQ(encode(std::move(request)).status().code(), StatusCode::kResourceExhausted);
}

TEST(RunRequestTest, TimesAreBounded) {
  proto::RunRequest message;
  message.mutable_files()->set_time_ms(~std::uint64_t{0});
  message.mutable_limits()->CopyFrom([] {
    proto::RunRequest limits;
    limits.ParseFromString(encode(RunRequest{}).value().joined());
    return limits.limits();
  }());
  const auto order = decode(message.SerializeAsString());
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->run->files->time, std::chrono::hours(1));
}

TEST(RunRequestTest, WordsOfLimitsAreBounded) {
  proto::RunRequest message;
  message.ParseFromString(encode(RunRequest{}).value().joined());
  for (const std::uint32_t words : {2U, 3U, 0x8000'0000U, ~0U}) {
    message.mutable_limits()->set_words(words);
    const auto order = decode(message.SerializeAsString());
    ASSERT_TRUE(order.ok()) << order.status();
    EXPECT_EQ(order->run->limits.words, sandbox::LimitWords::kToolParameters) << words;
  }
}

TEST(RunRequestTest, WhatIsNoOrderIsRefused) {
  EXPECT_EQ(decode("\xff\xff").status().code(), StatusCode::kInternal);
  EXPECT_EQ(decode(std::string(WorkerOrder::kMaxSize + 1, '\0')).status().code(),
            StatusCode::kInternal);
  proto::RunRequest message;
  message.mutable_files();
  EXPECT_EQ(decode(message.SerializeAsString()).status().code(), StatusCode::kInvalidArgument)
      << "without limits";
}

TEST(RunRequestTest, PiecesOfInputArriveAsTheyWereSent) {
  using Kind = InputPiece::Kind;
  for (const InputPiece& piece :
       {InputPiece{.text = std::string("a\0\xFF\n", 4)}, InputPiece{.kind = Kind::kEnd},
        InputPiece{.kind = Kind::kInterrupt}}) {
    const auto order = decode(encode(piece));
    ASSERT_TRUE(order.ok()) << order.status();
    EXPECT_FALSE(order->run);
    ASSERT_TRUE(order->piece);
    EXPECT_EQ(order->piece->kind, piece.kind);
    EXPECT_EQ(order->piece->text, piece.text);
  }
  EXPECT_TRUE(decode(encode(InputPiece{.text = std::string(InputPiece::kMaxText, 'x')})).ok());
  EXPECT_FALSE(decode(encode(InputPiece{.text = std::string(InputPiece::kMaxText + 1, 'x')})).ok());
}

TEST(RunRequestTest, ARunSaysWhetherMoreInputComes) {
  RunRequest request;
  request.input = "first";
  EXPECT_FALSE(decode(encode(RunRequest(request)).value().joined())->run->has_live_input);
  request.has_live_input = true;
  const auto order = decode(encode(RunRequest(request)).value().joined());
  EXPECT_TRUE(order->run->has_live_input);
  EXPECT_EQ(order->run->input, "first");
}

}  // namespace
}  // namespace skerry::worker
