// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_process.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/run.pb.h"

namespace skerry::worker {
namespace {

namespace fs = std::filesystem;
using proto::RunEvent;
using sandbox::Outcome;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using wasi::Stream;

/// Keeps what it sees, in order.
class KeptEvents final : public RunObserver {
 public:
  void output(Stream stream, std::string_view bytes) override {
    (stream == Stream::kStdout ? out : err) += bytes;
    order += (stream == Stream::kStdout ? "o:" : "e:") + std::string(bytes) + " ";
    if (signal != 0) ::kill(::getpid(), signal);
  }
  void cut(Stream stream) override { order += stream == Stream::kStdout ? "o-cut " : "e-cut "; }
  void changed(const FileChange& change) override { changes.push_back(change); }
  void changed_all() override { has_all_changes = true; }
  StreamEnds::State state_of(Stream stream) const override {
    return out.size() > reader_takes && stream == Stream::kStdout ? StreamEnds::State::kGone
                                                                  : StreamEnds::State::kOpen;
  }
  bool is_full() const override { return out.size() >= most; }
  int awaited() const override { return is_full() ? waits_for : -1; }
  void go_on() override {
    if (can_go_on) can_go_on();
  }
  std::size_t most = SIZE_MAX;  // bytes of output that it has room for
  std::size_t reader_takes = SIZE_MAX;
  int waits_for = -1;
  std::function<void()> can_go_on;
  std::string out;
  std::string err;
  std::string order;
  std::vector<FileChange> changes;
  bool has_all_changes = false;
  int signal = 0;  // that this process gets when there is output
};

void say(RunChannel& channel, std::string_view text, Stream stream = Stream::kStdout) {
  (void)channel.output().write(stream, as_bytes(text));
}

/// The socket to the supervisor: the highest that this process has.
int channel_fd() {
  int found = -1;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (fs::read_symlink(entry.path(), error).native().starts_with("socket:")) {
      found = std::max(found, std::stoi(entry.path().filename().native()));
    }
  }
  return found;
}

/// Found once: in the jail nobody can look for it.
int known_channel_fd() {
  static const int fd = channel_fd();
  return fd;
}

void send_raw(std::string_view bytes) { (void)write_all(known_channel_fd(), as_bytes(bytes)); }

void begin(RunChannel& channel) {
  (void)known_channel_fd();
  (void)channel.started();
}

std::string framed(const std::string& body) {
  const auto length = static_cast<std::uint32_t>(body.size());
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + body;
}
std::string framed(const RunEvent& event) { return framed(event.SerializeAsString()); }

/// An address that faults.
void* unmapped() {
  void* at = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at;
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::poll(nullptr, 0, -1);
}

class RunProcessTest : public ::testing::Test {
 protected:
  RunProcessTest() { limits.wall = milliseconds(10'000); }
  // What hangs is killed, and with it the test program.
  void SetUp() override { ::alarm(30); }
  void TearDown() override { ::alarm(0); }

  Result<Outcome> run(const RunBody& body) {
    return supervise(body, limits, bytes(0), events, changes);
  }
  Outcome run_ok(const RunBody& body) {
    auto outcome = run(body);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.value_or(Outcome{});
  }

  sandbox::Limits limits;
  FileChanges changes = FileChanges::kUnwanted;
  KeptEvents events;
};

TEST_F(RunProcessTest, AStoppedRunMaySendItsChangesAndNoMore) {
  changes = FileChanges::kWanted;
  limits.wall = milliseconds(200);
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    static RunChannel* told = nullptr;
    told = &channel;
    std::signal(kStopSignal, [](int) {
      (void)told->changed({.path = "/f", .content = "so far", .size = 6});
      told->stopped();
    });
    begin(channel);
    sleep_for_ever();
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  ASSERT_EQ(events.changes.size(), 1U);
  EXPECT_TRUE(events.has_all_changes);
}

TEST_F(RunProcessTest, AStoppedRunThatDoesNotListenIsKilled) {
  changes = FileChanges::kWanted;
  limits.wall = milliseconds(200);
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    std::signal(kStopSignal, SIG_IGN);
    begin(channel);
    sleep_for_ever();
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_FALSE(events.has_all_changes);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(RunProcessTest, AReaderThatHasGoneIsTheProgramsToKnow) {
  events.reader_takes = 10;
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    Status written;
    while (written.ok()) written = channel.output().write(Stream::kStdout, as_bytes("y\n"));
    say(channel, std::string(absl::StatusCodeToString(written.code())), Stream::kStderr);
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(events.err, "UNAVAILABLE") << "the other stream is open";
}

TEST_F(RunProcessTest, OutcomeCrossesWhole) {
  limits.fuel = 100;
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    Outcome made;
    made.kind = OutcomeKind::kFailed;
    made.exit_code = 3;
    made.message = "why";
    made.limit = sandbox::LimitHit{"memory", 1.5, "bytes", "--memory MB"};
    made.exception.emplace();
    made.exception->type = "ValueError";
    made.exception->message = "text";
    made.exception->frames = {{"f.py", 7, "g", "h()"}};
    made.result = "42";
    made.usage.peak_memory = mib(3);
    made.usage.dirty_pages = 9;
    made.usage.fuel = 11;
    return made;
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.message, "why");
  ASSERT_TRUE(outcome.limit && outcome.exception);
  EXPECT_EQ(outcome.limit->value, 1.5);
  EXPECT_EQ(outcome.limit->option, "--memory MB");
  EXPECT_EQ(outcome.exception->type, "ValueError");
  EXPECT_EQ(outcome.exception->frames.at(0).line, 7);
  EXPECT_EQ(outcome.result, "42");
  EXPECT_EQ(outcome.usage.peak_memory, mib(3));
  EXPECT_EQ(outcome.usage.dirty_pages, 9U);
  EXPECT_EQ(outcome.usage.fuel, 11U);
  EXPECT_GT(outcome.usage.wall.count(), 0);
}

TEST_F(RunProcessTest, StreamsAreRelayedInOrder) {
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    for (int i = 0; i < 3; ++i) {
      say(channel, std::to_string(i));
      say(channel, std::to_string(i), Stream::kStderr);
    }
    return Outcome{};
  });
  EXPECT_EQ(events.order, "o:0 e:0 o:1 e:1 o:2 e:2 ");
}

TEST_F(RunProcessTest, LargeOutputArrivesWhole) {
  limits.output = mib(64);
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 20; ++i) say(channel, megabyte);
    say(channel, std::string(3'000'000, 'y'));
    return Outcome{};
  });
  EXPECT_EQ(events.out, std::string(20 << 20, 'x') + std::string(3'000'000, 'y'));
}

TEST_F(RunProcessTest, OutputIsCutExactlyAtItsLimit) {
  limits.output = bytes(10);
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    say(channel, "0123456");
    say(channel, "789ABC");
    say(channel, "never");
    say(channel, "own limit", Stream::kStderr);
    return Outcome{};
  });
  EXPECT_EQ(events.out, "0123456789");
  // Pieces that come together are told as one.
  EXPECT_THAT(events.order, ::testing::AnyOf("o:0123456 o:789 o-cut e:own limit ",
                                             "o:0123456789 o-cut e:own limit "));
}

TEST_F(RunProcessTest, OutputOfExactlyTheLimitIsNotCut) {
  limits.output = bytes(10);
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    say(channel, "0123456789");
    return Outcome{};
  });
  EXPECT_EQ(events.order, "o:0123456789 ");
}

TEST_F(RunProcessTest, NoOutputAtAllMayBeAllowed) {
  limits.output = bytes(0);
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    say(channel, "x");
    say(channel, "y");
    return Outcome{};
  });
  EXPECT_EQ(events.order, "o-cut ");
}

TEST_F(RunProcessTest, DeadlineEndsTheRunAndKeepsItsOutput) {
  limits.wall = milliseconds(200);
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    say(channel, "before");
    sleep_for_ever();
  });
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_EQ(outcome.exit_code, 124);
  EXPECT_EQ(events.out, "before");
  EXPECT_GE(took, milliseconds(200));
  EXPECT_LT(took, milliseconds(1500));
  ASSERT_TRUE(outcome.limit.has_value());
  EXPECT_EQ(outcome.limit->limit, "wall");
  EXPECT_EQ(outcome.limit->value, 0.2);
  EXPECT_EQ(outcome.message, "ran longer than 0.2 s; allow more with --timeout S");
  EXPECT_GE(outcome.usage.wall, milliseconds(200));
}

TEST_F(RunProcessTest, DeadlineHoldsAgainstAFloodOfOutput) {
  limits.wall = milliseconds(200);
  limits.output = mib(1024);
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    for (;;) say(channel, "x");
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(3000));
  EXPECT_GT(events.out.size(), 0U);
}

TEST_F(RunProcessTest, TheSupervisorCountsOutputForItself) {
  const auto outcome = run([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    RunEvent event;
    event.mutable_output()->set_bytes(std::string(60'000, 'x'));
    for (;;) send_raw(framed(event));
  });
  EXPECT_EQ(outcome.status().code(), StatusCode::kInternal);
  EXPECT_LE(events.out.size(), limits.output.value);
}

TEST_F(RunProcessTest, DeadlineHoldsWhileTheConsumerIsFull) {
  limits.wall = milliseconds(200);
  limits.output = mib(1024);
  events.most = 1 << 20;
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    const std::string piece(10'000, 'x');
    for (;;) say(channel, piece);
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(3000));
  EXPECT_GE(events.out.size(), 1U << 20);
  EXPECT_LT(events.out.size(), (1U << 20) + (512U << 10));
}

TEST_F(RunProcessTest, WhatAProcessSaidBeforeItsEndComesAlsoToAFullConsumer) {
  events.most = 1;
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    for (int i = 0; i < 100; ++i) say(channel, "0123456789");
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(events.out.size(), 1000U);
}

TEST_F(RunProcessTest, AConsumerThatWaitsForADescriptorGoesOnWhenItCanBeWritten) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  const std::string filling(4096, 'f');
  while (::write(writer.get(), filling.data(), filling.size()) > 0) continue;
  limits.output = mib(16);
  events.most = 100'000;
  events.waits_for = writer.get();
  events.can_go_on = [&] { events.most = SIZE_MAX; };
  const auto late = Child::fork([&] {
    ::usleep(50'000);
    std::string read(1 << 20, '\0');
    return ::read(reader.get(), read.data(), read.size()) > 0 ? 0 : 1;
  });
  ASSERT_TRUE(late.ok());
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    say(channel, std::string(4 << 20, 'x'));
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(events.out.size(), 4U << 20);
}

TEST_F(RunProcessTest, DeadlineCountsFromTheGuestsStart) {
  limits.wall = milliseconds(300);
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    ::usleep(500'000);
    begin(channel);
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
}

TEST_F(RunProcessTest, SegmentationFaultIsACrash) {
  const Outcome outcome = run_ok([](RunChannel&) -> Result<Outcome> {
    ::signal(SIGSEGV, SIG_DFL);
    *static_cast<volatile int*>(unmapped()) = 1;
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(outcome.exit_code, 139);
  EXPECT_EQ(outcome.message, "its process died of signal 11");
}

TEST_F(RunProcessTest, KillByTheKernelIsOutOfMemory) {
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    say(channel, "before\n");
    // The kernel kills for this, too: what a process sends itself, the first of a namespace
    // ignores.
    const rlimit second{1, 1};
    ::setrlimit(RLIMIT_CPU, &second);
    for (;;) (void)::getpid();
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfMemory);
  EXPECT_EQ(outcome.exit_code, 137);
  EXPECT_EQ(events.out, "before\n");
}

TEST_F(RunProcessTest, EndWithoutAnOutcomeIsACrash) {
  const Outcome outcome = run_ok([](RunChannel&) -> Result<Outcome> { ::_exit(0); });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(outcome.message, "its process ended without an outcome, exit code 0");
}

TEST_F(RunProcessTest, BodysStatusIsOurFailure) {
  const auto outcome =
      run([](RunChannel&) -> Result<Outcome> { return absl::NotFoundError("no such template"); });
  EXPECT_EQ(outcome.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(message_of(outcome.status()), "no such template");
}

TEST_F(RunProcessTest, TerminationOfTheSupervisorCancels) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    events = {};
    events.signal = signal;
    const Outcome outcome = run_ok([&](RunChannel& channel) -> Result<Outcome> {
      begin(channel);
      say(channel, "before");
      sleep_for_ever();
    });
    EXPECT_EQ(outcome.kind, OutcomeKind::kCancelled) << signal;
    EXPECT_EQ(outcome.exit_code, 130);
    EXPECT_EQ(events.out, "before");
  }
}

TEST_F(RunProcessTest, SignalMaskIsAsItWasAfterwards) {
  sigset_t before;
  sigset_t after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  run_ok([](RunChannel&) -> Result<Outcome> { return Outcome{}; });
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 32; ++signal)
    EXPECT_EQ(::sigismember(&after, signal), ::sigismember(&before, signal));
}

TEST_F(RunProcessTest, FileChangesAreRelayedInOrder) {
  changes = FileChanges::kWanted;
  run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    using Kind = FileChange::Kind;
    for (const FileChange& change :
         std::vector<FileChange>{{Kind::kDirectory, "/d", "", false},
                                 {Kind::kFile, "/d/f", std::string("a\0\xFF", 3), false, 0, 20},
                                 {Kind::kFile, "/d/f", "more", true, 10},
                                 {Kind::kHardLink, "/d/g", "/d/f", false},
                                 {Kind::kSymlink, "/l", "d/f", false},
                                 {Kind::kRemoved, "/old", "", false}}) {
      SKERRY_TRY(channel.changed(change));
    }
    return Outcome{};
  });
  ASSERT_EQ(events.changes.size(), 6U);
  EXPECT_EQ(events.changes[0].kind, FileChange::Kind::kDirectory);
  EXPECT_EQ(events.changes[1].content, std::string("a\0\xFF", 3));
  EXPECT_EQ(events.changes[1].size, 20U);
  EXPECT_TRUE(events.changes[2].is_further_piece);
  EXPECT_EQ(events.changes[2].offset, 10U);
  EXPECT_EQ(events.changes[3].kind, FileChange::Kind::kHardLink);
  EXPECT_EQ(events.changes[4].content, "d/f");
  EXPECT_EQ(events.changes[5].path, "/old");
}

TEST_F(RunProcessTest, GarbageOnTheChannelIsContained) {
  RunEvent unknown_outcome;
  unknown_outcome.mutable_ended()->set_kind(99);
  RunEvent impossible_change;
  impossible_change.mutable_change()->set_path("/x");
  const std::string kGarbage[] = {
      std::string(100, '\xFF'),         // an event too large
      framed(std::string(50, '\xEE')),  // no event at all
      framed(std::string()),            // an event without content
      framed(unknown_outcome),         framed(impossible_change), std::string(1 << 20, '\x80'),
  };
  for (const std::string& garbage : kGarbage) {
    const auto outcome = run([&](RunChannel&) -> Result<Outcome> {
      send_raw(garbage);
      sleep_for_ever();
    });
    EXPECT_EQ(outcome.status().code(), StatusCode::kInternal) << outcome.status();
  }
}

TEST_F(RunProcessTest, HalfAnEventIsACrash) {
  const Outcome outcome = run_ok([](RunChannel&) -> Result<Outcome> {
    RunEvent event;
    event.mutable_output()->set_bytes(std::string(1000, 'x'));
    send_raw(framed(event).substr(0, 500));
    ::_exit(0);
  });
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
}

TEST_F(RunProcessTest, FailureThatClaimsSuccessIsNoOutcome) {
  const auto outcome = run([](RunChannel&) -> Result<Outcome> {
    RunEvent event;
    event.mutable_failed()->set_code(0);
    send_raw(framed(event));
    ::_exit(0);
  });
  EXPECT_TRUE(!outcome.ok() || outcome->kind == OutcomeKind::kCrashed);
}

TEST_F(RunProcessTest, ProcessThatStaysAfterItsOutcomeIsEnded) {
  limits.wall = milliseconds(500);
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    RunEvent event;
    event.mutable_ended();
    send_raw(framed(event));
    sleep_for_ever();
  });
  (void)outcome;
}

TEST_F(RunProcessTest, NoProcessComesOfARun) {
  const Outcome outcome = run_ok([](RunChannel& channel) -> Result<Outcome> {
    begin(channel);
    Outcome made;
    if (::fork() < 0) made.message = std::strerror(errno);
    return made;
  });
  // Under a sanitizer there is no filter of system calls; the limit on processes refuses the same.
  if (outcome.kind == OutcomeKind::kCompleted) {
    EXPECT_EQ(outcome.message, "Resource temporarily unavailable");
  } else {
    EXPECT_EQ(outcome.message, "its process died of signal 31") << "SIGSYS";
  }
}

TEST_F(RunProcessTest, OnlyDescriptorsThatAreKeptStayOpen) {
  const OwnedFd kept(::dup(STDERR_FILENO));
  const OwnedFd lost(::dup(STDERR_FILENO));
  const Outcome outcome = run_ok([&](RunChannel& channel) -> Result<Outcome> {
    const int used = kept.get();
    SKERRY_TRY(channel.started({&used, 1}));
    Outcome made;
    made.message = std::to_string(::fcntl(kept.get(), F_GETFD)) + " " +
                   std::to_string(::fcntl(lost.get(), F_GETFD)) + " " +
                   std::to_string(::open("/etc/passwd", O_RDONLY));
    return made;
  });
  EXPECT_EQ(outcome.message, "0 -1 -1");
}

TEST_F(RunProcessTest, FiftyRunsLeaveNoZombieAndNoDescriptor) {
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = descriptors();
  for (int i = 0; i < 50; ++i) {
    const auto ignored = run([&](RunChannel& channel) -> Result<Outcome> {
      say(channel, "x");
      if (i % 3 == 0) return absl::InternalError("no");
      if (i % 3 == 1) ::_exit(1);
      return Outcome{};
    });
  }
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(DescriptorInputTest, ReadsWhatIsThereAndTellsTheEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  DescriptorInput input(reader.get());
  EXPECT_FALSE(*input.wait(wasi::Nanoseconds(1'000'000)));
  ASSERT_TRUE(write_all(writer.get(), as_bytes("abc")).ok());
  EXPECT_TRUE(*input.wait(wasi::Nanoseconds(0)));
  std::array<std::byte, 16> buffer{};
  EXPECT_EQ(*input.read(buffer), 3U);
  writer.close();
  EXPECT_EQ(*input.read(buffer), 0U);
}

/// Tells what an input has said, and hands it interruptions.
class InterruptibleChannel final : public RunChannel, private wasi::OutputSink {
 public:
  explicit InterruptibleChannel(int interruptions) : interruptions_(interruptions) {}
  std::function<void()> on_wait;
  wasi::OutputSink& output() override { return *this; }
  Status started(std::span<const int>) override { return ok_status(); }
  Status changed(const FileChange&) override { return ok_status(); }
  Status waiting(bool is_waiting) override {
    waits.push_back(is_waiting);
    if (is_waiting && on_wait) on_wait();
    return ok_status();
  }
  int interruptions() const override { return interruptions_; }
  std::vector<bool> waits;

 private:
  Status write(Stream, std::span<const std::byte>) override { return ok_status(); }
  int interruptions_;
};

TEST(DescriptorInputTest, AWaitForAPersonIsToldAndCanBeInterrupted) {
  int ends[2];
  int interruptions[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::pipe(interruptions), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  const OwnedFd told(interruptions[0]);
  const OwnedFd interrupter(interruptions[1]);
  InterruptibleChannel channel(told.get());
  DescriptorInput input(reader.get(), channel);
  std::array<std::byte, 16> buffer{};
  ASSERT_TRUE(write_all(writer.get(), as_bytes("abc")).ok());
  EXPECT_EQ(*input.read(buffer), 3U);
  EXPECT_TRUE(channel.waits.empty()) << "it was there";
  channel.on_wait = [&] { (void)write_all(interrupter.get(), as_bytes("x")); };
  EXPECT_EQ(input.read(buffer).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(channel.waits, (std::vector<bool>{true, false}));
  // One that comes too late is not the next wait's.
  (void)write_all(interrupter.get(), as_bytes("x"));
  channel.on_wait = [&] { (void)write_all(writer.get(), as_bytes("d")); };
  EXPECT_EQ(*input.read(buffer), 1U);
}

}  // namespace
}  // namespace skerry::worker
