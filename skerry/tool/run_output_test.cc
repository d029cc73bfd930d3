// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_output.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

TEST(RunOutputTest, KeepsBothStreamsAndPassesWholeCharactersOn) {
  std::string seen;
  RunOutput output({}, [&](wasi::Stream stream, std::string_view text) {
    EXPECT_TRUE(is_utf8(text));
    seen += (stream == wasi::Stream::kStdout ? "1:" : "2:") + std::string(text) + ";";
  });
  output.output(wasi::Stream::kStdout, "\xE2\x82");
  output.output(wasi::Stream::kStderr, "e\xFF");
  output.output(wasi::Stream::kStdout, "\xAC!");
  output.output(wasi::Stream::kStdout, "\xC3");
  const auto [standard, error] = output.take();
  EXPECT_EQ(standard.text, "\u20AC!\uFFFD");
  EXPECT_EQ(error.text, "e\uFFFD");
  EXPECT_FALSE(standard.was_cut);
  EXPECT_EQ(seen, "2:e\uFFFD;1:\u20AC!;1:\uFFFD;");
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

}  // namespace
}  // namespace skerry::tool
