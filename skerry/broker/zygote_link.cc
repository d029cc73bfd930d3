// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/zygote_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "skerry/base/os/program.h"
#include "skerry/base/os/socket.h"

namespace skerry::broker {
namespace {

constexpr int kControl = 3;  // where skerry-zygote looks for it

}  // namespace

Result<std::shared_ptr<ZygoteLink>> ZygoteLink::start(boost::asio::io_context& io,
                                                      const std::filesystem::path& program,
                                                      const runtime::Home& home,
                                                      bool require_walls) {
  if (::access(program.c_str(), X_OK) != 0) {
    return absl::FailedPreconditionError(
        program.native() + " cannot be executed: it belongs beside the skerry binary");
  }
  SKERRY_ASSIGN(auto ends, socket_pair(SOCK_SEQPACKET));
  ProgramStart how{.program = program,
                   .arguments = {home.root.native()},
                   .descriptors = {{.from = ends.second.get(), .to = kControl}}};
  if (require_walls) how.arguments.emplace_back("--require-walls");
  SKERRY_ASSIGN(Child child, start_program(how));
  SKERRY_TRY(set_nonblocking(ends.first.get()));
  return std::shared_ptr<ZygoteLink>(new ZygoteLink(io, std::move(ends.first), std::move(child)));
}

Status ZygoteLink::wait_until_ready(std::chrono::milliseconds at_most) {
  pollfd waiting{control_.native_handle(), POLLIN, 0};
  SKERRY_ASSIGN(const int ready, syscall_result("poll", {}, [&] {
                  return ::poll(&waiting, 1, static_cast<int>(at_most.count()));
                }));
  if (ready == 0) {
    return absl::DeadlineExceededError("the zygote was not ready within " +
                                       std::to_string(at_most.count() / 1000) + " s");
  }
  SKERRY_ASSIGN(const auto received, worker::receive_event(control_.native_handle()));
  if (received.event.kind == worker::ZygoteEvent::Kind::kReady) return ok_status();
  return absl::FailedPreconditionError(received.event.text);
}

void ZygoteLink::listen(std::function<void(Result<worker::ReceivedEvent>)> event) {
  event_ = std::move(event);
  wait();
}

void ZygoteLink::wait() {
  control_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        while (!error && self->event_) {
                          auto received = worker::receive_event(self->control_.native_handle());
                          if (received.status().code() == StatusCode::kUnavailable) {
                            self->wait();
                            return;
                          }
                          const bool is_last = !received.ok();
                          // It may call `stop`, and so take itself away.
                          const auto event = self->event_;
                          event(std::move(received));
                          if (is_last) return;
                        }
                      });
}

void ZygoteLink::stop() {
  event_ = nullptr;
  boost::system::error_code ignored;
  control_.close(ignored);
  child_.kill();
}

Status ZygoteLink::request_worker(worker::WorkerKind kind, std::uint64_t id, OwnedFd socket,
                                  int group) {
  ++forks_;
  return worker::request_worker(control_.native_handle(), kind, id, std::move(socket), group);
}

}  // namespace skerry::broker
