// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/program.h"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"

namespace skerry {
namespace {

struct PipeEnds {
  OwnedFd reader;
  OwnedFd writer;
  PipeEnds() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = OwnedFd(ends[0]);
    writer = OwnedFd(ends[1]);
  }
  void hold(std::string_view text) {
    EXPECT_TRUE(write_all(writer.get(), as_bytes(text)).ok());
    writer.close();
  }
};

/// What the program writes to standard output.
std::string output_of(ProgramStart how) {
  PipeEnds output;
  how.descriptors.push_back({.from = output.writer.get(), .to = STDOUT_FILENO});
  auto child = start_program(how);
  EXPECT_TRUE(child.ok()) << child.status();
  output.writer.close();
  std::string text = read_all(output.reader.get(), mib(1)).value_or("unreadable");
  EXPECT_EQ(child->wait()->code, 0);
  return text;
}

/// `text` without the lines that a sanitizer's options make.
std::string without_sanitizers(const std::string& text) {
  std::string rest;
  for (std::size_t at = 0; at < text.size();) {
    const std::string line = text.substr(at, text.find('\n', at) + 1 - at);
    if (line.find("SAN_OPTIONS=") == std::string::npos) rest += line;
    at += line.size();
  }
  return rest;
}

TEST(ProgramTest, GetsNothingOfOurEnvironment) {
  ::setenv("SKERRY_TEST_SECRET", "secret", 1);
  EXPECT_EQ(without_sanitizers(output_of({.program = "/usr/bin/env"})), "");
  ::unsetenv("SKERRY_TEST_SECRET");
}

TEST(ProgramTest, GetsTheVariablesThatAreListed) {
  const std::string text =
      output_of({.program = "/usr/bin/env", .environment = {"ONE=1", "TWO=two words"}});
  EXPECT_EQ(without_sanitizers(text), "ONE=1\nTWO=two words\n");
}

TEST(ProgramTest, SanitizerOptionsArePassedInTheirBuildsOnly) {
  const bool was_set = std::getenv("UBSAN_OPTIONS") != nullptr;
  if (!was_set) ::setenv("UBSAN_OPTIONS", "print_stacktrace=0", 1);
  const std::string text = output_of({.program = "/usr/bin/env"});
  EXPECT_EQ(text.find("UBSAN_OPTIONS=") != std::string::npos, kHasShadowMemory);
  if (!was_set) ::unsetenv("UBSAN_OPTIONS");
}

TEST(ProgramTest, DescriptorsHaveTheirNumbersWhateverOursAre) {
  PipeEnds three;
  PipeEnds four;
  three.hold("three ");
  four.hold("four");
  // Ours are in each other's way: the program's 3 is our 4, and the other way round.
  const OwnedFd low(::fcntl(four.reader.get(), F_DUPFD_CLOEXEC, 20));
  const OwnedFd high(::fcntl(three.reader.get(), F_DUPFD_CLOEXEC, 20));
  EXPECT_EQ(output_of({.program = "/bin/sh",
                       .arguments = {"-c", "cat /dev/fd/20 /dev/fd/21"},
                       .descriptors = {{.from = high.get(), .to = low.get()},
                                       {.from = low.get(), .to = high.get()}}}),
            "three four");
}

TEST(ProgramTest, DescriptorThatIsNotListedIsNotInherited) {
  const OwnedFd leaked(::open("/etc/passwd", O_RDONLY));  // NOLINT: as a library might
  const std::string number = std::to_string(leaked.get());
  const std::string text =
      output_of({.program = "/bin/sh",
                 .arguments = {"-c", "[ -e /proc/self/fd/" + number + " ] || echo no"}});
  EXPECT_EQ(text, "no\n");
}

TEST(ProgramTest, ProgramThatIsNotThereEndsWith125) {
  auto child = start_program({.program = "/nowhere/program"});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->wait()->code, 125);
}

TEST(ProgramTest, ForgottenEnvironmentIsGoneFromMemoryToo) {
  ::setenv("SKERRY_TEST_SECRET", "secret", 1);
  auto child = Child::fork([] {
    forget_environment();
    if (std::getenv("SKERRY_TEST_SECRET") != nullptr || std::getenv("PATH") != nullptr) return 1;
    const auto text = read_file("/proc/self/environ", mib(1));
    if (!text.ok()) return 2;
    return text->find_first_not_of('\0') == std::string::npos ? 0 : 3;
  });
  EXPECT_EQ(child->wait()->code, 0);
  EXPECT_STREQ(std::getenv("SKERRY_TEST_SECRET"), "secret") << "ours stays";
  ::unsetenv("SKERRY_TEST_SECRET");
}

}  // namespace
}  // namespace skerry
