// SPDX-License-Identifier: Apache-2.0
// Needs a home that is set up: SKERRY_HOME in the environment, as ctest passes it on.
#include "skerry/worker/file_worker.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"
#include "skerry/base/test_directory.h"
#include "skerry/image/revisions/revision_files.h"
#include "skerry/image/test_pages.h"
#include "skerry/jail/memory_file.h"
#include "skerry/operation/codec.h"
#include "skerry/operation/test_requests.h"
#include "skerry/runtime/registry.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/worker/events/event_receiver.h"
#include "skerry/worker/run_process.h"
#include "skerry/worker/worker.h"

namespace skerry::worker {
namespace {

using operation::testing::path;
using Changed = LeftFiles::Changed;
using Root = files::FilePath::Root;

class Output final : public RunObserver {
 public:
  void output(wasi::Stream, std::string_view bytes) override { text += bytes; }
  void cut(wasi::Stream) override {}
  void changed(const FileChange&) override {}
  std::string text;
};

/// Sandboxes as a worker keeps them.
class Sandboxes final : public KeptSandboxes {
 public:
  sandbox::Sandbox* find(std::uint64_t state) override {
    const auto found = kept.find(state);
    return found == kept.end() ? nullptr : found->second.get();
  }
  void rename(std::uint64_t state, std::uint64_t becomes) override {
    kept[becomes] = std::move(kept.at(state));
    kept.erase(state);
  }
  std::map<std::uint64_t, std::unique_ptr<sandbox::Sandbox>> kept;
};

class FileWorkerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* home = std::getenv("SKERRY_HOME");
    ASSERT_TRUE(home != nullptr) << "SKERRY_HOME must name a home that is set up";
    const runtime::Installation installation = runtime::bundled_in(runtime::Home{home});
    auto opened = ImageCatalog::open(installation);
    ASSERT_TRUE(opened.ok()) << opened.status();
    catalog = new ImageCatalog(*std::move(opened));
    template_file = installation.template_path(installation.runtimes().default_template());
  }
  static void TearDownTestSuite() {
    delete catalog;
    catalog = nullptr;
  }

  void SetUp() override {
    ASSERT_NE(catalog, nullptr);
    image = image::open_image(template_file).value();
    store.emplace(image::RevisionFiles::open(directory / "store").value());
    ASSERT_TRUE(store->keep_template(*image, template_file).ok());
  }

  OwnedFd template_fd() const { return OwnedFd(::dup(image->base->fd())); }

  /// A revision on the template with this host state.
  image::Revision revision_of(const wasi::HostState& state) {
    image::Revision root;
    root.file_image = image;
    image::Captured captured;
    captured.state.memory_size = root.memory_size();
    captured.state.globals = image->manifest.globals;
    captured.state.host_state = wasi::encode(state, catalog->template_state(image->sha256)).value();
    return store->write(root, captured, AtomicFile::Sync::kNone).value().revision;
  }

  struct Done {
    Result<operation::Response> response = absl::UnknownError("no answer");
    Status failure;  ///< of the worker's own
    std::optional<LeftFiles> left = {};
    bool is_kept = false;
  };

  /// Does an operation as a worker would. `start` says where the workspace begins.
  Done perform(const operation::Request& request, SessionStart start, std::vector<OwnedFd> files) {
    RunRequest order;
    order.files = FileOrder{.operation = operation::encode(request).value(),
                            .first = {.root = Root::kWorkspace, .quota = mib(1)}};
    start.files = static_cast<std::uint32_t>(files.size());
    order.session = std::move(start);
    return perform(request, order, std::move(files));
  }
  Done perform(const operation::Request& request, const RunRequest& order,
               std::vector<OwnedFd> files) {
    const auto ends = socket_pair(SOCK_STREAM).value();
    EventSender sender(ends.first.get(), bytes(operation::kMaxReply));
    EXPECT_TRUE(worker.perform(order, std::move(files), sender).ok());
    Output output;
    sandbox::Limits limits;
    limits.output = bytes(operation::kMaxReply);
    EventReceiver events(limits, FileChanges::kUnwanted, output);
    std::vector<std::byte> buffer(1 << 20);
    const auto received = receive_message(ends.second.get(), buffer).value();
    EXPECT_EQ(events.take(as_text(std::span(buffer).first(received.size))), ok_status());
    Done done{.failure = events.failure()};
    if (!events.failure().ok()) return done;
    EXPECT_TRUE(events.ended().has_value());
    done.response = operation::decode_response(output.text, request);
    done.is_kept = events.is_kept();
    LeftState left{.file = {}, .bytes = events.take_state()};
    if (left.is_there()) done.left = LeftFiles::read(left).value();
    return done;
  }

  Done write(std::string_view to, std::string_view content, SessionStart start,
             std::vector<OwnedFd> files = {}) {
    return perform(operation::WriteFile{.path = path(to), .content = std::string(content)},
                   std::move(start), std::move(files));
  }
  std::string read(std::string_view from, SessionStart start, std::vector<OwnedFd> files = {}) {
    const auto done = perform(operation::ReadFile{.path = path(from), .most = mib(1)},
                              std::move(start), std::move(files));
    if (!done.failure.ok()) return std::string(message_of(done.failure));
    return done.response.ok() ? std::get<operation::Content>(*done.response).text
                              : std::string(message_of(done.response.status()));
  }
  /// The template, for a session that begins with the operation.
  SessionStart on_template(std::uint64_t becomes) const {
    return {.becomes = becomes, .template_sha256 = image->sha256};
  }
  std::vector<OwnedFd> template_alone() const {
    std::vector<OwnedFd> files;
    files.push_back(template_fd());
    return files;
  }
  std::vector<OwnedFd> files_of(const image::Revision& revision) const {
    std::vector<OwnedFd> files;
    files.emplace_back(::dup(revision.descriptors.front()));
    files.push_back(template_fd());
    return files;
  }

  static ImageCatalog* catalog;
  static std::filesystem::path template_file;
  TestDirectory directory;
  std::shared_ptr<const image::Image> image;
  std::optional<image::RevisionFiles> store;
  Sandboxes sandboxes;
  FileWorker worker{*catalog, sandboxes};
};

ImageCatalog* FileWorkerTest::catalog = nullptr;
std::filesystem::path FileWorkerTest::template_file;

TEST_F(FileWorkerTest, ANewSessionBeginsOnItsTemplate) {
  const auto done = write("a", "1", on_template(7), template_alone());
  ASSERT_TRUE(done.response.ok()) << done.response.status();
  ASSERT_TRUE(done.left.has_value());
  EXPECT_EQ(done.left->changed, Changed::kFirst);
  EXPECT_LT(done.left->host_state.size(), 4000) << "the template's files are not stored again";
  EXPECT_TRUE(done.is_kept);
  EXPECT_EQ(read("a", {.from = 7}), "1");
  EXPECT_EQ(read("a", on_template(0), template_alone()), "File not found: a");
}

TEST_F(FileWorkerTest, ARevisionIsReadFromItsFiles) {
  wasi::HostState state = *catalog->template_state(image->sha256);
  ASSERT_TRUE(wasi::add_file(state.files(), "/a", as_bytes("stored")).ok());
  const auto revision = revision_of(state);
  EXPECT_EQ(read("a", {}, files_of(revision)), "stored");
  const auto done = write("a", "new", {.becomes = 8}, files_of(revision));
  ASSERT_TRUE(done.response.ok()) << done.response.status();
  EXPECT_EQ(read("a", {}, files_of(revision)), "stored");
  EXPECT_EQ(read("a", {.from = 8}), "new");
}

TEST_F(FileWorkerTest, WhatItKeepsGoesOnUnderItsNewNumberUntilItIsForgotten) {
  ASSERT_TRUE(write("a", "1", on_template(1), template_alone()).response.ok());
  ASSERT_TRUE(write("b", "2", {.becomes = 2, .from = 1}).response.ok());
  EXPECT_EQ(read("a", {.from = 2}), "1");
  EXPECT_EQ(read("b", {.from = 2}), "2");
  EXPECT_EQ(read("a", {.from = 1}), "no such state is kept here");
  worker.forget({2});
  EXPECT_EQ(read("a", {.from = 2}), "no such state is kept here");
}

TEST_F(FileWorkerTest, AnOperationThatFailsLeavesTheStateAsItWas) {
  ASSERT_TRUE(write("a", "1", on_template(1), template_alone()).response.ok());
  const auto done = write("a", std::string(2 << 20, 'x'), {.becomes = 2, .from = 1});
  EXPECT_EQ(done.response.status().code(), StatusCode::kResourceExhausted) << "the quota";
  EXPECT_EQ(done.left->changed, Changed::kNothing);
  EXPECT_EQ(read("a", {.from = 2}), "1");
}

TEST_F(FileWorkerTest, AProcessOfItsOwnLeavesWhatAWorkerLeaves) {
  const auto alone = [&](const operation::Request& request, int left) {
    RunRequest order;
    order.files = FileOrder{.operation = operation::encode(request).value(),
                            .first = {.root = Root::kWorkspace, .quota = mib(1)}};
    order.session = on_template(left < 0 ? 0 : 1);
    order.session->files = 1;
    order.limits.output = bytes(operation::kMaxReply);
    Output output;
    const auto outcome = supervise(
        [&](RunChannel& channel) {
          return worker.perform_alone(order, template_alone(), left, channel);
        },
        order.limits, bytes(0), output);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return operation::decode_response(output.text, request);
  };
  OwnedFd left = jail::make_memory_file("left").value();
  const operation::WriteFile write{.path = path("a"), .content = std::string(100'000, 'x')};
  ASSERT_TRUE(alone(write, left.get()).ok());
  ASSERT_TRUE(jail::seal_memory_file(left.get()).ok());
  const auto files = LeftFiles::read({.file = std::move(left), .bytes = {}});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->changed, Changed::kFirst);
  const auto state = wasi::decode(as_bytes(files->host_state), catalog->blobs(), {},
                                  catalog->template_state(image->sha256));
  ASSERT_TRUE(state.ok()) << state.status();
  const auto written = wasi::locate(state->files(), "/a");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(state->files().get(*written).size(), write.content.size());
  const auto looked = alone(operation::ReadFile{.path = path("a"), .most = mib(1)}, -1);
  EXPECT_EQ(looked.status().code(), StatusCode::kNotFound) << "nothing was changed or kept here";
}

TEST_F(FileWorkerTest, ALookLeavesNothingAndKeepsNothingNew) {
  ASSERT_TRUE(write("a", "1", on_template(1), template_alone()).response.ok());
  const auto done =
      perform(operation::ReadFile{.path = path("a"), .most = mib(1)}, {.from = 1}, {});
  EXPECT_FALSE(done.left.has_value());
  EXPECT_FALSE(done.is_kept);
  EXPECT_EQ(read("a", {.from = 1}), "1") << "and what is kept stays";
}

TEST_F(FileWorkerTest, ASandboxGoesOnWithTheNewFilesAndItsOwnPages) {
  sandbox::Limits limits;
  limits.files = mib(3);
  const auto* loaded =
      catalog->find(catalog->runtimes().default_template(), engine::Metering::kNone).value();
  sandboxes.kept[5] = sandbox::Sandbox::load(*loaded, limits).value();
  sandbox::Sandbox* const sandbox = sandboxes.kept[5].get();
  EXPECT_EQ(read("a", {.from = 5}), "File not found: a");
  ASSERT_TRUE(write("a", "1", {.becomes = 6, .from = 5}).response.ok());
  ASSERT_EQ(sandboxes.find(6), sandbox);
  EXPECT_TRUE(wasi::locate(sandbox->state().files(), "/a").ok());
  EXPECT_EQ(sandbox->state().files().quotas().file_bytes, limits.files);
  const auto state = sandbox->captured();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state->changed.empty());
  EXPECT_EQ(read("a", {.from = 6}), "1");
}

TEST_F(FileWorkerTest, TwoSessionsAreWorkedOnAtOnce) {
  const auto both = [&](std::string_view command, SessionStart workspace, SessionStart memory,
                        std::vector<OwnedFd> files) {
    const operation::Request request =
        operation::RunCommand{.command = operation::Command::parse(command).value()};
    RunRequest order;
    order.files = FileOrder{.operation = operation::encode(request).value(),
                            .first = {.root = Root::kWorkspace, .quota = mib(1)},
                            .second = FileOrder::Volume{.root = Root::kMemory, .quota = bytes(10)}};
    order.session = std::move(workspace);
    order.second_session = std::move(memory);
    return perform(request, order, std::move(files));
  };
  wasi::HostState notes = *catalog->template_state(image->sha256);
  ASSERT_TRUE(wasi::add_file(notes.files(), "/note", as_bytes("tea")).ok());
  const auto memory = revision_of(notes);
  ASSERT_TRUE(write("a", "1", on_template(1), template_alone()).response.ok());
  const auto copied =
      both("cp memory/note note", {.becomes = 2, .from = 1}, {.files = 2}, files_of(memory));
  ASSERT_TRUE(copied.response.ok()) << copied.response.status();
  EXPECT_EQ(copied.left->changed, Changed::kFirst);
  EXPECT_EQ(read("note", {.from = 2}), "tea");

  auto files = template_alone();
  for (OwnedFd& file : files_of(memory)) files.push_back(std::move(file));
  SessionStart fresh = on_template(3);
  fresh.files = 1;
  const auto kept = both("cp memory/note memory/new", fresh, {.files = 2}, std::move(files));
  EXPECT_EQ(kept.left->changed, Changed::kSecond);
  const auto refused =
      both("rm note memory/note", {.becomes = 4, .from = 2}, {.files = 2}, files_of(memory));
  EXPECT_EQ(refused.response.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.left->changed, Changed::kNothing);
}

TEST_F(FileWorkerTest, ALargeOperationComesAsAFile) {
  const operation::Request request =
      operation::WriteFile{.path = path("a"), .content = std::string(100'000, 'x')};
  auto file = jail::make_memory_file("operation").value();
  ASSERT_TRUE(write_all(file.get(), as_bytes(operation::encode(request).value())).ok());
  RunRequest order;
  order.files = FileOrder{.first = {.root = Root::kWorkspace, .quota = mib(1)}};
  order.session = on_template(1);
  order.session->files = 1;
  std::vector<OwnedFd> files;
  files.push_back(std::move(file));
  files.push_back(template_fd());
  const auto done = perform(request, order, std::move(files));
  ASSERT_TRUE(done.response.ok()) << done.response.status();
  EXPECT_EQ(read("a", {.from = 1}).size(), 100'000U);
}

TEST_F(FileWorkerTest, OrdersThatAreNoneAreOurOwnFailure) {
  const operation::Request request = operation::ReadFile{.path = path("a"), .most = mib(1)};
  const auto failure = [&](const RunRequest& order, std::vector<OwnedFd> files) {
    return perform(request, order, std::move(files)).failure.code();
  };
  RunRequest order;
  order.files = FileOrder{.operation = operation::encode(request).value()};
  EXPECT_EQ(failure(order, {}), StatusCode::kInternal) << "no session";
  order.session = SessionStart{};
  EXPECT_EQ(failure(order, {}), StatusCode::kInternal) << "no files";
  order.session->files = 2;
  EXPECT_EQ(failure(order, template_alone()), StatusCode::kInternal) << "too few files";
  order.session->files = 1;
  order.session->template_sha256 = std::string(64, 'a');
  EXPECT_EQ(failure(order, template_alone()), StatusCode::kDataLoss) << "another template";
  order.session->template_sha256 = image->sha256;
  order.files->second = FileOrder::Volume{.root = Root::kMemory};
  EXPECT_EQ(failure(order, template_alone()), StatusCode::kInternal) << "one session for two";
  order.files->second.reset();
  order.files->operation = "\xff";
  EXPECT_EQ(failure(order, template_alone()), StatusCode::kInternal) << "no operation";
  order.files->operation.clear();
  EXPECT_EQ(failure(order, {}), StatusCode::kInternal) << "no file with an operation";
}

TEST(LeftFilesTest, AreReadAsTheyWereLeft) {
  for (const std::size_t size : {0U, 10U, 20'000U, 3'000'000U}) {
    for (const Changed changed : {Changed::kNothing, Changed::kFirst, Changed::kSecond}) {
      const LeftFiles files{.changed = changed, .host_state = std::string(size, 's')};
      const auto left = files.left();
      ASSERT_TRUE(left.ok()) << left.status();
      EXPECT_EQ(left->file.is_open(), size > 16'384);
      const auto read = LeftFiles::read(*left);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->changed, changed);
      EXPECT_TRUE(read->host_state == files.host_state);
    }
  }
}

TEST(LeftFilesTest, LiesAreRefused) {
  EXPECT_EQ(LeftFiles::read({.file = {}, .bytes = "state?"}).status().code(),
            StatusCode::kDataLoss);
  EXPECT_EQ(LeftFiles::read({}).status().code(), StatusCode::kDataLoss);
  LeftState left{.file = jail::make_memory_file("large").value(), .bytes = {}};
  ASSERT_EQ(::ftruncate(left.file.get(), LeftFiles::kMaxState + 2), 0);
  EXPECT_EQ(LeftFiles::read(left).status().code(), StatusCode::kPermissionDenied) << "unsealed";
  ASSERT_TRUE(jail::seal_memory_file(left.file.get()).ok());
  EXPECT_EQ(LeftFiles::read(left).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(
      LeftFiles{.host_state = std::string(LeftFiles::kMaxState + 1, 's')}.left().status().code(),
      StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace skerry::worker
