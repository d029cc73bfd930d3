// SPDX-License-Identifier: Apache-2.0
// Needs a Home that was set up: SKERRY_HOME in the environment, as ctest passes it on.
#include "skerry/workspace/session_trees.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry::workspace {
namespace {

using Purpose = SessionTrees::Purpose;
using session::SessionName;
using session::SessionStore;

class SessionTreesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* home = std::getenv("SKERRY_HOME");
    ASSERT_TRUE(home != nullptr) << "SKERRY_HOME must name a home that is set up";
    const runtime::Home at{home};
    auto blobs = runtime::BlobSet::open(at.python_parts());
    ASSERT_TRUE(blobs.ok()) << blobs.status();
    foundation.emplace(Foundation{.installation = runtime::PythonInstallation(at),
                                  .blobs = *std::move(blobs),
                                  .store = directory.path() / "store",
                                  .quotas = {.workspace = bytes(100), .memory = bytes(10)}});
    store = open();
  }

  std::unique_ptr<SessionStore> open() {
    auto opened = SessionStore::open(directory.path() / "store", "default", {},
                                     SessionStore::Waiting::kNever);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  Status write(std::string_view path, std::string_view content) {
    SKERRY_ASSIGN(const FilePath to, FilePath::parse(path));
    SessionTrees trees(*foundation, scope, *store, Purpose::kChange);
    SKERRY_ASSIGN(Tree * tree, trees.tree(to.root()));
    SKERRY_TRY(tree->write(to.below(), content, Tree::Writing::kReplace));
    return trees.commit("FileWrite " + std::string(path));
  }

  std::string read(std::string_view path) {
    const auto content = [&]() -> Result<std::string> {
      SKERRY_ASSIGN(const FilePath from, FilePath::parse(path));
      SessionTrees trees(*foundation, scope, *store, Purpose::kLook);
      SKERRY_ASSIGN(Tree * tree, trees.tree(from.root()));
      return tree->read(from.below(), mib(1));
    }();
    return content.ok() ? *content : std::string(message_of(content.status()));
  }

  TestDirectory directory;
  std::optional<Foundation> foundation;
  std::unique_ptr<SessionStore> store;
  Scope scope{.tenant = "default",
              .session = *SessionName::parse("s"),
              .user = *SessionName::parse("alice")};
};

TEST_F(SessionTreesTest, WhatIsCommittedIsRead) {
  ASSERT_TRUE(write("a", "1").ok());
  EXPECT_EQ(read("a"), "1");
  ASSERT_TRUE(write("a", "22").ok());
  EXPECT_EQ(read("a"), "22");
  EXPECT_EQ(read("b"), "No such file or directory");
}

TEST_F(SessionTreesTest, ASmallChangeIsASmallRevision) {
  ASSERT_TRUE(write("a", "1").ok());
  ASSERT_TRUE(write("b", "2").ok());
  const auto revisions = store->revisions(scope.session);
  ASSERT_TRUE(revisions.ok());
  ASSERT_EQ(revisions->size(), 2);
  EXPECT_EQ(revisions->back().first_line, "FileWrite b");
  EXPECT_EQ(revisions->back().outcome, "files");
  EXPECT_LT(revisions->back().bytes, 2000);
  EXPECT_LT(revisions->front().bytes, 40'000);
}

TEST_F(SessionTreesTest, LookingBeginsNoSession) {
  EXPECT_EQ(read("a"), "No such file or directory");
  EXPECT_TRUE(store->list()->empty());
}

TEST_F(SessionTreesTest, ASessionAtRevisionZeroHasNoFiles) {
  ASSERT_TRUE(write("a", "1").ok());
  ASSERT_TRUE(store->rewind(scope.session, "0").ok());
  EXPECT_EQ(read("a"), "No such file or directory");
}

TEST_F(SessionTreesTest, NothingIsCommittedWhereNothingChanged) {
  SessionTrees trees(*foundation, scope, *store, Purpose::kChange);
  ASSERT_TRUE(trees.tree(FilePath::Root::kWorkspace).ok());
  EXPECT_TRUE(trees.commit("nothing").ok());
  EXPECT_TRUE(store->list()->empty());
}

TEST_F(SessionTreesTest, WhatIsNotCommittedIsGone) {
  {
    SessionTrees trees(*foundation, scope, *store, Purpose::kChange);
    const auto tree = trees.tree(FilePath::Root::kWorkspace);
    ASSERT_TRUE(tree.ok());
    ASSERT_TRUE((*tree)->write("a", "1", Tree::Writing::kReplace).ok());
  }
  EXPECT_EQ(read("a"), "No such file or directory");
}

TEST_F(SessionTreesTest, OnlyOneChangesASessionAtATime) {
  SessionTrees first(*foundation, scope, *store, Purpose::kChange);
  ASSERT_TRUE(first.tree(FilePath::Root::kWorkspace).ok());
  const auto other = open();
  SessionTrees second(*foundation, scope, *other, Purpose::kChange);
  EXPECT_EQ(second.tree(FilePath::Root::kWorkspace).status().code(), StatusCode::kUnavailable);
  SessionTrees third(*foundation, scope, *other, Purpose::kLook);
  EXPECT_TRUE(third.tree(FilePath::Root::kWorkspace).ok());
}

TEST_F(SessionTreesTest, QuotasHold) {
  ASSERT_TRUE(write("a", std::string(100, 'x')).ok());
  EXPECT_EQ(write("b", "1").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(read("b"), "No such file or directory");
  EXPECT_TRUE(write("a", std::string(50, 'x')).ok());
  EXPECT_TRUE(write("memory/a", std::string(10, 'x')).ok());
  EXPECT_EQ(write("memory/b", "1").code(), StatusCode::kResourceExhausted);
}

TEST_F(SessionTreesTest, WhoIsOverAQuotaMayStillShrink) {
  ASSERT_TRUE(write("a", std::string(90, 'x')).ok());
  foundation->quotas.workspace = bytes(10);
  EXPECT_TRUE(write("a", std::string(80, 'x')).ok());
  EXPECT_EQ(write("a", std::string(81, 'x')).code(), StatusCode::kResourceExhausted);
}

TEST_F(SessionTreesTest, MemoryIsItsUsers) {
  ASSERT_TRUE(write("memory/a", "1").ok());
  EXPECT_EQ(read("memory/a"), "1");
  scope.session = *SessionName::parse("other");
  EXPECT_EQ(read("memory/a"), "1");
  scope.user = *SessionName::parse("bob");
  EXPECT_EQ(read("memory/a"), "No such file or directory");
  scope.user.reset();
  EXPECT_EQ(read("memory/a"), "memory/ is a user's: no user_id was given");
  scope.tenant = "other";
  scope.user = *SessionName::parse("alice");
  EXPECT_EQ(read("memory/a"), "No such file or directory");
  EXPECT_TRUE(store->list()->empty());
}

TEST_F(SessionTreesTest, BothAreNotChangedAtOnce) {
  SessionTrees trees(*foundation, scope, *store, Purpose::kChange);
  for (const auto root : {FilePath::Root::kWorkspace, FilePath::Root::kMemory}) {
    const auto tree = trees.tree(root);
    ASSERT_TRUE(tree.ok()) << tree.status();
    ASSERT_TRUE((*tree)->write("a", "1", Tree::Writing::kReplace).ok());
  }
  EXPECT_EQ(trees.commit("both").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(read("a"), "No such file or directory");
  EXPECT_EQ(read("memory/a"), "No such file or directory");
}

TEST_F(SessionTreesTest, SessionsBeginWithRandomNumbersOfTheirOwn) {
  ASSERT_TRUE(write("a", "1").ok());
  scope.session = *SessionName::parse("t");
  ASSERT_TRUE(write("a", "1").ok());
  const auto pages = [&](const char* name) {
    const auto opened = store->open_revision(*SessionName::parse(name), std::nullopt);
    EXPECT_TRUE(opened.ok()) << opened.status();
    std::string all;
    for (const image::Extent& extent : opened->revision->file_image->pages->layers()) {
      all += as_text(extent.file->bytes().subspan(extent.at * kPageSize, extent.count * kPageSize));
    }
    return all;
  };
  EXPECT_FALSE(pages("s").empty());
  EXPECT_NE(pages("s"), pages("t"));
}

}  // namespace
}  // namespace skerry::workspace
