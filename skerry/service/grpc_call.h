// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "skerry/base/status.h"

// gRPC calls back on threads of its own; all work is done in coroutines on the event loop. What a
// call consists of is touched there alone.

namespace skerry::service {

/// Our codes are numbered as gRPC's are.
inline grpc::Status grpc_status(const Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(message_of(status))};
}

/// A call's work, and the wish of its client that it should end.
class GrpcWork {
 public:
  using Work = boost::asio::awaitable<grpc::Status>;
  using Ended = std::function<void(grpc::Status)>;

  /// Begins on the loop. `ended` is called there, once; when the work throws, with INTERNAL.
  void start(boost::asio::io_context& io, std::function<Work()> work, Ended ended) {
    boost::asio::co_spawn(
        io, std::move(work),
        boost::asio::bind_cancellation_slot(
            stop_.slot(), [this, ended = std::move(ended)](const std::exception_ptr& thrown,
                                                           grpc::Status status) {
              is_over_ = true;
              ended(thrown ? grpc::Status(grpc::StatusCode::INTERNAL, "the call broke off")
                           : std::move(status));
            }));
  }

  /// On the loop. The work's wait is cancelled, and it ends when it likes.
  void cancel() {
    if (!is_over_) stop_.emit(boost::asio::cancellation_type::terminal);
  }

 private:
  boost::asio::cancellation_signal stop_;
  bool is_over_ = false;
};

/// One call with one answer. Made with `start`; deletes itself.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  static grpc::ServerUnaryReactor* start(boost::asio::io_context& io,
                                         std::function<GrpcWork::Work()> work) {
    auto* call = new UnaryCall(io);
    boost::asio::post(io, [call, work = std::move(work)]() mutable {
      call->work_.start(call->io_, std::move(work),
                        [call](grpc::Status status) { call->Finish(std::move(status)); });
    });
    return call;
  }

  void OnCancel() override {
    boost::asio::post(io_, [this] { work_.cancel(); });
  }
  // The last that is heard of it; what was posted before comes before.
  void OnDone() override {
    boost::asio::post(io_, [this] { delete this; });
  }

 private:
  explicit UnaryCall(boost::asio::io_context& io) : io_(io) {}
  boost::asio::io_context& io_;
  GrpcWork work_;
};

/// One call that is answered piece by piece. Made with `start`; deletes itself.
template <typename Piece>
class StreamCall final : public grpc::ServerWriteReactor<Piece> {
 public:
  /// How the work sends pieces, on the loop. A handle, good for as long as the work lasts.
  class Send {
   public:
    /// Queues a piece.
    void operator()(Piece piece) const { call_->send(std::move(piece)); }
    /// Waits until what was queued is on its way. False when nobody listens any more.
    boost::asio::awaitable<bool> drained() const { return call_->drained(); }

   private:
    friend class StreamCall;
    explicit Send(StreamCall* call) : call_(call) {}
    StreamCall* call_;
  };

  static grpc::ServerWriteReactor<Piece>* start(boost::asio::io_context& io,
                                                std::function<GrpcWork::Work(Send)> work) {
    auto* call = new StreamCall(io);
    boost::asio::post(io, [call, work = std::move(work)]() mutable {
      call->work_.start(
          call->io_, [work = std::move(work), call] { return work(Send(call)); },
          [call](grpc::Status status) {
            call->status_ = std::move(status);
            call->is_ending_ = true;
            call->finish_if_sent();
          });
    });
    return call;
  }

  void OnWriteDone(bool ok) override {
    boost::asio::post(io_, [this, ok] {
      is_writing_ = false;
      pieces_.pop_front();
      if (!ok) {  // nobody listens any more
        is_broken_ = true;
        pieces_.clear();
        work_.cancel();
      }
      changed_.cancel();
      write_next();
      finish_if_sent();
    });
  }
  void OnCancel() override {
    boost::asio::post(io_, [this] {
      work_.cancel();
      changed_.cancel();
    });
  }
  void OnDone() override {
    boost::asio::post(io_, [this] { delete this; });
  }

 private:
  explicit StreamCall(boost::asio::io_context& io) : io_(io), changed_(io) {}

  boost::asio::awaitable<bool> drained() {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (!pieces_.empty() && !is_broken_) {
      changed_.expires_at(boost::asio::steady_timer::time_point::max());
      auto waiting = changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      (void)co_await std::move(waiting);
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) co_return false;
    }
    co_return !is_broken_;
  }

  void send(Piece piece) {
    if (is_broken_) return;
    pieces_.push_back(std::move(piece));
    write_next();
  }
  void write_next() {
    if (is_writing_ || pieces_.empty()) return;
    is_writing_ = true;
    this->StartWrite(&pieces_.front());
  }
  void finish_if_sent() {
    if (!is_ending_ || is_writing_ || !pieces_.empty()) return;
    is_ending_ = false;
    this->Finish(std::move(status_));
  }

  boost::asio::io_context& io_;
  GrpcWork work_;
  std::deque<Piece> pieces_;  // the first is being written
  grpc::Status status_;
  bool is_writing_ = false;
  bool is_ending_ = false;
  bool is_broken_ = false;
  boost::asio::steady_timer changed_;  // never expires; cancelled when a piece is out
};

}  // namespace skerry::service
