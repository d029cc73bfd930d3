// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "skerry/http/http2/http2_fields.h"

namespace skerry::http {
namespace {

// Unread bytes of one request's body, and of all of a connection.
constexpr std::int32_t kStreamWindow = 256 * 1024;
constexpr std::int32_t kTrustedWindow = 1 << 20;
constexpr std::size_t kOutputPiece = 64 * 1024;
// Answers to PING and SETTINGS that may wait for a client which does not read.
constexpr std::size_t kMaxAcks = 100;
constexpr std::size_t kMaxSettings = 32;
// Streams that a client may reset at once, and in a second, before the connection is ended.
constexpr std::uint64_t kResetBurst = 1000;
constexpr std::uint64_t kResetRate = 100;
// Frames that carry nothing, as above. Honest clients send some for each message.
constexpr double kFrameBurst = 20'000;
constexpr double kFrameRate = 10'000;
constexpr std::size_t kSmallFrame = 64;
// Output that is queued while the client does not read, in frames.
constexpr std::size_t kMaxQueue = 1000;
// Of a head, beyond its limit, until the connection is ended: what a small block expands to.
constexpr std::size_t kHeadExcess = 16;
constexpr std::chrono::seconds kPong{20};

}  // namespace

struct Http2Session::Callbacks {
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }
  static Http2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
    const bool is_small = frame->type != NGHTTP2_HEADERS &&
                          (frame->type != NGHTTP2_DATA || frame->length < kSmallFrame);
    return is_small && !self(user).pay_for_frame() ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    auto& own = self(user);
    const std::int32_t id = frame->hd.stream_id;
    auto stream = std::make_shared<Http2Stream>(own, id, own.executor_, own.all_);
    nghttp2_session_set_stream_user_data(session, id, stream.get());
    own.streams_[id] = std::move(stream);
    return 0;
  }

  // NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's.
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name_bytes, std::size_t name_size,
                       const std::uint8_t* value_bytes, std::size_t value_size, std::uint8_t,
                       void* user) {
    Http2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    // Trailers of a request say nothing that handlers ask for.
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream->on_header(view(name_bytes, name_size), view(value_bytes, value_size));
    } else {
      stream->head_bytes_ += name_size + value_size;
    }
    auto& own = self(user);
    if (stream->head_bytes_ <= kHeadExcess * own.all_.limits().header.value) return 0;
    own.fail(Http2Error::kEnhanceYourCalm);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool has_body = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!has_body) return 0;
    Http2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).arrived_.push_back(stream->shared_from_this());
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->on_end();
    return 0;
  }

  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    return self(user).pay_for_frame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user) {
    if (Http2Stream* stream = stream_of(session, id); stream != nullptr) {
      stream->on_data(view(bytes, size));
    } else {
      self(user).consume(id, size);
    }
    return 0;
  }

  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    const bool is_last = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                         (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const Http2Stream* stream = is_last ? stream_of(session, frame->hd.stream_id) : nullptr;
    // The rest of the body is not wanted: RFC 9113, section 8.1.
    if (stream != nullptr && !stream->is_complete_) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t, void* user) {
    auto& own = self(user);
    const auto found = own.streams_.find(id);
    if (found == own.streams_.end()) return 0;
    const auto stream = found->second;
    own.streams_.erase(found);
    nghttp2_session_set_stream_user_data(session, id, nullptr);
    stream->on_close();
    return 0;
  }
};

Http2Session::Http2Session(const boost::asio::any_io_executor& executor, Connections& all,
                           Owner& owner)
    : executor_(executor),
      all_(all),
      owner_(owner),
      frames_(kFrameRate, kFrameBurst, Clock::now()),
      heard_(Clock::now()) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Callbacks::on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks,
                                                               Callbacks::on_invalid_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_stream_close);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, kMaxAcks);
  nghttp2_option_set_max_settings(options, kMaxSettings);
  nghttp2_option_set_stream_reset_rate_limit(options, kResetBurst, kResetRate);
  nghttp2_session_server_new2(&session_, callbacks, this, options);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);

  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                             static_cast<std::uint32_t>(all.limits().streams)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                             static_cast<std::uint32_t>(kStreamWindow)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                             static_cast<std::uint32_t>(all.limits().header.value)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
}

// NOLINTNEXTLINE(bugprone-exception-escape): shared pointers hold the streams, which take more.
Http2Session::~Http2Session() {
  const auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) stream->on_close();
  nghttp2_session_del(session_);
}

bool Http2Session::receive(std::string_view bytes) {
  heard_ = Clock::now();
  is_pinged_ = false;
  const auto taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) {
    fail(taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? Http2Error::kProtocolError
                                               : Http2Error::kEnhanceYourCalm);
  }
  start_requests();
  return !has_failed_ && !is_over();
}

std::string Http2Session::output() {
  std::string bytes;
  while (bytes.size() < kOutputPiece) {
    const std::uint8_t* piece = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &piece);
    if (size <= 0) break;
    bytes += view(piece, static_cast<std::size_t>(size));
  }
  start_requests();
  return bytes;
}

bool Http2Session::is_over() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

bool Http2Session::is_congested() const {
  return nghttp2_session_get_outbound_queue_size(session_) > kMaxQueue;
}

void Http2Session::stop() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  flush();
}

void Http2Session::check(Clock::time_point now) {
  const auto streams = streams_;  // some may end
  for (const auto& [id, stream] : streams) stream->check(now, all_.limits().write);
  if (!has_streams() || now - heard_ < all_.limits().ping) return;
  if (!std::exchange(is_pinged_, true)) {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    flush();
  } else if (now - heard_ > all_.limits().ping + kPong) {
    fail(Http2Error::kNoError);
  }
}

/// Requests wait while the answers to earlier ones wait for the client.
void Http2Session::start_requests() {
  while (!arrived_.empty() && unsent_ <= all_.limits().connection_unsent.value) {
    const auto stream = std::move(arrived_.front());
    arrived_.erase(arrived_.begin());
    if (!stream->is_over()) owner_.on_request(stream);
  }
}

void Http2Session::fail(Http2Error why) {
  if (std::exchange(has_failed_, true)) return;
  nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(why));
  flush();
}

bool Http2Session::pay_for_frame() { return frames_.take(Clock::now()); }

void Http2Session::add_unsent(std::int64_t bytes) {
  unsent_ += static_cast<std::uint64_t>(bytes);
  owner_.on_unsent();
}

void Http2Session::consume(std::int32_t stream, std::size_t bytes) {
  if (bytes == 0) return;
  nghttp2_session_consume(session_, stream, bytes);
  flush();
}

void Http2Session::trust() {
  if (std::exchange(is_trusted_, true)) return;
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kTrustedWindow);
  owner_.on_trust();
  flush();
}

void Http2Session::flush() { owner_.on_output(); }

}  // namespace skerry::http
