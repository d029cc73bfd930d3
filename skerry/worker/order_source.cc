// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/order_source.h"

#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "skerry/base/socket.h"

namespace skerry::worker {
namespace {

/// Reads exactly `out.size()` bytes, and adds the descriptors that come along to `files`. False
/// when the other end has closed before the first.
Result<bool> read_exactly(int socket, std::span<std::byte> out, std::vector<OwnedFd>& files) {
  std::size_t done = 0;
  while (done < out.size()) {
    SKERRY_ASSIGN(auto received, receive_message(socket, out.subspan(done)));
    if (received.size == 0 && done == 0) return false;
    if (received.size == 0) return absl::UnavailableError("the broker went away in mid-message");
    std::move(received.fds.begin(), received.fds.end(), std::back_inserter(files));
    done += received.size;
  }
  return true;
}

}  // namespace

Result<std::optional<WorkerOrder>> next_order(int socket, std::vector<OwnedFd>& files) {
  std::uint32_t length = 0;
  SKERRY_ASSIGN(const bool more,
                read_exactly(socket, std::as_writable_bytes(std::span(&length, 1)), files));
  if (!more) return std::optional<WorkerOrder>();
  if (length > WorkerOrder::kMaxSize) return absl::InternalError("an order too large");
  std::string body(length, '\0');
  SKERRY_TRY(read_exactly(socket, std::as_writable_bytes(std::span(body)), files).status());
  SKERRY_ASSIGN(WorkerOrder order, decode(body));
  return std::optional(std::move(order));
}

engine::Metering metering_of(const sandbox::Limits& limits) {
  return limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
}

sandbox::World world_of(const RunRequest& request, wasi::InputSource& input, RunChannel& channel) {
  sandbox::World world;
  world.output = &channel.output();
  world.input = &input;
  world.seed = request.seed;
  world.fixed_clock = request.fixed_clock;
  world.clock_resolution = request.clock_resolution;
  return world;
}

}  // namespace skerry::worker
