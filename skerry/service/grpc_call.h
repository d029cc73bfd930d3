// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

// gRPC calls back on threads of its own; all work is done in coroutines on the event loop. What a
// call consists of is touched there alone.

namespace skerry::service {

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
  /// On the loop: queues a piece.
  using Send = std::function<void(Piece)>;

  static grpc::ServerWriteReactor<Piece>* start(boost::asio::io_context& io,
                                                std::function<GrpcWork::Work(Send)> work) {
    auto* call = new StreamCall(io);
    boost::asio::post(io, [call, work = std::move(work)]() mutable {
      auto send = [call](Piece piece) { call->send(std::move(piece)); };
      call->work_.start(
          call->io_, [work = std::move(work), send] { return work(send); },
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
      write_next();
      finish_if_sent();
    });
  }
  void OnCancel() override {
    boost::asio::post(io_, [this] { work_.cancel(); });
  }
  void OnDone() override {
    boost::asio::post(io_, [this] { delete this; });
  }

 private:
  explicit StreamCall(boost::asio::io_context& io) : io_(io) {}

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
};

}  // namespace skerry::service
