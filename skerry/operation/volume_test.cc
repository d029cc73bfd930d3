// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/volume.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "skerry/operation/test_requests.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::operation {
namespace {

using testing::path;

constexpr wasi::Nanoseconds kNow{1'000'000'000};

class VolumesTest : public ::testing::Test {
 protected:
  VolumesTest() {
    (void)wasi::make_directory(base.files(), "/tmp");
    (void)wasi::add_file(base.files(), "/templates", as_bytes(std::string(500, 't')));
    open();
  }

  /// The volumes anew, with the states that were kept.
  void open() {
    volumes.workspace.emplace(workspace, &base, Volume::Quota{bytes(100), "Workspace"}, kNow);
    volumes.memory.emplace(memory, &base, Volume::Quota{bytes(10), "Memory"}, kNow);
  }

  Applied apply(const Request& request) {
    files::Deadline deadline(files::Deadline::Clock::now() + std::chrono::seconds(60));
    return operation::apply(request, volumes, deadline);
  }
  /// Does it, and keeps what is to be kept: empty, or why nothing is.
  std::string done(const Request& request) {
    const Applied applied = apply(request);
    if (applied.changed == &*volumes.workspace) workspace = volumes.workspace->state();
    if (applied.changed == &*volumes.memory) memory = volumes.memory->state();
    open();
    return applied.response.ok() ? "" : std::string(message_of(applied.response.status()));
  }
  std::string write(std::string_view text, std::size_t size) {
    return done(WriteFile{.path = path(text), .content = std::string(size, 'x')});
  }
  CommandOutput command(std::string_view text) {
    const Applied applied = apply(RunCommand{.command = Command::parse(text).value()});
    EXPECT_TRUE(applied.response.ok()) << applied.response.status();
    return applied.response.ok() ? std::get<CommandOutput>(*applied.response) : CommandOutput();
  }

  wasi::HostState base;
  wasi::HostState workspace = base;
  wasi::HostState memory = base;
  Volumes volumes;
};

TEST_F(VolumesTest, WhatChangedIsToBeKept) {
  EXPECT_EQ(apply(ReadFile{.path = path("templates"), .most = mib(1)}).changed, nullptr);
  const Applied written = apply(WriteFile{.path = path("a"), .content = "1"});
  ASSERT_TRUE(written.response.ok());
  ASSERT_EQ(written.changed, &*volumes.workspace);
  const auto encoded = written.changed->encoded();
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const auto none = [](std::string_view) -> Result<wasi::Blob> {
    return absl::NotFoundError("no blob");
  };
  const auto again = wasi::decode(as_bytes(*encoded), none, {}, &base);
  ASSERT_TRUE(again.ok()) << again.status();
  workspace = *again;
  open();
  const auto response = apply(ReadFile{.path = path("a"), .most = mib(1)}).response;
  EXPECT_EQ(std::get<Content>(*response).text, "1");
}

TEST_F(VolumesTest, WhatFailsIsNotToBeKept) {
  EXPECT_EQ(apply(WriteFile{.path = path("none/a"), .content = "1"}).changed, nullptr);
}

TEST_F(VolumesTest, ACommandThatFailsKeepsWhatItDid) {
  EXPECT_EQ(command("mkdir a b/c").exit_code, 1);
  EXPECT_TRUE(volumes.workspace->has_changed());
}

TEST_F(VolumesTest, ACommandThatRanOutOfTimeKeepsNothing) {
  files::Deadline over(files::Deadline::Clock::now());
  const Applied applied =
      operation::apply(RunCommand{.command = Command::parse("mkdir a").value()}, volumes, over);
  ASSERT_TRUE(applied.response.ok());
  EXPECT_TRUE(std::get<CommandOutput>(*applied.response).is_timed_out);
  EXPECT_EQ(applied.changed, nullptr);
}

TEST_F(VolumesTest, QuotasHoldAndDoNotCountTheTemplate) {
  EXPECT_EQ(write("a", 100), "");
  EXPECT_EQ(write("b", 1), "Workspace quota exceeded: 101 > 100 bytes");
  EXPECT_EQ(write("a", 50), "");
  EXPECT_EQ(write("memory/a", 10), "");
  EXPECT_EQ(write("memory/b", 1), "Memory quota exceeded: 11 > 10 bytes");
  // A template's file counts once it is another.
  EXPECT_EQ(write("templates", 51), "Workspace quota exceeded: 101 > 100 bytes");
}

TEST_F(VolumesTest, WhatIsOverAQuotaMayShrink) {
  (void)wasi::add_file(workspace.files(), "/large", as_bytes(std::string(300, 'x')));
  open();
  EXPECT_EQ(write("large", 250), "");
  EXPECT_EQ(write("large", 251), "Workspace quota exceeded: 251 > 100 bytes");
}

TEST_F(VolumesTest, ACommandChangesOneOfThem) {
  EXPECT_EQ(write("a", 1), "");
  EXPECT_EQ(done(RunCommand{.command = Command::parse("cp a memory/a").value()}), "");
  EXPECT_EQ(done(RunCommand{.command = Command::parse("cp memory/a b").value()}), "");
  EXPECT_EQ(done(RunCommand{.command = Command::parse("rm a memory/a").value()}),
            "one call changes files of the workspace or of memory/, not of both");
  EXPECT_EQ(command("cat a b memory/a").standard_output, "xxx");
}

TEST_F(VolumesTest, WithoutAUserThereIsNoMemory) {
  volumes.memory.reset();
  EXPECT_EQ(command("cat memory/a").standard_error,
            "cat: memory/a: memory/ is a user's: no user_id was given\n");
}

}  // namespace
}  // namespace skerry::operation
