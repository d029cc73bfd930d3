// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_transfer.h"

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/sha256.h"
#include "skerry/base/test_directory.h"
#include "skerry/base/test_usage.h"
#include "skerry/broker/test_run.h"
#include "skerry/image/test_export.h"
#include "skerry/image/test_template.h"
#include "skerry/runtime/blobs.h"
#include "skerry/session/export_stream.h"
#include "skerry/store/directory_store.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::session {
namespace {

using store::SessionName;
using store::SessionStore;

/// A runtime of one file, a template on it, and exports of its images.
class SessionTransferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(120);
    const auto parts = home_.parts("python");
    std::filesystem::create_directories(parts);
    ASSERT_TRUE(write_file(parts / "library", as_bytes("text of the library")).ok());
    ASSERT_TRUE(runtime::BlobSet::build(parts, {"library"}).ok());
    for (const char* name : {"library", "blobs.index"}) {
      ASSERT_TRUE(SealedFile::seal(parts / name).ok());
    }
    blobs_ = runtime::BlobSet::open_sealed(parts).value();
    image_.manifest.host_state = host_state(as_bytes("note"));
  }
  void TearDown() override { ::alarm(0); }

  /// The state of a guest with the library and a file of its own.
  std::string host_state(std::span<const std::byte> note) const {
    wasi::FileSystem files;
    const auto& library = blobs_->members().front();
    EXPECT_TRUE(wasi::add_file(files, "/library", blobs_->find(library.sha256).value()).ok());
    EXPECT_TRUE(wasi::add_file(files, "/note", note).ok());
    return wasi::encode(wasi::HostState(std::move(files))).value();
  }

  std::string exported() const { return image::testing::exported(image_, {"s", 3}).value(); }

  ReaderOptions reader() const { return {.program = SKERRY_READER}; }

  Result<image::Export> read(std::string_view file, const ReaderOptions& options) const {
    const OwnedFd input = image::testing::memory_file(as_bytes(file));
    const InstalledRuntime installed{.parts = home_.parts("python"), .manifest = image_.manifest};
    return read_session(input.get(), image::testing::memory_file({}), {installed}, options);
  }
  Result<image::Export> read(std::string_view file) const { return read(file, reader()); }

  /// An export whose manifest is this text, of no pages.
  static std::string export_of(const std::string& manifest) {
    std::string body;
    ZstdWriter writer([&](std::span<const std::byte> bytes) {
      body += as_text(bytes);
      return ok_status();
    });
    EXPECT_TRUE(writer.write(as_bytes(manifest)).ok());
    EXPECT_TRUE(writer.finish().ok());
    std::string file("SKRYEXP\0\2\0\0\0", 12);
    const auto size = static_cast<std::uint32_t>(manifest.size());
    file.append(reinterpret_cast<const char*>(&size), sizeof size);
    file += std::string(16, '\0') + body;
    const auto digest = image::digest_of(sha256_hex(as_bytes(file)));
    return file + std::string(digest.data(), digest.size());
  }

  /// A program in the reader's place that answers so.
  ReaderOptions liar(const std::string& answer, const std::string& deed = "") const {
    const auto path = directory_ / "liar";
    std::ofstream(path) << "#!/bin/sh\n" << deed << "\nprintf '" << answer << "' >&5\n";
    ::chmod(path.c_str(), 0700);
    return {.program = path};
  }

  TestDirectory directory_;
  const runtime::Home home_{directory_ / "home"};
  image::testing::TestTemplate made_;
  image::Image image_ = *made_.root.file_image;
  std::shared_ptr<const runtime::BlobSet> blobs_;
};

TEST_F(SessionTransferTest, AnExportIsReadByAProcessOfItsOwn) {
  const auto result = read(exported());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->origin.session, "s");
  EXPECT_EQ(result->origin.revision, 3);
  EXPECT_EQ(result->captured.state.host_state, image_.manifest.host_state);
  EXPECT_EQ(result->captured.state.globals, image_.manifest.globals);
  EXPECT_EQ(result->captured.pages().size(),
            image::count_of(result->captured.state.changed) * kPageSize);
}

TEST_F(SessionTransferTest, WhatTheReaderRefusesIsTold) {
  EXPECT_EQ(read("no export").status().code(), StatusCode::kDataLoss);
  std::string damaged = exported();
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  EXPECT_NE(message_of(read(damaged).status()).find("checksum"), std::string_view::npos);
  image_.manifest.host_state = "\xFF\xFF";
  const Status status = read(exported()).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(message_of(status).find("its files and descriptors"), std::string_view::npos) << status;
}

TEST_F(SessionTransferTest, AnotherRuntimesExportIsRefusedByName) {
  const std::string file = exported();
  image_.manifest.module_sha256 = std::string(64, 'b');
  const Status status = read(file).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(message_of(status).find(std::string(64, 'a')), std::string_view::npos) << status;
  image_.manifest.module_sha256 = std::string(64, 'a');
  image_.manifest.globals[0].name = "other";
  EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
}

TEST_F(SessionTransferTest, OfSeveralRuntimesTheOneWithItsModuleIsFound) {
  image_.manifest.facts = {{"runtime", "what the file says"}};
  const OwnedFd input = image::testing::memory_file(as_bytes(exported()));
  InstalledRuntime first{.parts = {}, .manifest = image_.manifest};
  first.manifest.module_sha256 = std::string(64, 'b');
  InstalledRuntime second{.parts = home_.parts("python"), .manifest = image_.manifest};
  second.manifest.facts = {{"runtime", "toy"}, {"recipe", "r"}};
  const auto result =
      read_session(input.get(), image::testing::memory_file({}), {first, second}, reader());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->facts, (std::map<std::string, std::string>{{"runtime", "toy"}}));
}

TEST_F(SessionTransferTest, FilesOverTheQuotaAreRefused) {
  image_.manifest.host_state = host_state(as_bytes(std::string(mib(2).value, 'x')));
  const std::string file = exported();
  ReaderOptions options = reader();
  options.files = mib(3);
  EXPECT_TRUE(read(file, options).ok());
  options.files = mib(1);
  EXPECT_EQ(read(file, options).status().code(), StatusCode::kDataLoss);
}

TEST_F(SessionTransferTest, BombsTakeNothingOfThisProcess) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  for (const char field : {'\x4A', '\x32', '\x2A', '\x62'}) {  // runs, globals, facts, unknown
    std::string manifest(16 << 20, '\0');
    for (std::size_t at = 0; at < manifest.size(); at += 2) manifest[at] = field;
    const std::string file = export_of(manifest);
    manifest = std::string();
    EXPECT_LT(file.size(), 10'000u);
    const auto peak = skerry::testing::peak_memory_of(
        [&] { EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss); });
    EXPECT_LT(peak.value, mib(8).value) << (peak.value >> 20) << " MiB";
  }
}

TEST_F(SessionTransferTest, AReaderThatLiesIsNotBelieved) {
  for (const char* answer : {"", "\\0", "\\0001 2", "\\0000 0 0", "\\0001 2 3 4", "\\0004096 0 0",
                             "\\000x", "\\0000 18446744073709551615 1", "\\000-1 0 1"}) {
    EXPECT_FALSE(read(exported(), liar(answer)).ok()) << answer;
  }
  // What it leaves is read as if anyone had written it.
  EXPECT_FALSE(read(exported(), liar("\\0000 3 4", "printf 1234567 >&4")).ok());
  const Status status = read(exported(), liar("\\003what it says")).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(status), "what it says");
  EXPECT_EQ(read(exported(), liar("\\020a key that is none")).status().code(),
            StatusCode::kInternal);
}

TEST_F(SessionTransferTest, AReaderThatHangsIsGivenUp) {
  ReaderOptions options = liar("", "exec sleep 60");
  options.time = std::chrono::seconds(1);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(read(exported(), options).status().code(), StatusCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

TEST_F(SessionTransferTest, AReaderThatIsMissingIsOurFault) {
  EXPECT_EQ(read(exported(), {.program = "/nowhere/skerry-reader"}).status().code(),
            StatusCode::kInternal);
}

TEST_F(SessionTransferTest, TheReaderHasNothingOfOurEnvironment) {
  ::setenv("SKERRY_TEST_SECRET", "secret", 1);
  const auto path = directory_ / "env";
  std::ofstream(path) << "#!/bin/sh\nprintf '\\003%s' \"seen: $SKERRY_TEST_SECRET\" >&5\n";
  ::chmod(path.c_str(), 0700);
  EXPECT_EQ(message_of(read(exported(), {.program = path}).status()), "seen: ");
  ::unsetenv("SKERRY_TEST_SECRET");
}

/// A store with a session in it, and exports of that as the event loop sees them.
class ExportStreamTest : public SessionTransferTest {
 protected:
  void SetUp() override {
    SessionTransferTest::SetUp();
    const auto store = open();
    const auto lease = store->lease(name_).value();
    auto captured = image::testing::TestTemplate::run_on(
        made_.root, [](image::LinearMemory& memory) { memory.base()[5] = std::byte{1}; });
    image::Captured with_files = *std::move(captured);
    with_files.state.host_state = image_.manifest.host_state;
    ASSERT_TRUE(store
                    ->commit(lease, made_.root, with_files,
                             {.first_line = "x",
                              .outcome = "completed",
                              .template_file = made_.file,
                              .durability = store::Durability::kCommitted})
                    .ok());
  }

  std::unique_ptr<SessionStore> open() const {
    return store::DirectoryStore::open(store_, "t", {}).value();
  }

  std::unique_ptr<ExportStream> begin() {
    const auto store = open();
    const auto opened = store->open_revision(name_, std::nullopt).value();
    auto writer = begin_export(*store, name_, opened);
    EXPECT_TRUE(writer.ok()) << writer.status();
    std::optional<Result<loop::TenantSemaphore::Permit>> permit;
    boost::asio::co_spawn(
        io_, semaphore_.take("t", "another export", std::chrono::seconds(1)),
        [&](const std::exception_ptr&, Result<loop::TenantSemaphore::Permit> taken) {
          permit.emplace(std::move(taken));
        });
    EXPECT_TRUE(broker::testing::wait_until(io_, [&] { return permit.has_value(); }));
    return std::make_unique<ExportStream>(access_, *std::move(writer), 1, *std::move(*permit));
  }

  std::string next(ExportStream& stream) {
    std::optional<Result<std::string>> piece;
    boost::asio::co_spawn(io_, stream.next(),
                          [&](const std::exception_ptr&, Result<std::string> made) {
                            piece.emplace(std::move(made));
                          });
    EXPECT_TRUE(broker::testing::wait_until(io_, [&] { return piece.has_value(); }));
    EXPECT_TRUE(piece->ok()) << piece->status();
    return **piece;
  }

  const SessionName name_ = SessionName::parse("s").value();
  const std::filesystem::path store_ = directory_ / "store";
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_ =
      boost::asio::make_work_guard(io_);
  SessionAccess access_{std::make_shared<store::DirectoryStores>(store_, store::Policy())};
  loop::TenantSemaphore semaphore_{1};
};

TEST_F(ExportStreamTest, ItGoesOnWhenTheSessionIsGone) {
  const auto stream = begin();
  EXPECT_EQ(stream->revision(), 1);
  ASSERT_TRUE(open()->clear(std::nullopt).ok());
  std::string file;
  for (std::string piece = next(*stream); !piece.empty(); piece = next(*stream)) file += piece;
  const auto result = read(file);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->origin.session, "s");
  EXPECT_EQ(next(*stream), "");
}

TEST_F(ExportStreamTest, AnExportThatNoOneReadsHoldsNoThreadAndNoFile) {
  const auto stream = begin();
  ASSERT_FALSE(next(*stream).empty());
  // Its threads do something else at once.
  for (int i = 0; i < 20; ++i) {
    bool done = false;
    boost::asio::co_spawn(io_, access_.on_thread([] { return 1; }),
                          [&](const std::exception_ptr&, int) { done = true; });
    EXPECT_TRUE(broker::testing::wait_until(io_, [&] { return done; }));
  }
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(fd.path(), ignored).native();
    EXPECT_FALSE(target.starts_with(store_.native()) && target.ends_with("(deleted)")) << target;
  }
}

TEST_F(ExportStreamTest, TheNextOneBeginsWhenItIsDestroyed) {
  auto stream = begin();
  std::optional<bool> is_granted;
  boost::asio::co_spawn(
      io_, semaphore_.take("t", "another export", std::chrono::seconds(60)),
      [&](const std::exception_ptr&, const Result<loop::TenantSemaphore::Permit>& permit) {
        is_granted = permit.ok();
      });
  io_.poll();
  EXPECT_FALSE(is_granted.has_value());
  stream.reset();
  EXPECT_TRUE(broker::testing::wait_until(io_, [&] { return is_granted == true; }));
}

}  // namespace
}  // namespace skerry::session
