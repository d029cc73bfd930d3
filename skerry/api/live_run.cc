// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/live_run.h"

#include <exception>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"

namespace skerry::api {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using loop::kNever;
using loop::kTuple;
using worker::InputPiece;

// A client that does not take what it is told is not read either: each piece of its input may make
// a program that tells it something.
// More than the relay sends at once, so that one who takes what comes is always read.
constexpr std::size_t kMaxUnsent = std::size_t{2} << 20;
// After so many pieces others have their turn: a client may send tiny ones.
constexpr int kPiecesAtOnce = 32;

}  // namespace

LiveRun::LiveRun(const asio::any_io_executor& executor, std::shared_ptr<run::InputFeed> feed,
                 Client client)
    : feed_(std::move(feed)), client_(std::move(client)), room_(executor, kNever) {
  feed_->set_room([this] { room_.cancel(); });
}

void LiveRun::waiting(bool is_waiting) {
  is_waiting_ = is_waiting;
  is_interrupted_ = false;
}

awaitable<Result<tool::RunReport>> LiveRun::during(awaitable<Result<tool::RunReport>> run) {
  using asio::experimental::awaitable_operators::operator||;
  // Parsing the run may have taken a while, in which nothing heard of it.
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (loop::is_cancelled(cancellation)) {
    co_return absl::CancelledError("cancelled before it began");
  }
  std::optional<Result<tool::RunReport>> report;
  std::exception_ptr thrown;
  Status fault;
  // Each of the two is cancelled when the other has ended, and comes to its own end all the same.
  const auto running = [&]() -> awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    // What is thrown must end the reading, too, which only an end without an exception does.
    try {
      report = co_await std::move(run);
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  const auto reading = [&]() -> awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto reader = read();
    Status status = co_await std::move(reader);
    if (!report) fault = std::move(status);
  };
  co_await asio::this_coro::throw_if_cancelled(false);
  auto both = running() || reading();
  (void)co_await std::move(both);
  if (thrown) std::rethrow_exception(thrown);
  if (!fault.ok()) co_return fault;
  if (!report) co_return absl::CancelledError("the run was given up");
  co_return *std::move(report);
}

awaitable<Status> LiveRun::read() {
  for (int pieces = 1;; ++pieces) {
    if (pieces % kPiecesAtOnce == 0) {
      auto turn = asio::post(room_.get_executor(), asio::use_awaitable);
      co_await std::move(turn);
    }
    auto coming = client_.next();
    const auto piece = co_await std::move(coming);
    if (!piece.ok()) co_return piece.status();
    if (!*piece) break;
    const auto next = take(**piece);
    if (!next.ok()) co_return next.status();
    if (*next == Next::kCancels) co_return ok_status();
    auto waiting = room();
    co_await std::move(waiting);
  }
  feed_->end();
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  while (!loop::is_cancelled(cancellation)) {
    auto waiting = room_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
  co_return ok_status();
}

Result<LiveRun::Next> LiveRun::take(const InputPiece& piece) {
  switch (piece.kind) {
    case InputPiece::Kind::kText:
      if (piece.text.size() > InputPiece::kMaxText) {
        return absl::InvalidArgumentError(
            fmt::format("a message brings {} bytes of input, at most {} are taken",
                        piece.text.size(), InputPiece::kMaxText));
      }
      if (feed_->has_ended()) return absl::InvalidArgumentError("there is input after its end");
      feed_->add(piece.text);
      break;
    case InputPiece::Kind::kEnd:
      feed_->end();
      break;
    case InputPiece::Kind::kInterrupt:
      if (!is_waiting_ || std::exchange(is_interrupted_, true)) return Next::kCancels;
      feed_->interrupt();
      break;
  }
  return Next::kGoesOn;
}

awaitable<void> LiveRun::room() {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  while (!loop::is_cancelled(cancellation)) {
    if (client_.unsent() > kMaxUnsent) {
      auto draining = client_.drained();
      co_await std::move(draining);
    } else if (!feed_->has_room()) {
      auto waiting = room_.async_wait(kTuple);
      (void)co_await std::move(waiting);
    } else {
      co_return;
    }
  }
}

}  // namespace skerry::api
