// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/perform.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "skerry/files/test_trees.h"
#include "skerry/operation/test_requests.h"

namespace skerry::operation {
namespace {

using files::TestTrees;
using testing::path;

class PerformTest : public ::testing::Test {
 protected:
  Result<Response> perform(const Request& request) {
    files::Deadline deadline(files::Deadline::Clock::now() + std::chrono::seconds(60));
    return operation::perform(request, trees, deadline);
  }
  std::string fault(const Request& request) {
    const auto response = perform(request);
    return response.ok() ? "none" : std::string(message_of(response.status()));
  }
  std::string read(std::string_view text, Encoding encoding = Encoding::kText,
                   ByteSize most = mib(1)) {
    const auto response = perform(ReadFile{.path = path(text), .most = most, .encoding = encoding});
    return response.ok() ? std::get<Content>(*response).text
                         : std::string(message_of(response.status()));
  }
  TestTrees trees;
};

TEST_F(PerformTest, AFileIsReadWholeOrNotAtAll) {
  trees.add("a", "text");
  trees.add("b", "\xff");
  EXPECT_EQ(read("a"), "text");
  EXPECT_EQ(read("a", Encoding::kBase64), "dGV4dA==");
  EXPECT_EQ(read("a", Encoding::kText, bytes(3)), "File too large: 4 bytes (max 3): a");
  EXPECT_EQ(read("b"), "not UTF-8 text: b; with encoding \"base64\" it can be read");
  EXPECT_EQ(read("none"), "File not found: none");
  EXPECT_EQ(read("tmp"), "Path is not a file: tmp");
}

TEST_F(PerformTest, AFileIsReplacedOrGoesOn) {
  EXPECT_EQ(std::get<Written>(*perform(WriteFile{.path = path("a"), .content = "one"})).size, 3);
  using Writing = files::Tree::Writing;
  ASSERT_TRUE(
      perform(WriteFile{.path = path("a"), .content = "two", .how = Writing::kAppend}).ok());
  EXPECT_EQ(read("a"), "onetwo");
  const WriteFile base64{.path = path("a"), .content = "aGk=", .encoding = Encoding::kBase64};
  EXPECT_EQ(std::get<Written>(*perform(base64)).size, 2);
  EXPECT_EQ(read("a"), "hi");
}

TEST_F(PerformTest, Base64IsTakenStrictly) {
  for (const char* bad : {"aGk", "aG k=", "aGk=\n", "no base64!"}) {
    EXPECT_EQ(fault(WriteFile{.path = path("a"), .content = bad, .encoding = Encoding::kBase64}),
              "content is not base64")
        << bad;
  }
}

TEST_F(PerformTest, DirectoriesOnTheWayAreMadeWhenAskedFor) {
  EXPECT_EQ(fault(WriteFile{.path = path("d/e/a"), .content = "1"}),
            "Parent directory does not exist: d/e/a");
  ASSERT_TRUE(
      perform(WriteFile{.path = path("d/e/a"), .content = "1", .makes_directories = true}).ok());
  EXPECT_EQ(read("d/e/a"), "1");
}

TEST_F(PerformTest, FailuresNameThePath) {
  trees.add("a", "1");
  EXPECT_EQ(fault(ListFiles{.path = path("a")}), "Path is not a directory: a");
  EXPECT_EQ(fault(SearchFiles{.path = path("none"), .search = {.query = "x"}}),
            "No such file or directory: none");
  EXPECT_EQ(fault(EditFile{.path = path("none"), .old_text = "a", .most = mib(1)}),
            "No such file or directory: none");
  EXPECT_EQ(fault(DeleteFiles{.path = path("a"), .pattern = "*"}), "Path is not a directory: a");
  EXPECT_EQ(fault(WriteFile{.path = path("tmp"), .content = "1"}),
            "\"tmp\" belongs to the runtime: tmp");
}

TEST_F(PerformTest, EditsAreMadeInTextOfSomeSize) {
  trees.add("a", "x = 1\n");
  trees.add("b", "\xff");
  const auto edited = std::get<Edited>(
      *perform(EditFile{.path = path("a"), .old_text = "1", .new_text = "22", .most = bytes(7)}));
  EXPECT_EQ(edited.replacements, 1);
  EXPECT_EQ(edited.size, 7);
  EXPECT_EQ(edited.snippet, "x = 22\n");
  EXPECT_EQ(fault(EditFile{.path = path("a"), .old_text = "2", .new_text = "33", .most = bytes(7)}),
            "the file would be larger than 7 bytes");
  EXPECT_EQ(fault(EditFile{.path = path("b"), .old_text = "a", .most = mib(1)}),
            "not UTF-8 text: b");
}

TEST_F(PerformTest, SearchesListsDeletionsAndCommandsAreDone) {
  trees.add("a.txt", "needle\n");
  trees.add("d/b.tmp", "1");
  const auto found = std::get<files::Found>(
      *perform(SearchFiles{.path = path("."), .search = {.query = "needle"}}));
  EXPECT_EQ(found.lines.at(0).file, "a.txt");
  EXPECT_EQ(std::get<files::Listed>(*perform(ListFiles{.path = path(".")})).file_count, 1);
  const auto output =
      std::get<CommandOutput>(*perform(RunCommand{.command = Command::parse("cat a.txt").value()}));
  EXPECT_EQ(output.standard_output, "needle\n");
  const DeleteFiles deletion{.path = path("."), .pattern = "*.tmp", .depth = files::Depth::kAll};
  EXPECT_EQ(std::get<files::Deleted>(*perform(deletion)).count, 1);
  EXPECT_FALSE(trees.has("d/b.tmp"));
}

}  // namespace
}  // namespace skerry::operation
