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

TEST(TerminalImageTest, SixelsAreFramedWhenTheyAreAnImage) {
  const std::string image = "\"1;1;3;7#0;2;0;50;100~!2?$#1@-#0@@@";
  EXPECT_EQ(sixel_escape(image).value(), "\x1bP0;1;0q" + image + "\x1b\\\n");
  EXPECT_TRUE(sixel_escape("\"1;1;4096;4096#255!4096~").ok());
}

TEST(TerminalImageTest, WhatIsNoImageIsNoSixels) {
  const std::string begin = "\"1;1;3;7";
  for (const std::string& body : {std::string(),
                                  std::string("~"),
                                  std::string("\"1;1;3"),
                                  std::string("\"1;1;0;7"),
                                  std::string("\"1;1;4097;7"),
                                  std::string("\"2;1;3;7"),
                                  begin + "#",
                                  begin + "#256",
                                  begin + "#0;1;0;0;0",
                                  begin + "#0;2;0;0",
                                  begin + "#0;2;0;0;101",
                                  begin + "!",
                                  begin + "!3",
                                  begin + "!0~",
                                  begin + "!99999999999~",
                                  begin + "~~~~",
                                  begin + "!4~",
                                  begin + "---",
                                  begin + "\x1b\\",
                                  begin + "\x9c",
                                  begin + " ",
                                  begin + std::string(1, '\0'),
                                  begin + "\x7f",
                                  begin + begin}) {
    EXPECT_FALSE(sixel_escape(body).ok()) << body;
  }
}

TEST(TerminalImageTest, AnAnswerNamesSixelsByTheAttributeFour) {
  EXPECT_EQ(names_sixels("\x1b[?62;4;22c"), true);
  EXPECT_EQ(names_sixels("\x1b[?4c"), true);
  EXPECT_EQ(names_sixels("typed\x1b[?62;9;4c"), true);
  EXPECT_EQ(names_sixels("\x1b[?64;14;40;44c"), false);
  EXPECT_EQ(names_sixels("\x1b[?c"), false);
  EXPECT_EQ(names_sixels("\x1b[?4;4h"), false);
  EXPECT_EQ(names_sixels("\x1b[?62;4"), std::nullopt);
  EXPECT_EQ(names_sixels(""), std::nullopt);
}

TEST(TerminalImageTest, WhatIsNoTerminalIsNotAsked) {
  EXPECT_EQ(TerminalImages("sixel", -1).protocol(true), ImageProtocol::kSixel);
  EXPECT_EQ(TerminalImages("kitty", -1).protocol(true), ImageProtocol::kKitty);
  EXPECT_EQ(TerminalImages("iterm2", -1).protocol(true), ImageProtocol::kITerm);
  EXPECT_EQ(TerminalImages("files", -1).protocol(true), std::nullopt);
  EXPECT_EQ(TerminalImages("auto", -1).protocol(true), std::nullopt);
  EXPECT_FALSE(TerminalImages("auto", -1).may_be_sixels());
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
