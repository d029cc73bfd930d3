// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/change_export.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/wasi/files/host_files.h"

namespace skerry::worker {
namespace {

constexpr wasi::Nanoseconds kNow{1};

/// Keeps what is sent, and the files that come of it.
class KeptChanges final : public RunChannel {
 public:
  wasi::OutputSink& output() override { std::abort(); }
  Status started(std::span<const int>) override { return ok_status(); }
  Status changed(const FileChange& change) override {
    changes.push_back(change);
    text += change.path;
    if (change.kind == FileChange::Kind::kHardLink) text += "=" + change.content;
    text += change.is_further_piece ? "+ " : " ";
    if (change.kind != FileChange::Kind::kFile) return ok_status();
    std::string& content = files[change.path];
    if (!change.is_further_piece) content.assign(change.size, '\0');
    content.replace(change.offset, change.content.size(), change.content);
    sent += change.content.size();
    return ok_status();
  }
  Status waiting(bool) override { return ok_status(); }
  std::vector<FileChange> changes;
  std::string text;
  std::map<std::string, std::string> files;
  std::size_t sent = 0;  // bytes of content
};

class ChangeExportTest : public ::testing::Test {
 protected:
  Status send() { return send_changes(before, after, rules, sent); }

  void add(const std::string& path, std::string_view content) {
    ASSERT_TRUE(wasi::add_file(after, path, as_bytes(content)).ok());
  }
  void link(const std::string& from, const std::string& to) {
    const auto slash = to.rfind('/');
    const auto directory =
        slash == 0 ? wasi::FileSystem::kRoot : *wasi::locate(after, to.substr(0, slash));
    ASSERT_EQ(after.link(*wasi::locate(after, from), directory, to.substr(slash + 1), kNow),
              wasi::Errno::kSuccess);
  }
  void set_size(const std::string& path, std::uint64_t size) {
    ASSERT_EQ(after.set_size(*wasi::locate(after, path), size, kNow), wasi::Errno::kSuccess);
  }

  wasi::FileSystem before;
  wasi::FileSystem after;
  ExportRules rules{.max_bytes = mib(256)};
  KeptChanges sent;
};

TEST_F(ChangeExportTest, FilesAreSentInPiecesAndTemporaryOnesAreNot) {
  ASSERT_TRUE(wasi::add_file(before, "/gone", as_bytes("x")).ok());
  after = before;
  ASSERT_TRUE(wasi::remove(after, "/gone").ok());
  const std::string large(150'000, 'z');
  add("/large", large);
  add("/empty", "");
  add("/tmp/scratch", "x");
  add("/tmpfile", "x");
  ASSERT_TRUE(wasi::add_symlink(after, "/link", "large").ok());
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/empty /gone /large /large+ /large+ /link /tmpfile ");
  EXPECT_EQ(sent.files["/large"], large);
  EXPECT_EQ(sent.files.at("/empty"), "");
}

TEST_F(ChangeExportTest, HolesAreNotSent) {
  add("/hole", "");
  set_size("/hole", mib(200).value);
  add("/sparse", "begin");
  set_size("/sparse", mib(3).value);
  ASSERT_TRUE(
      after.write(*wasi::locate(after, "/sparse"), mib(2).value, as_bytes("end"), kNow).ok());
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/hole /sparse /sparse+ ");
  EXPECT_LT(sent.sent, kib(2).value);
  std::string expected(mib(3).value, '\0');
  expected.replace(0, 5, "begin");
  expected.replace(mib(2).value, 3, "end");
  EXPECT_TRUE(sent.files["/sparse"] == expected);
  EXPECT_EQ(sent.files["/hole"].size(), mib(200).value);
}

TEST_F(ChangeExportTest, AFileWithManyNamesIsSentOnce) {
  add("/a", "content");
  link("/a", "/b");
  add("/d/c", "other");
  link("/a", "/d/e");
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/a /b=/a /d /d/c /d/e=/a ");
  EXPECT_EQ(sent.sent, 12U);
}

TEST_F(ChangeExportTest, ANewNameOfAnUnchangedFileIsSentWhole) {
  ASSERT_TRUE(wasi::add_file(before, "/old", as_bytes("content")).ok());
  after = before;
  link("/old", "/new");
  link("/old", "/newer");
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/new /newer=/new ");
  EXPECT_EQ(sent.files["/new"], "content");
}

TEST_F(ChangeExportTest, OnlyNamesThatGoToTheSamePlacesAreLinks) {
  ASSERT_TRUE(wasi::make_directory(before, "/one").ok());
  ASSERT_TRUE(wasi::make_directory(before, "/two").ok());
  after = before;
  add("/one/a", "content");
  link("/one/a", "/one/b");
  link("/one/a", "/two/c");
  link("/one/a", "/elsewhere");
  rules = {.scope = ExportRules::Scope::kDirectories,
           .directories = {"/one", "/two"},
           .max_bytes = bytes(14)};
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/one/a /one/b=/one/a /two/c ");
  EXPECT_EQ(sent.files["/two/c"], "content");
}

TEST_F(ChangeExportTest, DirectoriesAreExportedWhereverTheyLie) {
  ASSERT_TRUE(wasi::make_directory(before, "/tmp/mine").ok());
  after = before;
  add("/tmp/mine/f", "x");
  add("/tmp/minefield", "x");
  add("/other", "x");
  rules.directories = {"/tmp/mine"};
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/other /tmp/mine/f ");
  sent = {};
  rules.scope = ExportRules::Scope::kDirectories;
  ASSERT_TRUE(send().ok());
  EXPECT_EQ(sent.text, "/tmp/mine/f ");
}

TEST_F(ChangeExportTest, SizesTogetherAreBoundedAndThenNothingIsSent) {
  add("/a", "");
  set_size("/a", 600'000);
  add("/b", "");
  set_size("/b", 400'000);
  rules.max_bytes = bytes(1'000'000);
  EXPECT_TRUE(send().ok());
  sent = {};
  rules.max_bytes = bytes(999'999);
  const Status status = send();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(status).find("--max-files"), std::string_view::npos) << status;
  EXPECT_TRUE(sent.changes.empty());
}

TEST_F(ChangeExportTest, AReportTellsOfFilesAlone) {
  ASSERT_TRUE(wasi::add_file(before, "/gone", as_bytes("x")).ok());
  ASSERT_TRUE(wasi::add_file(before, "/old", as_bytes("x")).ok());
  after = before;
  ASSERT_TRUE(wasi::remove(after, "/gone").ok());
  ASSERT_TRUE(wasi::remove(after, "/old").ok());
  add("/old", "y");
  add("/data/new", "z");
  add("/tmp/scratch", "x");
  ASSERT_TRUE(wasi::add_symlink(after, "/link", "old").ok());
  ASSERT_TRUE(report_changes(before, after, sent).ok());
  EXPECT_EQ(sent.text, "/data/new /gone /old ");
  EXPECT_TRUE(sent.changes[0].is_new);
  EXPECT_EQ(sent.changes[1].kind, FileChange::Kind::kRemoved);
  EXPECT_FALSE(sent.changes[2].is_new);
  EXPECT_EQ(sent.files["/old"], "y");
}

TEST_F(ChangeExportTest, AReportLeavesOutWhatThereIsNoRoomFor) {
  add("/a", "");
  set_size("/a", kMaxReportedBytes);
  add("/b", "x");
  ASSERT_TRUE(report_changes(before, after, sent).ok());
  ASSERT_EQ(sent.changes.size(), 2U);
  EXPECT_FALSE(sent.changes[0].is_left_out);
  EXPECT_TRUE(sent.changes[1].is_left_out);
  EXPECT_EQ(sent.changes[1].size, 1U);
}

TEST_F(ChangeExportTest, AReportTellsAFileOfSeveralNamesOnce) {
  add("/a", "content");
  add("/tmp/scratch", "x");
  link("/a", "/b");
  link("/a", "/tmp/c");
  ASSERT_TRUE(report_changes(before, after, sent).ok());
  EXPECT_EQ(sent.text, "/a /b=/a ");
  EXPECT_TRUE(sent.changes[1].is_new);
  EXPECT_EQ(sent.sent, 7U);
}

TEST_F(ChangeExportTest, AReportOfManyFilesEnds) {
  for (std::size_t i = 0; i < kMaxReported + 5; ++i) add("/" + std::to_string(i), "");
  ASSERT_TRUE(report_changes(before, after, sent).ok());
  ASSERT_EQ(sent.changes.size(), kMaxReported + 1);
  EXPECT_EQ(sent.changes.back().kind, FileChange::Kind::kMore);
}

}  // namespace
}  // namespace skerry::worker
