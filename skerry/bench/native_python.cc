// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/native_python.h"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/base/os/program.h"

namespace skerry::bench {
namespace {

constexpr const char* kPython = "/usr/bin/python3";
constexpr int kAnswers = 3;  // where the driver writes them

// Times the program as the sandbox's run is timed: compiling it, then executing it in a clean
// namespace.
constexpr const char* kDriver =
    "import os, sys, time\n"
    "source = sys.argv[1]\n"
    "answers = os.fdopen(3, 'w')\n"
    "sys.stdout = open(os.devnull, 'w')\n"
    "while os.read(0, 1):\n"
    "    begun = time.process_time()\n"
    "    exec(compile(source, '<string>', 'exec'), {'__name__': '__main__'})\n"
    "    print((time.process_time() - begun) * 1000, file=answers, flush=True)\n";

}  // namespace

Result<NativePython> NativePython::start(const std::string& source) {
  if (::access(kPython, X_OK) != 0) {
    return absl::NotFoundError(std::string(kPython) +
                               " is what the cpu bench compares with: install python3");
  }
  int request_ends[2];
  int answer_ends[2];
  SKERRY_TRY(
      syscall_result("pipe2", {}, [&] { return ::pipe2(request_ends, O_CLOEXEC); }).status());
  OwnedFd request_reader(request_ends[0]);
  OwnedFd request_writer(request_ends[1]);
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(answer_ends, O_CLOEXEC); }).status());
  OwnedFd answer_reader(answer_ends[0]);
  OwnedFd answer_writer(answer_ends[1]);
  SKERRY_ASSIGN(Child child,
                start_program({.program = kPython,
                               .arguments = {"-I", "-c", kDriver, source},
                               .descriptors = {{.from = request_reader.get(), .to = STDIN_FILENO},
                                               {.from = answer_writer.get(), .to = kAnswers}}}));
  return NativePython(std::move(child), std::move(request_writer), std::move(answer_reader));
}

Result<double> NativePython::run() {
  SKERRY_TRY(write_all(requests_.get(), as_bytes(".")));
  std::string line;
  char c = 0;
  for (;;) {
    SKERRY_ASSIGN(const ssize_t got,
                  syscall_result("read", kPython, [&] { return ::read(answers_.get(), &c, 1); }));
    if (got == 0) return absl::InternalError("the program failed under " + std::string(kPython));
    if (c == '\n') return std::strtod(line.c_str(), nullptr);
    line += c;
  }
}

}  // namespace skerry::bench
