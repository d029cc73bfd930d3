// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/order_source.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iterator>
#include <poll.h>
#include <span>
#include <string>
#include <time.h>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"

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

Result<bool> is_readable_within(int fd, wasi::Nanoseconds at_most) {
  pollfd waiting{fd, POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  const timespec limit{static_cast<time_t>(std::min<std::uint64_t>(seconds.count(), 1U << 30)),
                       static_cast<long>((at_most - seconds).count())};
  SKERRY_ASSIGN(const int ready,
                syscall_result("ppoll", {}, [&] { return ::ppoll(&waiting, 1, &limit, nullptr); }));
  return ready > 0;
}

Result<std::optional<WorkerOrder>> OrderSource::next() {
  std::uint32_t length = 0;
  SKERRY_ASSIGN(const bool more,
                read_exactly(socket_, std::as_writable_bytes(std::span(&length, 1)), files_));
  if (!more) return std::optional<WorkerOrder>();
  if (length > WorkerOrder::kMaxSize) return absl::InternalError("an order too large");
  std::string body(length, '\0');
  SKERRY_TRY(read_exactly(socket_, std::as_writable_bytes(std::span(body)), files_).status());
  SKERRY_ASSIGN(WorkerOrder order, decode(body));
  return std::optional(std::move(order));
}

Result<InputPiece> OrderSource::next_piece() {
  for (;;) {
    SKERRY_ASSIGN(auto order, next());
    if (!order) return absl::UnavailableError("the broker went away before the input's end");
    if (order->run) return absl::InternalError("an order came in the middle of a run");
    forgotten_.insert(forgotten_.end(), order->forget.begin(), order->forget.end());
    if (order->piece) return *std::move(order->piece);
  }
}

Status LiveInput::take_piece() {
  SKERRY_ASSIGN(InputPiece piece, orders_.next_piece());
  switch (piece.kind) {
    case InputPiece::Kind::kText:
      text_ = std::move(piece.text);
      position_ = 0;
      break;
    case InputPiece::Kind::kEnd:
      has_ended_ = true;
      break;
    case InputPiece::Kind::kInterrupt:
      is_interrupted_ = true;
      break;
  }
  return ok_status();
}

Result<std::size_t> LiveInput::read(std::span<std::byte> out) {
  SKERRY_ASSIGN(const bool is_there, wait(wasi::Nanoseconds(0)));
  if (!is_there) {
    SKERRY_TRY(channel_.waiting(true));
    while (!is_ready()) SKERRY_TRY(take_piece());
    SKERRY_TRY(channel_.waiting(false));
  }
  if (position_ == text_.size() && std::exchange(is_interrupted_, false)) {
    return absl::CancelledError("interrupted");
  }
  const std::size_t size = std::min(out.size(), text_.size() - position_);
  std::memcpy(out.data(), text_.data() + position_, size);
  position_ += size;
  return size;
}

Result<bool> LiveInput::wait(wasi::Nanoseconds at_most) {
  const auto begun = std::chrono::steady_clock::now();
  while (!is_ready()) {
    const auto passed =
        std::chrono::duration_cast<wasi::Nanoseconds>(std::chrono::steady_clock::now() - begun);
    SKERRY_ASSIGN(const bool has_more,
                  orders_.has_more_within(at_most - std::min(at_most, passed)));
    if (!has_more) return false;
    SKERRY_TRY(take_piece());
  }
  return true;
}

engine::Metering metering_of(const sandbox::Limits& limits) {
  return limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
}

sandbox::RunEnvironment environment_of(const RunRequest& request, wasi::InputSource& input,
                                       RunChannel& channel) {
  sandbox::RunEnvironment environment;
  environment.output = &channel.output();
  environment.displays = channel.displays();
  environment.input = &input;
  environment.seed = request.seed;
  environment.fixed_clock = request.fixed_clock;
  environment.clock_resolution = request.clock_resolution;
  return environment;
}

}  // namespace skerry::worker
