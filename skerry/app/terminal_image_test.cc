// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/terminal_image.h"

#include <map>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry::app {
namespace {

std::optional<ImageProtocol> protocol_of(const std::map<std::string, std::string>& environment) {
  return image_protocol([&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(TerminalImageTest, TheEnvironmentTellsTheProtocol) {
  EXPECT_EQ(protocol_of({{"TERM", "xterm-kitty"}}), ImageProtocol::kKitty);
  EXPECT_EQ(protocol_of({{"TERM", "xterm-256color"}, {"KITTY_WINDOW_ID", "1"}}),
            ImageProtocol::kKitty);
  EXPECT_EQ(protocol_of({{"TERM_PROGRAM", "iTerm.app"}}), ImageProtocol::kITerm);
  EXPECT_EQ(protocol_of({{"LC_TERMINAL", "iTerm2"}}), ImageProtocol::kITerm);
  EXPECT_EQ(protocol_of({{"TERM", "xterm-256color"}}), std::nullopt);
  EXPECT_EQ(protocol_of({}), std::nullopt);
  EXPECT_EQ(protocol_of({{"TERM", "xterm-kitty"}, {"TMUX", "/tmp/tmux"}}), std::nullopt);
}

TEST(TerminalImageTest, KittyGetsPiecesOfFourKibibytes) {
  EXPECT_EQ(image_escape(ImageProtocol::kKitty, "png"), "\x1b_Ga=T,f=100,m=0;cG5n\x1b\\\n");
  const std::string escape = image_escape(ImageProtocol::kKitty, std::string(6000, 'x'));
  EXPECT_EQ(escape.find("\x1b_Ga=T,f=100,m=1;"), 0U);
  EXPECT_NE(escape.find("\x1b\\\x1b_Gm=0;"), escape.npos);
}

TEST(TerminalImageTest, ITermGetsOnePiece) {
  EXPECT_EQ(image_escape(ImageProtocol::kITerm, "png"), "\x1b]1337;File=inline=1;size=3:cG5n\a\n");
}

TEST(ImageFilesTest, TakesTheFirstFreeName) {
  const TestDirectory directory;
  ImageFiles files(directory.path());
  EXPECT_EQ(files.add("png", "a").value(), directory.path() / "image-1.png");
  ASSERT_TRUE(
      write_file(directory.path() / "image-2.png", as_bytes(std::string_view("kept"))).ok());
  EXPECT_EQ(files.add("png", "b").value(), directory.path() / "image-3.png");
  EXPECT_EQ(read_file(directory.path() / "image-2.png", mib(1)).value(), "kept");
  EXPECT_EQ(read_file(directory.path() / "image-3.png", mib(1)).value(), "b");
  EXPECT_FALSE(ImageFiles(directory.path() / "none").add("png", "a").ok());
}

}  // namespace
}  // namespace skerry::app
