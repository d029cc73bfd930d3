// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/measurer.h"

#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <unistd.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"

namespace skerry::bench {

Result<Measurer> Measurer::start(const std::function<Result<Samples>()>& body) {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  SKERRY_ASSIGN(
      Child child, Child::fork([&] {
        reader.close();
        auto numbers = body();
        if (!numbers.ok()) {
          (void)write_all(writer.get(), as_bytes("!" + std::string(message_of(numbers.status()))));
          return 1;
        }
        const auto raw = std::as_bytes(std::span(*numbers));
        return write_all(writer.get(), as_bytes("=")).ok() && write_all(writer.get(), raw).ok() ? 0
                                                                                                : 1;
      }));
  return Measurer(std::move(child), std::move(reader));
}

Result<Samples> Measurer::finish() {
  SKERRY_ASSIGN(const std::string text, read_all(reader_.get(), mib(64)));
  SKERRY_ASSIGN(const ChildExit exit, child_.wait());
  if (exit.code != 0 || exit.signal != 0 || !text.starts_with('=')) {
    return absl::InternalError("the measuring process failed: " +
                               (text.empty() ? std::string("it died") : text.substr(1)));
  }
  Samples numbers((text.size() - 1) / sizeof(double));
  std::memcpy(numbers.data(), text.data() + 1, numbers.size() * sizeof(double));
  return numbers;
}

Result<Samples> in_process(const std::function<Result<Samples>()>& body) {
  SKERRY_ASSIGN(Measurer measurer, Measurer::start(body));
  return measurer.finish();
}

}  // namespace skerry::bench
