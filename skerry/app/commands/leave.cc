// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/leave.h"

#include <cstdio>
#include <iostream>
#include <poll.h>
#include <unistd.h>

namespace skerry::app {

int flushed(int exit_code) {
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.good();
  pollfd reader{STDOUT_FILENO, POLLOUT, 0};
  const bool is_reader_gone = ::poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR) != 0;
  if (!failed || is_reader_gone) return exit_code;
  std::fputs("skerry: standard output could not be written: some of it is lost\n", stderr);
  return exit_code == 0 ? 125 : exit_code;
}

void leave(int exit_code) {
  const int code = flushed(exit_code);
  std::fflush(stderr);
  ::_exit(code);
}

}  // namespace skerry::app
