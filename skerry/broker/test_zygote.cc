// SPDX-License-Identifier: Apache-2.0
// A zygote whose workers do what a run's text says: hang, die, lie. For tests of the broker, which
// must live with all of it.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "skerry/base/file.h"
#include "skerry/base/socket.h"
#include "skerry/worker/run_events.h"
#include "skerry/worker/run_request.h"
#include "skerry/worker/zygote.h"

namespace skerry::worker {
namespace {

void send_raw(int socket, std::string_view bytes) { (void)write_all(socket, as_bytes(bytes)); }

[[noreturn]] void hang() {
  for (;;) ::pause();
}

bool read_request(int socket, RunRequest& request) {
  std::uint32_t length = 0;
  if (::recv(socket, &length, sizeof length, MSG_WAITALL) != sizeof length) return false;
  std::string body(length, '\0');
  if (::recv(socket, body.data(), length, MSG_WAITALL) != static_cast<ssize_t>(length))
    return false;
  auto decoded = decode(body);
  if (!decoded.ok()) return false;
  request = *std::move(decoded);
  return true;
}

void obey(int socket, const RunRequest& request) {
  const std::string& order = request.program.code;
  EventSender sender(socket, request.limits.output);
  const auto print = [&](std::string_view text) {
    (void)sender.output().write(wasi::Stream::kStdout, as_bytes(text));
  };
  if (order == "silence") hang();
  if (order == "die before") ::_exit(7);
  if (order == "garbage") send_raw(socket, std::string(100, '\xFF'));
  if (order == "no event") send_raw(socket, framed("\xFF\xFF\xFF"));
  if (order == "descriptor") (void)send_message(socket, as_bytes("x"), STDERR_FILENO);
  if (order == "half") send_raw(socket, std::string("\x10\0\0\0abc", 7));
  (void)sender.started();
  print(order.starts_with("print ") ? order.substr(6) : "begun");
  if (order == "hang") hang();
  if (order == "die") ::_exit(3);
  if (order == "crash") {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make an exit of it
    ::raise(SIGSEGV);
  }
  if (order == "flood") {
    for (;;) send_raw(socket, framed("\x12\x03\x12\x01x"));  // output beyond any limit
  }
  if (order == "hang up") {
    ::shutdown(socket, SHUT_RDWR);
    hang();
  }
  if (order == "fail") {
    (void)sender.failed(absl::UnavailableError("no template today"));
    return;
  }
  if (order == "changes without end") {
    for (;;) (void)sender.changed({.path = "/x", .content = {}});
  }
  if (order == "slow") {
    while (::sched_getscheduler(0) != SCHED_IDLE) ::usleep(1000);
  }
  if (order == "pid") print(" " + std::to_string(::getpid()));
  (void)sender.ended({});
  if (order == "go on") send_raw(socket, ready_message());
}

int work(int socket) {
  send_raw(socket, ready_message());
  RunRequest request;
  while (read_request(socket, request)) obey(socket, request);
  return 0;
}

}  // namespace
}  // namespace skerry::worker

int main(int, char** arguments) {
  constexpr int kControl = 3;
  const std::string mood = std::strrchr(arguments[1], '/') + 1;
  ::signal(SIGPIPE, SIG_IGN);
  if (mood == "refuses") {
    skerry::worker::refuse_zygote(kControl, absl::FailedPreconditionError("run setup"));
    return 125;
  }
  if (mood == "dies") return 1;
  // Without the other walls workers may do what theirs are told to.
  const skerry::jail::WallSet walls{skerry::jail::Wall::kParentDeath};
  return skerry::worker::run_zygote(kControl, walls, [&](int socket, skerry::jail::Cell& cell) {
    if (!cell.enclose().ok()) return 125;
    if (mood == "rude") skerry::worker::send_raw(socket, "not the right word, but long enough");
    return skerry::worker::work(socket);
  });
}
