// SPDX-License-Identifier: Apache-2.0
// A worker of a language that takes a few lines: nothing on a run's way knows another one.
#include "skerry/worker/worker.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/test_directory.h"
#include "skerry/runtime/toy/test_toy.h"
#include "skerry/worker/events/event_receiver.h"
#include "skerry/worker/run_request.h"

namespace skerry::worker {
namespace {

using sandbox::OutcomeKind;

class NoSteps final : public runtime::SetUpObserver {
  void step(const std::string&) override {}
  void damaged(const std::string&) override {}
  void progress(double) override {}
};

class KeptOutput final : public RunObserver {
 public:
  void output(wasi::Stream stream, std::string_view bytes) override {
    if (stream == wasi::Stream::kStdout) text += bytes;
  }
  void cut(wasi::Stream) override {}
  void changed(const FileChange&) override {}
  std::string text;
};

class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kHasShadowMemory && !kHasAddressSanitizer) {
      GTEST_SKIP() << "no module is compiled in the thread sanitizer's memory";
    }
    ::alarm(60);
    ASSERT_TRUE(runtime::testing::fetch_toy(home_).ok());
    const runtime::Installation installation(
        home_, runtime::Runtimes({std::make_shared<const runtime::testing::Toy>()}));
    NoSteps steps;
    const auto made =
        installation.set_up(engine::Metering::kNone, SealedFile::Depth::kTimes, steps);
    ASSERT_TRUE(made.ok()) << made.status();
    auto catalog = ImageCatalog::open(installation);
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    template_sha256_ = catalog->find("toy", engine::Metering::kNone).value()->image->sha256;
    auto pair = socket_pair(SOCK_STREAM).value();
    socket_ = std::move(pair.first);
    auto worker = jail::spawn({}, {}, {}, [&](jail::Cell& cell) {
      socket_.close();
      return serve_runs(pair.second.get(), *catalog, cell);
    });
    ASSERT_TRUE(worker.ok()) << worker.status();
    worker_.emplace(Child::adopt(worker->pid, std::move(worker->pidfd)));
    std::string greeting(ready_message().size(), '\0');
    ASSERT_EQ(::recv(socket_.get(), greeting.data(), greeting.size(), MSG_WAITALL),
              static_cast<ssize_t>(greeting.size()));
    ASSERT_EQ(greeting, ready_message());
  }
  void TearDown() override { ::alarm(0); }

  /// A run, fresh unless it is in a session; its outcome, or why there is none.
  Result<sandbox::Outcome> run(const std::string& code, const std::string& template_name = "toy",
                               const std::optional<SessionStart>& session = std::nullopt) {
    RunRequest request;
    request.program.code = code;
    request.template_name = template_name;
    output_.text.clear();
    EventReceiver receiver(request.limits, FileChanges::kUnwanted, output_);
    SKERRY_ASSIGN(const EncodedRun order, encode(std::move(request)));
    const std::string in_session = session ? encode(*session) : std::string();
    SKERRY_TRY(write_all(socket_.get(), as_bytes(framed(order.joined() + in_session))));
    while (!receiver.is_over()) {
      std::array<char, 4096> buffer{};
      const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return absl::UnavailableError("the worker has gone");
      SKERRY_TRY(receiver.take({buffer.data(), static_cast<std::size_t>(size)}));
    }
    SKERRY_TRY(receiver.failure());
    is_kept_ = receiver.is_kept();
    return *receiver.ended();
  }

  const TestDirectory directory_;
  const runtime::Home home_{directory_ / "home"};
  OwnedFd socket_;
  std::optional<Child> worker_;
  KeptOutput output_;
  std::string template_sha256_;
  bool is_kept_ = false;
};

TEST_F(WorkerTest, FreshRunsOfAnyLanguageAreServed) {
  for (const char* code : {"hello", "and again"}) {
    const auto outcome = run(code);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, OutcomeKind::kCompleted) << outcome->message;
    EXPECT_EQ(output_.text, "toy: " + std::string(code));
  }
}

TEST_F(WorkerTest, SessionsOfAnyLanguageGoOn) {
  const auto first =
      run("1", "toy", SessionStart{.becomes = 1, .template_sha256 = template_sha256_});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(is_kept_);
  const auto second = run("2", "toy", SessionStart{.becomes = 2, .from = 1});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(output_.text, "toy: 2");
  EXPECT_TRUE(is_kept_);
}

TEST_F(WorkerTest, ATemplateOfNoRuntimeIsRefused) {
  const Status refused = run("hello", "python").status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(refused), "unknown template \"python\"");
  EXPECT_TRUE(run("hello").ok()) << "and the next run is served";
}

}  // namespace
}  // namespace skerry::worker
