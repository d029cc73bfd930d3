// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/helper_program.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/program.h"
#include "skerry/base/utf8.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// Where the first of its descriptors is.
constexpr int kFirst = 3;
constexpr ByteSize kMaxAnswer = kib(64);
constexpr std::size_t kMaxMessage = 4096;

/// Everything up to the end of the answer.
Result<std::string> answer_of(int answer, const HelperProgram& program) {
  std::string text;
  for (;;) {
    // A descriptor of -1 is passed over.
    std::array<pollfd, 2> waiting{{{answer, POLLIN, 0}, {program.stop, POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(program.until - Clock::now());
    SKERRY_ASSIGN(const int ready, syscall_result("poll", {}, [&] {
                    return ::poll(waiting.data(), waiting.size(),
                                  static_cast<int>(std::max<std::int64_t>(0, left.count())));
                  }));
    if (waiting[1].revents != 0) {
      return absl::CancelledError("the wait for " + std::string(program.name) + " was cancelled");
    }
    if (ready == 0) return absl::UnavailableError(std::string(program.late));
    char buffer[4096];
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", program.name, [&] {
                    return ::read(answer, buffer, sizeof buffer);
                  }));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxAnswer.value) {
      return absl::InternalError("the answer of " + std::string(program.name) + " is too long");
    }
  }
}

StatusCode code_in(char byte) {
  const auto code = static_cast<StatusCode>(static_cast<unsigned char>(byte));
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kDataLoss:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnimplemented:
    case StatusCode::kNotFound:
    case StatusCode::kResourceExhausted:
      return code;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

Result<std::string> run_helper(const HelperProgram& program) {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  ProgramStart how{.program = program.program, .arguments = program.arguments};
  const auto give = [&how](int descriptor) {
    how.descriptors.push_back(
        {.from = descriptor, .to = kFirst + static_cast<int>(how.descriptors.size())});
  };
  for (const int each : program.descriptors) give(each);
  give(writer.get());
  if (program.group >= 0) give(program.group);
  // Dies when it is destroyed here, and with it the jailed processes that it waits for.
  SKERRY_ASSIGN(Child child, start_program(how));
  writer.close();
  SKERRY_ASSIGN(const std::string answer, answer_of(reader.get(), program));
  SKERRY_TRY(child.wait().status());
  if (answer.empty()) {
    return absl::InternalError(std::string(program.name) + " ended without an answer");
  }
  if (static_cast<StatusCode>(static_cast<unsigned char>(answer[0])) == StatusCode::kOk) {
    return answer.substr(1);
  }
  return Status(code_in(answer[0]), to_utf8(clip(answer.substr(1), kMaxMessage)));
}

}  // namespace skerry::broker
