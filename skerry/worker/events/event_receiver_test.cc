// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/event_receiver.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/run.pb.h"

namespace skerry::worker {
namespace {

using proto::RunEvent;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using wasi::Stream;

class Observer final : public RunObserver {
 public:
  void started() override { order += "started "; }
  void output(Stream stream, std::string_view bytes) override {
    order += (stream == Stream::kStdout ? "o:" : "e:") + std::string(bytes) + " ";
    ++pieces;
  }
  void cut(Stream stream) override { order += stream == Stream::kStdout ? "o-cut " : "e-cut "; }
  void displayed(sandbox::Display&& display) override {
    order += "d:" + display.parts.front().content + (display.is_result ? "! " : " ");
    displays.push_back(std::move(display));
  }
  void changed(const FileChange& change) override { changes.push_back(change); }
  std::string order;
  int pieces = 0;
  std::vector<FileChange> changes;
  std::vector<sandbox::Display> displays;
};

std::string started() {
  RunEvent event;
  event.mutable_started();
  return framed(event.SerializeAsString());
}

std::string waiting(bool is_over) {
  RunEvent event;
  event.mutable_waiting()->set_is_over(is_over);
  return framed(event.SerializeAsString());
}

std::string output(std::string_view bytes, Stream stream = Stream::kStdout, bool is_cut = false) {
  RunEvent event;
  event.mutable_output()->set_bytes(std::string(bytes));
  event.mutable_output()->set_is_stderr(stream == Stream::kStderr);
  event.mutable_output()->set_cut(is_cut);
  return framed(event.SerializeAsString());
}

std::string display(const std::function<void(RunEvent::Display&)>& change = [](auto&) {}) {
  RunEvent event;
  auto& part = *event.mutable_display()->add_parts();
  part.set_type("text/plain");
  part.set_content("x");
  change(*event.mutable_display());
  return framed(event.SerializeAsString());
}

std::string ended(const std::function<void(RunEvent::Ended&)>& change = [](auto&) {}) {
  RunEvent event;
  change(*event.mutable_ended());
  return framed(event.SerializeAsString());
}

std::string change(RunEvent::FileChange::Kind kind, const std::string& path,
                   const std::string& content = {}) {
  RunEvent event;
  event.mutable_change()->set_kind(kind);
  event.mutable_change()->set_path(path);
  event.mutable_change()->set_content(content);
  return framed(event.SerializeAsString());
}

std::string file(const std::string& path, std::uint64_t size, std::uint64_t offset = 0,
                 const std::string& content = {}, bool is_further = false) {
  RunEvent event;
  auto& change = *event.mutable_change();
  change.set_kind(RunEvent::FileChange::FILE);
  change.set_path(path);
  change.set_size(size);
  change.set_offset(offset);
  change.set_content(content);
  change.set_append(is_further);
  return framed(event.SerializeAsString());
}

class EventReceiverTest : public ::testing::Test {
 protected:
  EventReceiverTest() {
    limits.wall = milliseconds(1'000);
    limits.output = bytes(100);
    limits.files = kib(64);
    limits.fuel = 1000;
  }

  /// What comes of `text`, given to a new receiver in one piece.
  Status take(const std::string& text) {
    observer = {};
    receiver.emplace(limits, wanted, observer);
    return receiver->take(text);
  }
  void expect_refused(const std::string& text, std::string_view why) {
    const Status status = take(text);
    EXPECT_EQ(status.code(), StatusCode::kInternal) << status;
    EXPECT_NE(message_of(status).find(why), std::string_view::npos) << status;
  }
  void expect_impossible(const std::string& text) {
    expect_refused(started() + text, "impossible file change");
  }

  sandbox::Limits limits;
  FileChanges wanted = FileChanges::kWanted;
  Observer observer;
  std::optional<EventReceiver> receiver;
};

TEST_F(EventReceiverTest, EventsThatComeByteByByteAreTakenWhenTheyAreWhole) {
  receiver.emplace(limits, wanted, observer);
  const std::string text =
      started() + output("a") + output("b", Stream::kStderr) + file("/f", 1, 0, "x") + ended();
  for (const char byte : text) {
    EXPECT_FALSE(receiver->is_over());
    ASSERT_TRUE(receiver->take({&byte, 1}).ok());
  }
  EXPECT_EQ(observer.order, "started o:a e:b ");
  EXPECT_EQ(observer.changes.size(), 1U);
  ASSERT_TRUE(receiver->ended().has_value());
  EXPECT_EQ(receiver->ended()->kind, OutcomeKind::kCompleted);
}

TEST_F(EventReceiverTest, SmallPiecesOfOneStreamReachTheObserverAsOne) {
  std::string text = started();
  for (int i = 0; i < 20; ++i) text += output("x");
  text += output("y", Stream::kStderr) + output("z") + output("z");
  ASSERT_TRUE(take(text).ok());
  EXPECT_EQ(observer.order, "started o:xxxxxxxxxxxxxxxxxxxx e:y o:zz ");
  EXPECT_EQ(observer.pieces, 3);
}

TEST_F(EventReceiverTest, AValueComesInItsPlaceAmongTheOutput) {
  const std::string png = display([](RunEvent::Display& shown) {
    auto& part = *shown.add_parts();
    part.set_type("image/png");
    part.set_kind(1);
    part.set_content("\xff");
    shown.set_metadata("{}");
    shown.set_chart(R"({"type": "line"})");
    shown.set_is_result(true);
  });
  ASSERT_TRUE(take(started() + output("a") + display() + output("b") + png + ended()).ok());
  EXPECT_EQ(observer.order, "started o:a d:x o:b d:x! ");
  const sandbox::Display& last = observer.displays.back();
  EXPECT_EQ(last.parts[1].kind, sandbox::Display::Part::Kind::kBinary);
  EXPECT_EQ(last.parts[1].content, "\xff");
  EXPECT_EQ(last.chart, R"({"type": "line"})");
}

TEST_F(EventReceiverTest, AValueThatBreaksARuleEndsTheRun) {
  using Display = RunEvent::Display;
  const auto refused = [&](const std::function<void(Display&)>& change, const char* why) {
    expect_refused(started() + display(change), why);
  };
  refused([](Display& shown) { shown.clear_parts(); }, "0 types");
  refused([](Display& shown) { shown.mutable_parts(0)->set_type("text"); }, "no MIME type");
  refused([](Display& shown) { shown.mutable_parts(0)->set_content("\xff"); }, "not UTF-8");
  refused([](Display& shown) { shown.mutable_parts(0)->set_kind(2); }, "text/plain");
  refused([](Display& shown) { shown.mutable_parts(0)->set_kind(3); }, "none");
  refused([](Display& shown) { shown.mutable_parts(0)->set_kind(-1); }, "none");
  refused([](Display& shown) { *shown.add_parts() = shown.parts(0); }, "twice");
  refused([](Display& shown) { shown.set_metadata("[]"); }, "metadata");
  refused([](Display& shown) { shown.set_chart("{"); }, "chart");
  refused(
      [](Display& shown) {
        for (int i = 0; i < 32; ++i) shown.add_parts();
      },
      "none");
  refused([](Display& shown) { shown.mutable_parts(0)->set_content(std::string(5 << 20, 'x')); },
          "too large");
  expect_refused(display(), "when it cannot");
  expect_refused(started() + file("/f", 1, 0, "x") + display(), "when it cannot");
  std::string many = started();
  for (std::size_t i = 0; i < sandbox::Display::kMaxCount; ++i) many += display();
  EXPECT_TRUE(take(many).ok());
  expect_refused(many + display(), "more than a run may");
}

TEST_F(EventReceiverTest, AnExceptionHasItsCausesAndNotesWithinBounds) {
  const auto with = [](int causes, int notes) {
    return ended([&](RunEvent::Ended& end) {
      end.set_kind(static_cast<int>(OutcomeKind::kFailed));
      end.set_exit_code(1);
      auto& exception = *end.mutable_exception();
      exception.set_type("E");
      for (int i = 0; i < notes; ++i) exception.add_notes("n");
      for (int i = 0; i < causes; ++i) {
        auto& cause = *exception.add_causes();
        cause.set_type("C");
        cause.set_is_context(i > 0);
        cause.add_frames()->set_line(i);
        cause.add_notes("why");
      }
    });
  };
  ASSERT_TRUE(take(started() + with(2, 1)).ok());
  const auto& exception = *receiver->ended()->exception;
  EXPECT_EQ(exception.notes, std::vector<std::string>{"n"});
  ASSERT_EQ(exception.causes.size(), 2U);
  EXPECT_FALSE(exception.causes[0].is_context);
  EXPECT_TRUE(exception.causes[1].is_context);
  EXPECT_EQ(exception.causes[1].frames.at(0).line, 1);
  EXPECT_EQ(exception.causes[1].notes, std::vector<std::string>{"why"});
  expect_refused(started() + with(0, 300), "too long a traceback");
  expect_refused(started() + with(100, 0), "too long a traceback");
}

TEST_F(EventReceiverTest, WhatCameBeforeABrokenEventStillCounts) {
  EXPECT_FALSE(take(started() + output("kept") + started()).ok());
  EXPECT_EQ(observer.order, "started o:kept ");
}

// Streams without end.

TEST_F(EventReceiverTest, AStreamIsCutOnceAndSilentAfterwards) {
  ASSERT_TRUE(take(output("x", Stream::kStdout, true) + output("y", Stream::kStderr, true)).ok());
  EXPECT_EQ(observer.order, "o:x o-cut e:y e-cut ");
  const std::string cut = output("", Stream::kStdout, true);
  expect_refused(cut + cut, "more output than its limit");
  EXPECT_EQ(observer.order, "o-cut ");
  expect_refused(cut + output("x"), "more output than its limit");
}

TEST_F(EventReceiverTest, OutputOverItsLimitIsRefusedAndUpToItTaken) {
  EXPECT_TRUE(take(output(std::string(100, 'x')) + output("e", Stream::kStderr)).ok());
  expect_refused(output(std::string(101, 'x')), "more output than its limit");
  expect_refused(output(std::string(100, 'x')) + output("x"), "more output than its limit");
}

TEST_F(EventReceiverTest, EventsThatBringNothingAreRefused) {
  expect_refused(output(""), "output without any");
  expect_refused(started() + started(), "started twice");
  expect_refused(ready_message(), "no place in a run");
  expect_refused(ended() + ended(), "went on after its end");
  expect_refused(ended() + output("x"), "went on after its end");
  expect_impossible(file("/f", 10) + file("/f", 0, 0, "", true));
}

TEST_F(EventReceiverTest, LargeEventsAreRefusedByTheirFirstBytes) {
  const auto beginning = [](std::uint32_t length, char tag) {
    std::string text(reinterpret_cast<const char*>(&length), sizeof length);
    return text + tag;
  };
  EXPECT_TRUE(take(beginning(60'000, '\x12')).ok()) << "output";
  EXPECT_TRUE(take(beginning(2'000'000, '\x22')).ok()) << "an outcome";
  expect_refused(beginning(2'000'000, '\x12'), "too large");
  expect_refused(beginning(2'000'000, '\x1A'), "too large");
  expect_refused(beginning(2'000'000, '\x0A'), "too large");
  expect_refused(beginning(200'000, '\x2A'), "too large");
  expect_refused(beginning(4'000'000, '\x22'), "too large");
  expect_refused(beginning(0xFFFFFFFF, '\x22').substr(0, 4), "too large");
}

TEST_F(EventReceiverTest, WhatIsNoEventIsRefused) {
  expect_refused(framed(""), "none");
  expect_refused(framed("\xFF\xFF\xFF"), "none");
  expect_refused(framed("\x3A"), "none");               // a kind that does not exist
  expect_refused(framed("\x12\x05\x12\x01x"), "none");  // a length that is not there
  // Two kinds in one event: the second would not be measured by its own size.
  expect_refused(framed("\x12\x03\x12\x01x\x22\x00"), "none");
  expect_refused(framed("\x22\x03\x1A\x01\xFF"), "none");  // a message that is not UTF-8
}

// File changes.

TEST_F(EventReceiverTest, ChangesThatNobodyWantsAreRefused) {
  const std::string text = started() + file("/f", 1, 0, "x");
  EXPECT_TRUE(take(text).ok());
  wanted = FileChanges::kUnwanted;
  expect_refused(text, "impossible file change");
  EXPECT_TRUE(observer.changes.empty());
}

TEST_F(EventReceiverTest, AReportIsBounded) {
  using Change = RunEvent::FileChange;
  const auto left_out = [](const std::string& path, const std::string& content) {
    RunEvent event;
    event.mutable_change()->set_kind(Change::FILE);
    event.mutable_change()->set_path(path);
    event.mutable_change()->set_size(9);
    event.mutable_change()->set_content(content);
    event.mutable_change()->set_is_left_out(true);
    return framed(event.SerializeAsString());
  };
  // Where all changes are wanted, nothing may be left out.
  expect_impossible(left_out("/f", ""));
  expect_impossible(change(Change::MORE, ""));
  wanted = FileChanges::kReported;
  EXPECT_TRUE(take(started() + left_out("/f", "") + change(Change::MORE, "")).ok());
  expect_impossible(left_out("/f", "x"));
  expect_impossible(change(Change::MORE, "/f"));
  limits.files = mib(128);
  expect_refused(started() + file("/f", kMaxReportedBytes) + file("/g", 1),
                 "reported more bytes of files than it may");
  std::string many = started();
  for (std::size_t i = 0; i <= kMaxReported; ++i) many += file("/" + std::to_string(i), 0);
  EXPECT_TRUE(take(many).ok());
  expect_refused(many + file("/x", 0), "impossible file change");
}

TEST_F(EventReceiverTest, ChangesBeforeTheStartAreRefused) {
  expect_refused(file("/f", 1, 0, "x"), "impossible file change");
}

TEST_F(EventReceiverTest, HolesAreGapsBetweenPieces) {
  ASSERT_TRUE(take(started() + file("/f", 50'000, 100, "ab") + file("/f", 0, 30'000, "c", true) +
                   file("/hole", 10'000) + change(RunEvent::FileChange::HARD_LINK, "/g", "/f"))
                  .ok());
  ASSERT_EQ(observer.changes.size(), 4U);
  EXPECT_EQ(observer.changes[0].size, 50'000U);
  EXPECT_EQ(observer.changes[0].offset, 100U);
  EXPECT_EQ(observer.changes[1].offset, 30'000U);
  EXPECT_TRUE(observer.changes[1].is_further_piece);
  EXPECT_EQ(observer.changes[2].size, 10'000U);
  EXPECT_EQ(observer.changes[3].kind, FileChange::Kind::kHardLink);
}

TEST_F(EventReceiverTest, SizesOfFilesCountTogetherHolesIncluded) {
  EXPECT_TRUE(take(started() + file("/a", 32'768) + file("/b", 32'768)).ok());
  expect_refused(started() + file("/a", 65'537), "more bytes of files than its limit");
  expect_refused(started() + file("/a", 32'768) + file("/b", 32'769),
                 "more bytes of files than its limit");
  expect_refused(started() + file("/a", 1) + file("/b", ~std::uint64_t{0}),
                 "more bytes of files than its limit");
}

TEST_F(EventReceiverTest, PiecesLieInOrderWithinTheirFile) {
  expect_impossible(file("/f", 10, 8, "abc"));
  expect_impossible(file("/f", 10, 11, ""));
  expect_impossible(file("/f", 10, ~std::uint64_t{0}, "x"));
  expect_impossible(file("/f", 10, 4, "ab") + file("/f", 0, 5, "c", true));
  expect_impossible(file("/f", 10, 0, "a") + file("/g", 0, 5, "c", true));
  expect_impossible(file("/f", 0, 0, "x", true));
  expect_impossible(file("/f", 10) + change(RunEvent::FileChange::DIRECTORY, "/d") +
                    file("/f", 0, 0, "x", true));
}

TEST_F(EventReceiverTest, HardLinksLeadToFilesThatCame) {
  expect_impossible(change(RunEvent::FileChange::HARD_LINK, "/b", "/a"));
  expect_impossible(file("/a", 1, 0, "x") +
                    change(RunEvent::FileChange::HARD_LINK, "/b", "/../etc/passwd"));
  expect_impossible(change(RunEvent::FileChange::DIRECTORY, "/a") +
                    change(RunEvent::FileChange::HARD_LINK, "/b", "/a"));
}

TEST_F(EventReceiverTest, PathsThatAreNoneAreRefused) {
  using namespace std::string_literals;
  for (const std::string& path :
       {""s, "/"s, "f"s, "a/b"s, "//f"s, "/a//b"s, "/a/"s, "/."s, "/.."s, "/a/../b"s, "/a/.."s,
        "/a\0b"s, "/" + std::string(kMaxPath, 'x')}) {
    expect_impossible(change(RunEvent::FileChange::DIRECTORY, path));
    expect_impossible(file(path, 1, 0, "x"));
  }
  EXPECT_TRUE(take(started() + change(RunEvent::FileChange::DIRECTORY, "/..a/b..")).ok());
  expect_impossible(change(RunEvent::FileChange::SYMLINK, "/l", ""));
  expect_impossible(change(RunEvent::FileChange::SYMLINK, "/l", "a\0b"s));
  expect_impossible(change(RunEvent::FileChange::SYMLINK, "/l", std::string(4097, 'x')));
  expect_impossible(change(RunEvent::FileChange::DIRECTORY, "/d", "content"));
  expect_impossible(change(RunEvent::FileChange::KIND_UNSPECIFIED, "/d"));
  expect_impossible(change(static_cast<RunEvent::FileChange::Kind>(6), "/d"));
}

TEST_F(EventReceiverTest, ChangesAreCounted) {
  ASSERT_TRUE(take(started()).ok());
  const std::string one = change(RunEvent::FileChange::DIRECTORY, "/d");
  Status status;
  std::size_t count = 0;
  for (; status.ok() && count < 200'000; ++count) status = receiver->take(one);
  EXPECT_EQ(count, kChangeLimits.count + 1);
}

TEST_F(EventReceiverTest, BytesOfPathsAreCounted) {
  ASSERT_TRUE(take(started()).ok());
  const std::string one = change(RunEvent::FileChange::DIRECTORY, "/" + std::string(16'383, 'x'));
  Status status;
  std::size_t count = 0;
  for (; status.ok() && count < 10'000; ++count) status = receiver->take(one);
  EXPECT_EQ(count, kChangeLimits.path_bytes / 16'384 + 1);
}

// Time.

TEST_F(EventReceiverTest, ResultsMayComeFiveSecondsAfterTheWallLimitAndNoLater) {
  ASSERT_TRUE(take(started()).ok());
  EXPECT_EQ(receiver->phase(), RunPhase::kProgram);
  const auto program = receiver->deadline();
  ASSERT_TRUE(program.has_value());
  std::this_thread::sleep_for(
      milliseconds(5));  // what is granted does not begin with the first change
  ASSERT_TRUE(receiver->take(file("/f", 1, 0, "x")).ok());
  EXPECT_EQ(receiver->deadline(), *program + kResultsTime);
  EXPECT_EQ(receiver->phase(), RunPhase::kResults);
  ASSERT_TRUE(receiver->take(file("/g", 1, 0, "x")).ok());
  EXPECT_EQ(receiver->deadline(), *program + kResultsTime);
  EXPECT_NE(deadline_outcome(limits, RunPhase::kResults).message.find("write out"),
            std::string::npos);
}

// Outcomes.

TEST_F(EventReceiverTest, OnlyWhatAGuestsProcessCanKnowIsAnOutcome) {
  const auto with = [](int kind, int exit_code) {
    return ended([=](RunEvent::Ended& message) {
      message.set_kind(kind);
      message.set_exit_code(exit_code);
    });
  };
  const auto number = [](OutcomeKind kind) { return static_cast<int>(kind); };
  EXPECT_TRUE(take(with(number(OutcomeKind::kCompleted), 0)).ok());
  EXPECT_TRUE(take(with(number(OutcomeKind::kFailed), 255)).ok());
  EXPECT_TRUE(take(with(number(OutcomeKind::kTrapped), 134)).ok());
  EXPECT_TRUE(take(with(number(OutcomeKind::kOutOfMemory), 137)).ok());
  EXPECT_TRUE(take(with(number(OutcomeKind::kOutOfFuel), 152)).ok());
  for (const auto& [kind, code] :
       {std::pair(number(OutcomeKind::kCompleted), 1), std::pair(number(OutcomeKind::kFailed), 0),
        std::pair(number(OutcomeKind::kFailed), 256), std::pair(number(OutcomeKind::kFailed), -1),
        std::pair(number(OutcomeKind::kTrapped), 0), std::pair(number(OutcomeKind::kDeadline), 124),
        std::pair(number(OutcomeKind::kCancelled), 130),
        std::pair(number(OutcomeKind::kCrashed), 139), std::pair(-1, 0), std::pair(99, 0),
        std::pair(std::numeric_limits<int>::min(), 0)}) {
    expect_refused(with(kind, code), "impossible outcome");
  }
}

TEST_F(EventReceiverTest, NumbersAreBoundedByWhatARunCanUse) {
  ASSERT_TRUE(take(ended([](RunEvent::Ended& message) {
                message.set_wall_ns(~std::uint64_t{0});
                message.set_cpu_ns(std::uint64_t{1} << 63);
                message.set_peak_memory(~std::uint64_t{0});
                message.set_dirty_pages(~std::uint64_t{0});
                message.set_fuel(~std::uint64_t{0});
              })).ok());
  const sandbox::Usage& usage = receiver->ended()->usage;
  EXPECT_EQ(usage.wall, limits.wall + kResultsTime);
  EXPECT_EQ(usage.cpu, limits.wall + kResultsTime);
  EXPECT_EQ(usage.peak_memory, mib(4096));
  EXPECT_EQ(usage.dirty_pages, 1U << 20);
  EXPECT_EQ(usage.fuel, 1000U);
  limits.fuel.reset();
  ASSERT_TRUE(take(ended([](RunEvent::Ended& message) { message.set_fuel(7); })).ok());
  EXPECT_FALSE(receiver->ended()->usage.fuel.has_value()) << "none is counted";
}

TEST_F(EventReceiverTest, LimitsAreOursAndTheirValuesNumbers) {
  const auto with = [](const std::string& name, double value) {
    return ended([=](RunEvent::Ended& message) {
      message.mutable_limit()->set_limit(name);
      message.mutable_limit()->set_value(value);
    });
  };
  ASSERT_TRUE(take(with("memory", 1e9)).ok());
  EXPECT_EQ(receiver->ended()->limit->unit, "bytes");
  EXPECT_EQ(receiver->ended()->limit->option, "--memory MB");
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL, -1.0}) {
    expect_refused(with("memory", value), "limit that does not exist");
  }
  expect_refused(with("", 1), "limit that does not exist");
  expect_refused(with("tenants", 1), "limit that does not exist");
}

TEST_F(EventReceiverTest, TracebacksAreCountedBeforeTheyAreParsed) {
  const auto with = [](int frames) {
    return ended([=](RunEvent::Ended& message) {
      for (int i = 0; i < frames; ++i) message.mutable_exception()->add_frames();
    });
  };
  ASSERT_TRUE(take(with(128)).ok());
  EXPECT_EQ(receiver->ended()->exception->frames.size(), 128U);
  expect_refused(with(129), "too long a traceback");
  expect_refused(with(500'000), "too long a traceback");
}

TEST_F(EventReceiverTest, AStateInBytesIsSmall) {
  const auto with = [](std::size_t size) {
    return ended([=](RunEvent::Ended& message) { message.set_state(std::string(size, 'x')); });
  };
  ASSERT_TRUE(take(with(kMaxStateBytes)).ok());
  EXPECT_EQ(receiver->take_state().size(), kMaxStateBytes);
  expect_refused(with(kMaxStateBytes + 1), "too large");
}

TEST_F(EventReceiverTest, FailuresHaveACodeThatSaysWhatToDo) {
  const auto with = [](int code) {
    RunEvent event;
    event.mutable_failed()->set_code(code);
    event.mutable_failed()->set_message("why");
    return framed(event.SerializeAsString());
  };
  ASSERT_TRUE(take(with(static_cast<int>(StatusCode::kInvalidArgument))).ok());
  EXPECT_EQ(receiver->failure().code(), StatusCode::kInvalidArgument);
  for (const int code : {-1, 17, 999, static_cast<int>(StatusCode::kUnauthenticated),
                         static_cast<int>(StatusCode::kPermissionDenied),
                         static_cast<int>(StatusCode::kCancelled)}) {
    ASSERT_TRUE(take(with(code)).ok());
    EXPECT_EQ(receiver->failure().code(), StatusCode::kInternal) << code;
  }
  expect_refused(with(0), "a failure that is none");
}

TEST(EventReceiverWaitsTest, WaitingForInputIsNotTheProgramsTime) {
  sandbox::Limits limits;
  limits.wall = milliseconds(1'000);
  limits.input = milliseconds(5'000);
  Observer observer;
  EventReceiver receiver(limits, FileChanges::kUnwanted, observer,
                         EventReceiver::Person::kMayBeAwaited);
  ASSERT_TRUE(receiver.take(started()).ok());
  const auto begun = *receiver.deadline() - limits.wall;
  ASSERT_TRUE(receiver.take(waiting(false)).ok());
  EXPECT_TRUE(receiver.is_waiting());
  EXPECT_EQ(receiver.phase(), RunPhase::kInput);
  EXPECT_GE(*receiver.deadline() - begun, limits.input);
  std::this_thread::sleep_for(milliseconds(20));
  ASSERT_TRUE(receiver.take(waiting(true)).ok());
  EXPECT_EQ(receiver.phase(), RunPhase::kProgram);
  EXPECT_GE(*receiver.deadline() - begun, limits.wall + milliseconds(20));
  EXPECT_LT(receiver.elapsed(), std::chrono::steady_clock::now() - begun);
  // What was waited before counts to the next wait's limit.
  ASSERT_TRUE(receiver.take(waiting(false)).ok());
  EXPECT_EQ(receiver.waits(), 2);
  EXPECT_LT(*receiver.deadline() - std::chrono::steady_clock::now(),
            limits.input - milliseconds(19));
}

TEST(EventReceiverWaitsTest, WaitsBeginAndEndInTurn) {
  for (const std::string& events :
       {waiting(false), started() + waiting(true), started() + waiting(false) + waiting(false),
        started() + waiting(false) + waiting(true) + waiting(true),
        started() + waiting(false) + change(RunEvent::FileChange::FILE, "/f")}) {
    Observer observer;
    EventReceiver receiver({}, FileChanges::kWanted, observer,
                           EventReceiver::Person::kMayBeAwaited);
    EXPECT_EQ(receiver.take(events).code(), StatusCode::kInternal);
  }
}

TEST(EventReceiverWaitsTest, WhereNobodyIsAwaitedNobodyWaits) {
  Observer observer;
  EventReceiver receiver({}, FileChanges::kUnwanted, observer);
  EXPECT_EQ(receiver.take(started() + waiting(false)).code(), StatusCode::kInternal);
}

TEST(EventReceiverWaitsTest, AWaitEndsNoMoreOftenThanItWasAnswered) {
  Observer observer;
  EventReceiver receiver({}, FileChanges::kUnwanted, observer,
                         EventReceiver::Person::kAnswersThroughUs);
  ASSERT_TRUE(receiver.take(started() + waiting(false)).ok());
  receiver.answered();
  ASSERT_TRUE(receiver.take(waiting(true) + waiting(false)).ok());
  EXPECT_EQ(receiver.take(waiting(true)).code(), StatusCode::kInternal);
}

TEST(EventReceiverWaitsTest, ObserversHearOfAWaitAfterTheOutputBeforeIt) {
  class Order final : public RunObserver {
   public:
    void output(wasi::Stream, std::string_view bytes) override { told += bytes; }
    void cut(wasi::Stream) override {}
    void changed(const FileChange&) override {}
    void waiting(bool is_waiting) override { told += is_waiting ? "<waits>" : "<goes on>"; }
    std::string told;
  } observer;
  EventReceiver receiver({}, FileChanges::kUnwanted, observer,
                         EventReceiver::Person::kMayBeAwaited);
  ASSERT_TRUE(
      receiver.take(started() + output("name? ") + waiting(false) + waiting(true) + output("hello"))
          .ok());
  EXPECT_EQ(observer.told, "name? <waits><goes on>hello");
}

}  // namespace
}  // namespace skerry::worker
