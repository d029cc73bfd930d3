// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/archive.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"

namespace skerry::files {
namespace {

class ArchiveTest : public ::testing::Test {
 protected:
  std::string packed(const std::string& path, ByteSize most = mib(1)) {
    auto archive = pack(trees.workspace, path, most, deadline);
    return archive.ok() ? *std::move(archive) : std::string(message_of(archive.status()));
  }
  /// What comes of unpacking: a number of bytes, or why not.
  std::string unpacked(std::string_view archive, const std::string& path = ".") {
    const auto bytes = unpack(other.workspace, path, archive, deadline);
    return bytes.ok() ? std::to_string(*bytes) : std::string(message_of(bytes.status()));
  }
  /// An archive of one entry, of which `change` makes something else.
  template <typename Change>
  std::string forged(Change change) {
    trees.add("file", "content");
    std::string archive = packed("file");
    change(archive);
    std::fill_n(archive.begin() + 148, 8, ' ');
    unsigned sum = 0;
    for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[i]);
    archive.replace(148, 8, "000000\0 ", 8);
    for (int i = 153; i >= 148; --i, sum /= 8) archive[i] = static_cast<char>('0' + sum % 8);
    return archive;
  }

  TestTrees trees;
  TestTrees other;
  Deadline deadline{Deadline::Clock::now() + std::chrono::seconds(10)};
};

TEST_F(ArchiveTest, WhatIsPackedUnpacks) {
  const std::string large(200'000, 'x');
  const std::string long_name = "d/" + std::string(150, 'n') + "/" + std::string(200, 'm');
  trees.add("d/e/f", "1");
  trees.add("d/large", large);
  trees.add(long_name, "2");
  trees.add("d/\u00fc \u4f60", "3");
  trees.add("d/empty", "");
  ASSERT_TRUE(trees.workspace.make_directory("d/nothing in it").ok());
  trees.add_link("d/link", "e/f");
  trees.add_link("d/out", std::string(120, '.') + "/x");
  trees.add("beside", "not this");
  EXPECT_EQ(unpacked(packed("d"), "to/here"), "200003");
  EXPECT_EQ(other.content("to/here/e/f"), "1");
  EXPECT_EQ(other.content("to/here/large"), large);
  EXPECT_EQ(other.content("to/here/" + long_name.substr(2)), "2");
  EXPECT_EQ(other.content("to/here/\u00fc \u4f60"), "3");
  EXPECT_EQ(other.content("to/here/empty"), "");
  EXPECT_TRUE(other.has("to/here/nothing in it"));
  EXPECT_EQ(other.content("to/here/link"), "1");
  EXPECT_FALSE(other.has("to/here/beside"));
  EXPECT_EQ(unpacked(packed(".")), "200011");
  EXPECT_EQ(other.content("beside"), "not this");
  EXPECT_FALSE(other.has("tmp/x"));
}

TEST_F(ArchiveTest, OneFileIsAnArchiveToo) {
  trees.add("d/f", "1");
  EXPECT_EQ(unpacked(packed("d/f")), "1");
  EXPECT_EQ(other.content("f"), "1");
}

TEST_F(ArchiveTest, WhatIsTooLargeIsNotPacked) {
  trees.add("f", std::string(2 << 20, 'x'));
  EXPECT_NE(packed("f").find("more than 1048576 bytes"), std::string::npos);
  EXPECT_EQ(packed("none"), "No such file or directory");
}

TEST_F(ArchiveTest, NamesThatLeadElsewhereAreRefused) {
  const auto named = [&](const std::string& name) {
    return forged([&](std::string& archive) {
      archive.replace(0, 100, name + std::string(100 - name.size(), '\0'));
    });
  };
  EXPECT_EQ(unpacked(named("/etc/passwd")), "an absolute name: /etc/passwd");
  for (const char* name : {"../x", "a/../../x", ".."}) {
    EXPECT_NE(unpacked(named(name)).find(name), std::string::npos) << name;
  }
  EXPECT_EQ(unpacked(named("./a//b")), "7");
  EXPECT_EQ(other.content("a/b"), "content");
  EXPECT_EQ(unpacked(named("tmp")).substr(0, 1).find('7'), std::string::npos);
}

TEST_F(ArchiveTest, LinksLeadNowhereElse) {
  other.add_link("up", "../../..");
  other.add_link("root", ".");
  const auto archive = forged([](std::string& text) { text.replace(0, 5, "up/x\0", 5); });
  EXPECT_NE(unpacked(archive), "7");
  const auto inside = forged([](std::string& text) { text.replace(0, 7, "root/x\0", 7); });
  EXPECT_EQ(unpacked(inside), "7");
  EXPECT_EQ(other.content("x"), "content");
}

TEST_F(ArchiveTest, OnlyFilesDirectoriesAndLinksAreMade) {
  for (const char type : {'3', '4', '6', 'S', 'z'}) {
    const auto archive = forged([&](std::string& text) { text[156] = type; });
    EXPECT_EQ(unpacked(archive), "neither a file, a directory nor a link: file") << type;
  }
}

TEST_F(ArchiveTest, WhatIsNoArchiveSaysSo) {
  EXPECT_EQ(unpacked(""), "this is no tar archive: it ends early");
  EXPECT_EQ(unpacked("hello"), "this is no tar archive: it ends early");
  EXPECT_EQ(unpacked(std::string(512, 'x')),
            "this is no tar archive: there is no header where one should be");
  EXPECT_NE(unpacked("\x1f\x8b\x08").find("compressed"), std::string::npos);
  const std::string whole = forged([](std::string&) {});
  EXPECT_EQ(unpacked(whole.substr(0, 515)), "this is no tar archive: it ends early");
  const auto huge = forged([](std::string& text) { text.replace(124, 11, "77777777777"); });
  EXPECT_EQ(unpacked(huge), "this is no tar archive: it ends early");
  const auto records = forged([](std::string& text) { text[156] = 'x'; });
  EXPECT_EQ(unpacked(records), "this is no tar archive: an extended header that is none");
}

TEST_F(ArchiveTest, TimeIsBounded) {
  trees.add("f", "1");
  const std::string archive = packed(".");
  Deadline over(Deadline::Clock::now());
  EXPECT_EQ(unpack(other.workspace, ".", archive, over).status().code(),
            StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace skerry::files
