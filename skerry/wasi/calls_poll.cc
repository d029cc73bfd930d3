// SPDX-License-Identifier: Apache-2.0
// poll_oneoff.
#include <algorithm>
#include <cstring>
#include <optional>

#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

/// More than any program waits for at once; the list is walked a few times.
constexpr std::uint32_t kMaxSubscriptions = 4096;

constexpr std::uint8_t kClockEvent = 0;
constexpr std::uint8_t kReadEvent = 1;
constexpr std::uint8_t kWriteEvent = 2;
constexpr std::uint16_t kAbsolute = 1;

/// One of the guest's subscriptions, read afresh from its memory.
struct Subscription {
  std::uint64_t user_data = 0;
  std::uint8_t type = 0;
  std::uint32_t clock_or_fd = 0;
  std::uint64_t timeout = 0;
  std::uint16_t flags = 0;
};

template <typename T>
T take(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.subspan(offset, sizeof value).data(), sizeof value);
  return value;
}

/// The subscriptions and events of one call. A guest that lets the two lists overlap gets nonsense,
/// but no harm comes of it: each subscription is read and checked again wherever it is used.
class Poll {
 public:
  Poll(Context& context, std::span<const std::byte> in, std::span<std::byte> out)
      : context_(context), in_(in), out_(out), count_(in.size() / kSubscriptionSize) {}

  CallResult run(std::span<std::byte> count_out);

 private:
  struct Readiness {
    bool ready = false;
    Errno error = Errno::kSuccess;
    std::uint64_t bytes = 0;
    bool hangup = false;
  };

  Subscription subscription(std::size_t index) const;
  Readiness readiness(const Subscription& subscription) const;
  Readiness stream_or_file_readiness(const Subscription& subscription) const;
  std::optional<Nanoseconds> deadline(const Subscription& subscription) const;
  Errno wait(bool wants_input, std::optional<Nanoseconds> earliest);
  void write_event(const Subscription& subscription, const Readiness& readiness);

  Context& context_;
  std::span<const std::byte> in_;
  std::span<std::byte> out_;
  std::size_t count_;
  // Both clocks as they stood when the call began: relative times count from here, for all
  // subscriptions alike.
  Nanoseconds monotonic_{};
  Nanoseconds realtime_{};
  Nanoseconds reached_{};
  bool input_ready_ = false;
  std::uint32_t events_ = 0;
};

Subscription Poll::subscription(std::size_t index) const {
  const auto bytes = in_.subspan(index * kSubscriptionSize, kSubscriptionSize);
  return {.user_data = take<std::uint64_t>(bytes, 0),
          .type = take<std::uint8_t>(bytes, 8),
          .clock_or_fd = take<std::uint32_t>(bytes, 16),
          .timeout = take<std::uint64_t>(bytes, 24),
          .flags = take<std::uint16_t>(bytes, 40)};
}

/// On the monotonic clock; nothing for a clock that cannot be waited on.
std::optional<Nanoseconds> Poll::deadline(const Subscription& subscription) const {
  const Nanoseconds timeout(subscription.timeout);
  const auto after = [&](Nanoseconds rest) {
    return rest > Nanoseconds::max() - monotonic_ ? Nanoseconds::max() : monotonic_ + rest;
  };
  const bool absolute = (subscription.flags & kAbsolute) != 0;
  switch (ClockId{subscription.clock_or_fd}) {
    case ClockId::kMonotonic:
      return absolute ? timeout : after(timeout);
    case ClockId::kRealtime:
      if (!absolute) return after(timeout);
      return timeout <= realtime_ ? monotonic_ : after(timeout - realtime_);
    default:
      return std::nullopt;
  }
}

Poll::Readiness Poll::stream_or_file_readiness(const Subscription& subscription) const {
  const bool reads = subscription.type == kReadEvent;
  const auto found = descriptor_with(context_, Fd{subscription.clock_or_fd},
                                     kPollFdReadwrite | (reads ? kFdRead : kFdWrite));
  if (!found.ok()) return {.ready = true, .error = found.status()};
  const Descriptor& descriptor = **found;
  if (descriptor.kind == Descriptor::Kind::kStdin) return {.ready = input_ready_, .bytes = 1};
  if (descriptor.is_pipe()) {
    const PipeReadiness pipe = pipe_readiness(context_, descriptor);
    return {.ready = pipe.is_ready, .bytes = pipe.bytes, .hangup = !pipe.has_other_end};
  }
  if (descriptor.is_stream() || !reads) return {.ready = true, .bytes = 1};
  if (context_.state.files().get(descriptor.inode).device() != nullptr)
    return {.ready = true, .bytes = 1};
  const std::uint64_t size = context_.state.files().get(descriptor.inode).size();
  const std::uint64_t rest = size - std::min(size, descriptor.offset);
  return {.ready = true, .bytes = rest, .hangup = rest == 0};
}

Poll::Readiness Poll::readiness(const Subscription& subscription) const {
  if (subscription.type == kReadEvent || subscription.type == kWriteEvent) {
    return stream_or_file_readiness(subscription);
  }
  const auto when = deadline(subscription);
  if (!when.has_value()) return {.ready = true, .error = Errno::kNotSup};
  return {.ready = *when <= reached_};
}

void Poll::write_event(const Subscription& subscription, const Readiness& readiness) {
  const auto event = out_.subspan(std::size_t{events_} * kEventSize, kEventSize);
  std::fill(event.begin(), event.end(), std::byte{0});
  put(event, 0, subscription.user_data);
  put(event, 8, static_cast<std::uint16_t>(readiness.error));
  put(event, 10, subscription.type);
  put(event, 16, readiness.bytes);
  put(event, 24, static_cast<std::uint16_t>(readiness.hangup ? 1 : 0));
  ++events_;
}

Errno Poll::wait(bool wants_input, std::optional<Nanoseconds> earliest) {
  if (wants_input) {
    const Nanoseconds rest = !earliest.has_value()     ? Nanoseconds::max()
                             : *earliest <= monotonic_ ? Nanoseconds(0)
                                                       : *earliest - monotonic_;
    const Result<bool> ready = context_.input.wait(rest);
    if (!ready.ok()) return Errno::kIo;
    input_ready_ = *ready;
    if (input_ready_ || !earliest.has_value()) return Errno::kSuccess;
  }
  // With virtual time, or input that came up short of the deadline, there is still something to
  // sleep.
  SKERRY_ERRNO_TRY(errno_of(context_.clock.sleep_until(*earliest)));
  reached_ = std::max(reached_, *earliest);
  return Errno::kSuccess;
}

CallResult Poll::run(std::span<std::byte> count_out) {
  monotonic_ = reached_ = context_.clock.monotonic();
  realtime_ = context_.clock.realtime();
  std::optional<Nanoseconds> earliest;
  bool wants_input = false;
  bool wants_pipe = false;
  bool any_ready = false;
  for (std::size_t i = 0; i < count_; ++i) {
    const Subscription one = subscription(i);
    if (one.type > kWriteEvent) return Errno::kInval;
    if (readiness(one).ready) {
      any_ready = true;
    } else if (one.type != kClockEvent) {
      const Descriptor* waiting = context_.state.descriptors().find(Fd{one.clock_or_fd});
      if (waiting->is_pipe()) {
        wants_pipe = true;
      } else {
        wants_input = true;
      }
    } else if (const auto when = deadline(one); !earliest.has_value() || *when < *earliest) {
      earliest = when;
    }
  }
  if (any_ready) {
    if (wants_input) {
      const Result<bool> ready = context_.input.wait(Nanoseconds(0));
      if (!ready.ok()) return Errno::kIo;
      input_ready_ = *ready;
    }
  } else if (wants_pipe && !wants_input && !earliest.has_value()) {
    return Errno::kDeadlk;  // nobody else is there who would write
  } else {
    SKERRY_ERRNO_TRY(wait(wants_input, earliest));
  }
  for (std::size_t i = 0; i < count_; ++i) {
    const Subscription one = subscription(i);
    const Readiness state = readiness(one);
    if (state.ready) write_event(one, state);
  }
  put(count_out, 0, events_);
  return Errno::kSuccess;
}

}  // namespace

CallResult poll_oneoff(Context& context, GuestMemory memory, Arguments arguments) {
  const std::uint32_t count = u32(arguments, 2);
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  SKERRY_ASSIGN(const auto in,
                memory.range(u32(arguments, 0), std::uint64_t{count} * kSubscriptionSize));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 1), std::uint64_t{count} * kEventSize));
  SKERRY_ASSIGN(const auto count_out, memory.range(u32(arguments, 3), 4));
  return Poll(context, in, out).run(count_out);
}

}  // namespace skerry::wasi
