// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/helper_program.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "skerry/base/child.h"
#include "skerry/base/fd.h"
#include "skerry/base/utf8.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// Where the first of its descriptors is.
constexpr int kFirst = 3;
// Above all that it looks for, so that no descriptor is in another's way.
constexpr int kOutOfTheWay = 20;
constexpr int kNotStarted = 125;

constexpr ByteSize kMaxAnswer = kib(64);
constexpr std::size_t kMaxMessage = 4096;

/// In the new process. Only what is allowed between fork and exec.
int become(char* const* words, char* const* environment, const std::vector<int>& descriptors) {
  std::array<int, kOutOfTheWay - kFirst> high{};
  const std::size_t count = std::min(descriptors.size(), high.size());
  for (std::size_t i = 0; i < count; ++i) {
    high[i] = ::fcntl(descriptors[i], F_DUPFD_CLOEXEC, kOutOfTheWay);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const int wanted = kFirst + static_cast<int>(i);
    if (::dup2(high[i], wanted) != wanted) return kNotStarted;
  }
  ::execve(words[0], words, environment);
  return kNotStarted;
}

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
  std::vector<std::string> text = program.words;
  std::vector<char*> words;
  words.reserve(text.size() + 1);
  for (std::string& each : text) words.push_back(each.data());
  words.push_back(nullptr);
  std::vector<int> descriptors = program.descriptors;
  descriptors.push_back(writer.get());
  char* const nothing[] = {nullptr};
  char* const* environment =
      program.environment == HelperProgram::Environment::kOurs ? environ : nothing;
  // Dies when it is destroyed here, and with it the jailed processes that it waits for.
  SKERRY_ASSIGN(Child child,
                Child::fork([&] { return become(words.data(), environment, descriptors); }));
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
