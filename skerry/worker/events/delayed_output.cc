// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/delayed_output.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <sys/time.h>
#include <unistd.h>

#include "skerry/base/os/file.h"
#include "skerry/worker/events/event_wire.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {
namespace {

constexpr suseconds_t kDelayMicroseconds = 2'000;
// No piece of a line that `print` makes: joining saves nothing.
constexpr std::size_t kLarge = 1024;

// Whose output the signal sends.
std::atomic<DelayedOutput*> g_delayed{nullptr};
static_assert(std::atomic<DelayedOutput*>::is_always_lock_free);

/// As long as it lives, the signal's handler leaves the output alone.
class Busy {
 public:
  explicit Busy(volatile std::sig_atomic_t& flag) : flag_(flag) {
    flag_ = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    flag_ = 0;
  }

 private:
  volatile std::sig_atomic_t& flag_;
};

}  // namespace

DelayedOutput::~DelayedOutput() {
  DelayedOutput* self = this;
  g_delayed.compare_exchange_strong(self, nullptr);
}

bool DelayedOutput::may_delay() {
  DelayedOutput* expected = nullptr;
  if (g_delayed.load() == this) return true;
  if (!g_delayed.compare_exchange_strong(expected, this)) return false;
  struct sigaction action{};
  action.sa_handler = on_alarm;
  // What a stopped run sends does not come into the midst of an event.
  ::sigaddset(&action.sa_mask, kStopSignal);
  action.sa_flags = SA_RESTART | SA_ONSTACK;  // the guest's own stack may be nearly used up
  return ::sigaction(SIGALRM, &action, nullptr) == 0;
}

// Async-signal-safe, as is `finish_event`. A supervisor that has gone is met by the next event.
void DelayedOutput::on_alarm(int) {
  const int error = errno;
  DelayedOutput* const output = g_delayed.load();
  if (output != nullptr) {
    output->is_armed_ = 0;
    if (output->is_busy_ == 0 && output->size_ > 0) {
      auto rest = output->finish_event();
      while (!rest.empty()) {
        const ssize_t sent = ::write(output->socket_, rest.data(), rest.size());
        if (sent < 0 && errno != EINTR) break;
        if (sent > 0) rest = rest.subspan(static_cast<std::size_t>(sent));
      }
    }
  }
  errno = error;
}

/// The event that waits, whole; none waits afterwards.
std::span<const std::byte> DelayedOutput::finish_event() {
  const std::size_t head =
      put_output_head(stream_ == wasi::Stream::kStderr, size_, std::span(event_).first<kHead>());
  const auto event = std::span(event_).subspan(kHead - head, head + size_);
  size_ = 0;
  return event;
}

Status DelayedOutput::write(wasi::Stream stream, std::span<const std::byte> bytes) {
  if (stream != stream_ || bytes.size() > kRoom - size_) SKERRY_TRY(flush());
  if (bytes.size() > kRoom) {
    std::array<std::byte, kHead> room;
    const std::size_t head = put_output_head(stream == wasi::Stream::kStderr, bytes.size(), room);
    SKERRY_TRY(write_all(socket_, std::span(room).last(head)));
    return write_all(socket_, bytes);
  }
  {
    const Busy busy(is_busy_);
    stream_ = stream;
    std::memcpy(event_.data() + kHead + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  if (bytes.back() == std::byte{'\n'} || bytes.size() >= kLarge || !may_delay()) return flush();
  if (is_armed_ != 0) return ok_status();
  is_armed_ = 1;
  const itimerval once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = kDelayMicroseconds}};
  return ::setitimer(ITIMER_REAL, &once, nullptr) == 0 ? ok_status() : flush();
}

Status DelayedOutput::flush() {
  const Busy busy(is_busy_);
  return size_ == 0 ? ok_status() : write_all(socket_, finish_event());
}

}  // namespace skerry::worker
