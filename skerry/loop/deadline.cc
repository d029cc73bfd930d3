// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/deadline.h"

#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace skerry::loop {

struct Deadline::State : std::enable_shared_from_this<State> {
  State(const boost::asio::any_io_executor& executor, std::function<void()> callback)
      : timer(executor), passed(std::move(callback)) {}

  void wait() {
    timer.expires_at(*at);
    armed = at;
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->fired();
    });
  }

  void fired() {
    armed.reset();
    if (!at || !passed) return;
    if (Clock::now() < *at) {
      wait();
      return;
    }
    at.reset();
    const auto call = passed;  // what it belongs to may end meanwhile
    call();
  }

  boost::asio::steady_timer timer;
  std::function<void()> passed;  // empty when nobody is to be called any more
  std::optional<Clock::time_point> at;
  std::optional<Clock::time_point> armed;  // when the timer fires; none: it does not run
};

Deadline::Deadline(const boost::asio::any_io_executor& executor, std::function<void()> passed)
    : state_(std::make_shared<State>(executor, std::move(passed))) {}

// A timer that is there can be cancelled.
Deadline::~Deadline() {  // NOLINT(bugprone-exception-escape)
  state_->passed = nullptr;
  state_->timer.cancel();
}

void Deadline::set(Clock::time_point at) {
  state_->at = at;
  if (!state_->armed || at < *state_->armed) state_->wait();
}

void Deadline::clear() { state_->at.reset(); }

}  // namespace skerry::loop
