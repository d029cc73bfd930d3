// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_stream.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <nghttp2/nghttp2.h>

#include "skerry/http/http2/http2_fields.h"
#include "skerry/http/http2/http2_session.h"
#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using loop::kNever;
using loop::kTuple;

// What a field costs beside its bytes: RFC 9113, section 6.5.2.
constexpr std::size_t kFieldCost = 32;

/// Reads the body for the session: nghttp2_data_source_read_callback.
// NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's.
ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                  std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void*) {
  return Http2Fields::read(session, id, buffer, length, flags,
                           *static_cast<Http2Stream*>(source->ptr));
}

}  // namespace

Http2Stream::Http2Stream(Http2Session& session, std::int32_t id,
                         const asio::any_io_executor& executor, Connections& all)
    : session_(&session),
      id_(id),
      share_(all),
      arrived_(executor, kNever),
      progress_(Clock::now()),
      taken_(executor, kNever) {}

// ------------------------------------------------------------------------------------ the request

awaitable<Result<std::string>> Http2Stream::read(std::chrono::milliseconds patience) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto latest = Clock::now() + patience;
  const auto self = shared_from_this();
  for (;;) {
    if (is_overflown_) {
      co_return share_.has_given_way()
          ? absl::DeadlineExceededError(std::string(kBodyTooSlow))
          : absl::ResourceExhaustedError(std::string(kNoMemoryForBody));
    }
    if (!incoming_.empty()) break;
    if (is_complete_) co_return std::string();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (is_over() || loop::is_cancelled(state)) {
      co_return absl::CancelledError("the client has ended the request");
    }
    arrived_.expires_at(latest);
    share_.begin_waiting([this] { overflow(); });
    auto waiting = arrived_.async_wait(kTuple);
    const auto [cancelled] = co_await std::move(waiting);
    share_.end_waiting();
    if (!cancelled)
      co_return absl::DeadlineExceededError("the request's body did not come in time");
  }
  std::string bytes = std::exchange(incoming_, {});
  if (!is_over()) session_->consume(id_, bytes.size());
  co_return bytes;
}

void Http2Stream::set_held(std::uint64_t bytes) {
  held_ = bytes;
  count_body();
}

bool Http2Stream::count_request() {
  const std::size_t head = head_fault_ == HeadFault::kNone ? head_bytes_ : 0;
  return share_.grow_to(head + incoming_.size() + held_);
}

void Http2Stream::count_body() {
  if (count_request() || is_overflown_) return;
  overflow();
  count_request();
}

/// What comes is dropped, and the reader is told.
void Http2Stream::overflow() {
  is_overflown_ = true;
  if (!is_over()) session_->consume(id_, incoming_.size());
  incoming_.clear();
  arrived_.cancel();
}

void Http2Stream::on_header(std::string_view name, std::string_view value) {
  head_bytes_ += name.size() + value.size() + kFieldCost;
  if (head_fault_ != HeadFault::kNone) return;
  if (head_bytes_ > session_->all_.limits().header.value) {
    head_fault_ = HeadFault::kTooLarge;
  } else if (!count_request()) {
    head_fault_ = HeadFault::kNoMemory;
  }
  if (head_fault_ != HeadFault::kNone) {
    head_.headers = {};
    count_request();
  } else if (name == ":method") {
    head_.method = value;
  } else if (name == ":path") {
    head_.target = value;
  } else if (name == ":authority") {
    head_.host = value;
  } else if (!name.starts_with(':')) {
    if (name == "host" && head_.host.empty()) head_.host = value;
    head_.headers.add(std::string(name), std::string(value));
  }
}

void Http2Stream::on_data(std::string_view bytes) {
  if (is_overflown_ || is_finished_) {
    session_->consume(id_, bytes.size());
    return;
  }
  incoming_ += bytes;
  count_body();
  arrived_.cancel();
}

void Http2Stream::on_end() {
  is_complete_ = true;
  arrived_.cancel();
}

void Http2Stream::on_close() {
  session_->add_unsent(-static_cast<std::int64_t>(unsent_));
  // What nobody will read must not take of the connection's window for ever.
  nghttp2_session_consume_connection(session_->session_, incoming_.size());
  session_ = nullptr;
  incoming_.clear();
  count_request();
  outgoing_.clear();
  unsent_ = 0;
  arrived_.cancel();
  taken_.cancel();
  // Not from inside of the handler, whose own answer may have closed the stream: a coroutine that
  // is cancelled before it has ever waited throws past its end (Boost 1.81, co_spawn_entry_point).
  asio::post(arrived_.get_executor(), [self = shared_from_this()] {
    self->cancellation_.emit(asio::cancellation_type::terminal);
  });
}

void Http2Stream::trust() {
  if (!is_over()) session_->trust();
}

// ----------------------------------------------------------------------------------- the response

void Http2Stream::respond(int status, const Headers& headers, End end) {
  if (is_over() || std::exchange(has_responded_, true)) return;
  Http2Fields fields(status);
  fields.add(headers);
  nghttp2_data_provider provider{.source = {.ptr = this}, .read_callback = read_body};
  is_finished_ = end == End::kYes;
  nghttp2_submit_response(session_->session_, id_, fields.data(), fields.size(),
                          end == End::kYes ? nullptr : &provider);
  if (end == End::kYes) session_->flush();
}

void Http2Stream::respond_continue() {
  if (is_over() || has_responded_) return;
  const Http2Fields fields(100);
  nghttp2_submit_headers(session_->session_, NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(),
                         fields.size(), nullptr);
  session_->flush();
}

void Http2Stream::write(std::string bytes) {
  queue(std::move(bytes));
  if (!is_over() && !is_finished_) resume();
}

void Http2Stream::queue(std::string bytes) {
  if (is_over() || is_finished_ || bytes.empty()) return;
  if (unsent_ == 0) progress_ = Clock::now();
  unsent_ += bytes.size();
  session_->add_unsent(static_cast<std::int64_t>(bytes.size()));
  outgoing_.push_back(std::move(bytes));
}

void Http2Stream::finish(const Headers& trailers) {
  if (is_over() || std::exchange(is_finished_, true)) return;
  trailers_ = trailers;
  resume();
}

void Http2Stream::resume() {
  if (std::exchange(is_deferred_, false)) nghttp2_session_resume_data(session_->session_, id_);
  session_->flush();
}

void Http2Stream::reset(Http2Error why) {
  if (is_over()) return;
  nghttp2_submit_rst_stream(session_->session_, NGHTTP2_FLAG_NONE, id_,
                            static_cast<std::uint32_t>(why));
  session_->flush();
}

std::size_t Http2Stream::take(std::uint8_t* buffer, std::size_t size) {
  std::size_t taken = 0;
  while (taken < size && !outgoing_.empty()) {
    const std::string& first = outgoing_.front();
    const std::size_t piece = std::min(size - taken, first.size() - sent_of_first_);
    std::copy_n(first.data() + sent_of_first_, piece, buffer + taken);
    taken += piece;
    sent_of_first_ += piece;
    if (sent_of_first_ < first.size()) break;
    outgoing_.pop_front();
    sent_of_first_ = 0;
  }
  if (taken == 0) return 0;
  unsent_ -= taken;
  session_->add_unsent(-static_cast<std::int64_t>(taken));
  progress_ = Clock::now();
  taken_.cancel();
  return taken;
}

awaitable<bool> Http2Stream::drained(std::size_t most) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto self = shared_from_this();
  // Not set again: several may wait, and that would wake the others.
  while (!is_over() && unsent_ > most) {
    auto waiting = taken_.async_wait(kTuple);
    (void)co_await std::move(waiting);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (loop::is_cancelled(state)) co_return false;
  }
  co_return !is_over();
}

void Http2Stream::check(Clock::time_point now, std::chrono::milliseconds write_time) {
  if (unsent_ > 0 && now - progress_ > write_time) reset(Http2Error::kCancel);
}

// -------------------------------------------------------------------------------- for the session

ssize_t Http2Fields::read(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                          std::size_t length, std::uint32_t* flags, Http2Stream& stream) {
  const std::size_t taken = stream.take(buffer, length);
  if (!stream.outgoing_.empty()) return static_cast<ssize_t>(taken);
  if (stream.is_finished_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.trailers_.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      Http2Fields trailers;
      trailers.add(stream.trailers_);
      nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(taken);
  }
  if (taken > 0) return static_cast<ssize_t>(taken);
  stream.is_deferred_ = true;
  return NGHTTP2_ERR_DEFERRED;
}

}  // namespace skerry::http
