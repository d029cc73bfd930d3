// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/zygote.h"

#include <cstring>
#include <map>
#include <poll.h>
#include <span>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/socket.h"

namespace skerry::worker {
namespace {

struct ForkRequest {
  std::uint64_t id = 0;
  WorkerKind kind = WorkerKind::kRuntime;
  std::uint32_t unused = 0;
};

template <typename Message>
std::span<std::byte> bytes_of(Message& message) {
  return std::as_writable_bytes(std::span(&message, 1));
}

ZygoteEvent failure(std::uint64_t id, const Status& why) {
  ZygoteEvent event{.kind = ZygoteEvent::Kind::kFailed, .id = id};
  const std::string text(clip(message_of(why), sizeof event.text - 1));
  std::memcpy(event.text, text.data(), text.size());
  return event;
}

/// Workers by id, and the socket that they are asked for over.
class Zygote {
 public:
  Zygote(int control, jail::WallSet walls, const WorkerBody& body)
      : control_(control), walls_(walls), body_(body) {}

  Status serve() {
    SKERRY_TRY(tell({.kind = ZygoteEvent::Kind::kReady}));
    for (;;) {
      std::vector<pollfd> waiting{{control_, POLLIN, 0}};
      for (const auto& [id, child] : children_) waiting.push_back({child.pidfd(), POLLIN, 0});
      SKERRY_TRY(syscall_result("poll", {}, [&] {
                   return ::poll(waiting.data(), waiting.size(), -1);
                 }).status());
      std::size_t at = 1;
      for (auto child = children_.begin(); child != children_.end(); ++at) {
        if (waiting[at].revents == 0) {
          ++child;
          continue;
        }
        SKERRY_TRY(reap(child->first, child->second));
        child = children_.erase(child);
      }
      if (waiting[0].revents != 0) {
        SKERRY_ASSIGN(const bool goes_on, take_request());
        if (!goes_on) return ok_status();
      }
    }
  }

 private:
  Status tell(ZygoteEvent event, int fd = -1) {
    return send_message(control_, bytes_of(event), fd);
  }

  Status reap(std::uint64_t id, Child& child) {
    SKERRY_ASSIGN(const ChildExit exit, child.wait());
    return tell({.kind = ZygoteEvent::Kind::kExited,
                 .pid = child.pid(),
                 .id = id,
                 .code = exit.code,
                 .signal = exit.signal,
                 .cpu_us = exit.cpu.count()});
  }

  Result<bool> take_request() {
    ForkRequest request;
    SKERRY_ASSIGN(auto received, receive_message(control_, bytes_of(request)));
    if (received.size == 0) return false;
    const bool has_group = received.fds.size() == 2;
    if (received.size != sizeof request || (received.fds.size() != 1 && !has_group)) {
      return absl::InternalError("the broker sent no request for a worker");
    }
    OwnedFd socket = std::move(received.fds[0]);
    jail::Placement placement;
    jail::WallSet walls = walls_;
    if (has_group) {
      placement.cgroup = received.fds[1].get();
      walls = walls.with({jail::Wall::kCgroup});
    }
    auto spawned = jail::spawn({}, walls, placement, [&](jail::Cell& cell) {
      ::close(control_);
      return body_(request.kind, socket.get(), cell);
    });
    if (!spawned.ok()) {
      SKERRY_TRY(tell(failure(request.id, spawned.status())));
      return true;
    }
    Child child = Child::adopt(spawned->pid, std::move(spawned->pidfd));
    SKERRY_TRY(tell({.kind = ZygoteEvent::Kind::kForked, .pid = child.pid(), .id = request.id},
                    child.pidfd()));
    children_.emplace(request.id, std::move(child));
    return true;
  }

  int control_;
  jail::WallSet walls_;
  const WorkerBody& body_;
  std::map<std::uint64_t, Child> children_;
};

}  // namespace

ChildExit ZygoteEvent::exit() const {
  return {.code = code, .signal = signal, .cpu = std::chrono::microseconds(cpu_us)};
}

int run_zygote(int control, jail::WallSet walls, const WorkerBody& body) {
  return Zygote(control, walls, body).serve().ok() ? 0 : 125;
}

void refuse_zygote(int control, const Status& why) {
  ZygoteEvent event = failure(0, why);
  (void)send_message(control, bytes_of(event));
}

Status request_worker(int control, WorkerKind kind, std::uint64_t id, OwnedFd socket, int group) {
  ForkRequest request{.id = id, .kind = kind};
  std::vector<int> fds{socket.get()};
  if (group >= 0) fds.push_back(group);
  SKERRY_ASSIGN(const std::size_t sent, send_some(control, bytes_of(request), fds));
  return sent > 0 ? ok_status() : absl::UnavailableError("the zygote does not keep up");
}

Result<ReceivedEvent> receive_event(int control) {
  ReceivedEvent event;
  SKERRY_ASSIGN(auto received, receive_message(control, bytes_of(event.event)));
  if (received.size == 0) return absl::NotFoundError("the zygote has gone");
  if (received.size != sizeof event.event) {
    return absl::InternalError("the zygote sent an event that is none");
  }
  event.event.text[sizeof event.event.text - 1] = '\0';
  if (!received.fds.empty()) event.pidfd = std::move(received.fds[0]);
  return event;
}

}  // namespace skerry::worker
