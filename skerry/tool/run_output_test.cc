// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_output.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

TEST(RunOutputTest, KeepsBothStreamsAndPassesWholeCharactersOn) {
  std::string on_output;
  OutputOptions options;
  options.on_output = [&](wasi::Stream stream, std::string_view text) {
    EXPECT_TRUE(is_utf8(text));
    on_output += (stream == wasi::Stream::kStdout ? "1:" : "2:") + std::string(text) + ";";
  };
  RunOutput output({}, std::move(options));
  output.output(wasi::Stream::kStdout, "\xE2\x82");
  output.output(wasi::Stream::kStderr, "e\xFF");
  output.output(wasi::Stream::kStdout, "\xAC!");
  output.output(wasi::Stream::kStdout, "\xC3");
  const auto [standard, error] = output.take();
  EXPECT_EQ(standard.text, "\u20AC!\uFFFD");
  EXPECT_EQ(error.text, "e\uFFFD");
  EXPECT_FALSE(standard.was_cut);
  EXPECT_EQ(on_output, "2:e\uFFFD;1:\u20AC!;1:\uFFFD;");
}

TEST(RunOutputTest, ACutStreamEndsWithAMarker) {
  sandbox::Limits limits;
  limits.output = bytes(3);
  RunOutput output(limits, {});
  output.output(wasi::Stream::kStderr, "abc");
  output.cut(wasi::Stream::kStderr);
  const auto [standard, error] = output.take();
  EXPECT_EQ(error.text, "abc\n[output cut at 3 bytes; allow more with --max-output BYTES]\n");
  EXPECT_TRUE(error.was_cut);
  EXPECT_FALSE(standard.was_cut);
}

TEST(RunOutputTest, ValuesAreKeptWithTheResultAmongThem) {
  const auto memory = std::make_shared<OutputMemory>(mib(1));
  RunOutput output({}, {.memory = memory});
  output.displayed(sandbox::text_display("shown", false));
  EXPECT_GT(memory->used(), 5U);
  output.add_result("4");
  const auto all = output.take_displays();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[1].is_result);
  EXPECT_EQ(all[1].parts.at(0).content, "4");
}

TEST(RunOutputTest, AResultThatCameIsNotToldTwice) {
  int shown = 0;
  OutputOptions options;
  options.displayed = [&](const sandbox::Display&) { ++shown; };
  RunOutput output({}, std::move(options));
  output.displayed(sandbox::text_display("4", true));
  output.add_result("4");
  EXPECT_EQ(shown, 1);
  EXPECT_TRUE(output.take_displays().empty());
}

TEST(RunOutputTest, BytesAreKeptAsTheyCameAndCountAgainstMemory) {
  const auto memory = std::make_shared<OutputMemory>(bytes(4));
  OutputMemory::Share older(memory);
  RunOutput output({}, {.keep = OutputOptions::Keep::kBytes, .memory = memory});
  output.output(wasi::Stream::kStdout, "\xE2\x82");
  EXPECT_FALSE(output.is_full());
  output.output(wasi::Stream::kStderr, "abc");
  EXPECT_TRUE(output.is_full());
  const auto share = output.share();
  EXPECT_EQ(output.take().first.text, "\xE2\x82");
  EXPECT_EQ(memory->used(), 5U);
}

TEST(RunOutputTest, AConsumerThatIsFullStopsTheRunAndResumesIt) {
  const auto flow = std::make_shared<OutputFlow>();
  OutputOptions options;
  options.on_output = OutputCallback([](wasi::Stream, std::string_view) {}, flow);
  options.keep = OutputOptions::Keep::kNothing;
  RunOutput output({}, std::move(options));
  int resumed = 0;
  output.set_resume([&] { ++resumed; });
  EXPECT_FALSE(output.is_full());
  flow->is_full = true;
  EXPECT_TRUE(output.is_full());
  flow->is_full = false;
  flow->resume();
  EXPECT_EQ(resumed, 1);
  output.output(wasi::Stream::kStdout, "x");
  EXPECT_EQ(output.take().first.text, "");
}

TEST(RunOutputTest, AWarningComesWhenTheRunStarts) {
  std::string order;
  OutputOptions options;
  options.begun = [&] { order += "begun "; };
  options.warned = [&](std::string_view text) { order += std::string(text) + " "; };
  RunOutput output({}, options);
  output.warned("anew");
  EXPECT_EQ(order, "") << "the run may still be refused";
  output.started();
  output.started();
  EXPECT_EQ(order, "anew begun ");
}

}  // namespace
}  // namespace skerry::tool
