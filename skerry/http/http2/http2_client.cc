// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"
#include "skerry/http/http2/http2_fields.h"

namespace skerry::http {
namespace {

constexpr std::int32_t kWindow = 1 << 30;

}  // namespace

struct Http2Client::Callbacks {
  static Exchange* exchange_of(void* user, std::int32_t id) {
    auto& exchanges = static_cast<Http2Client*>(user)->exchanges_;
    const auto found = exchanges.find(id);
    return found == exchanges.end() ? nullptr : &found->second;
  }

  // NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's.
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name_bytes,
                       std::size_t name_size, const std::uint8_t* value_bytes,
                       std::size_t value_size, std::uint8_t, void* user) {
    Exchange* exchange = exchange_of(user, frame->hd.stream_id);
    if (exchange == nullptr) return 0;
    const std::string_view name = view(name_bytes, name_size);
    const std::string_view value = view(value_bytes, value_size);
    Reply& reply = exchange->reply;
    if (name == ":status") {
      std::from_chars(value.data(), value.data() + value.size(), reply.status);
    } else {
      const bool is_trailer = frame->headers.cat == NGHTTP2_HCAT_HEADERS && reply.status >= 200;
      (is_trailer ? reply.trailers : reply.headers).add(std::string(name), std::string(value));
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t size, void* user) {
    if (Exchange* exchange = exchange_of(user, id)) exchange->reply.body += view(bytes, size);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    if (Exchange* exchange = exchange_of(user, id)) {
      exchange->reply.error = error;
      exchange->is_complete = true;
    }
    return 0;
  }

  // NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's.
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t length,
                      std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& exchange = *static_cast<Exchange*>(source->ptr);
    const std::size_t size = std::min(length, exchange.body.size() - exchange.sent);
    std::copy_n(exchange.body.data() + exchange.sent, size, buffer);
    exchange.sent += size;
    if (exchange.sent == exchange.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

Http2Client::Http2Client() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                            nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Http2Client::~Http2Client() { nghttp2_session_del(session_); }

std::int32_t Http2Client::submit(const RequestHead& head, std::string body) {
  Http2Fields fields;
  fields.add(":method", head.method);
  fields.add(":scheme", "http");
  fields.add(":path", head.target);
  fields.add(":authority", head.host);
  fields.add(head.headers);
  const std::int32_t id = nghttp2_session_get_next_stream_id(session_);
  Exchange& exchange = exchanges_[id];
  exchange.body = std::move(body);
  nghttp2_data_provider provider{.source = {.ptr = &exchange}, .read_callback = Callbacks::read};
  nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                         exchange.body.empty() ? nullptr : &provider, nullptr);
  return id;
}

std::string Http2Client::output() {
  std::string bytes;
  for (;;) {
    const std::uint8_t* piece = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &piece);
    if (size <= 0) return bytes;
    bytes += view(piece, static_cast<std::size_t>(size));
  }
}

Status Http2Client::receive(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return taken < 0 ? absl::InternalError(nghttp2_strerror(static_cast<int>(taken))) : ok_status();
}

std::optional<Http2Client::Reply> Http2Client::take(std::int32_t request) {
  const auto found = exchanges_.find(request);
  if (found == exchanges_.end() || !found->second.is_complete) return std::nullopt;
  Reply reply = std::move(found->second.reply);
  exchanges_.erase(found);
  return reply;
}

Result<std::unique_ptr<BlockingHttp2Client>> BlockingHttp2Client::connect(int port) {
  SKERRY_ASSIGN(const int socket, syscall_result("socket", {}, [] {
                  return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                }));
  auto client = std::unique_ptr<BlockingHttp2Client>(new BlockingHttp2Client(socket));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  SKERRY_TRY(syscall_result("connect", {}, [&] {
               return ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
             }).status());
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

BlockingHttp2Client::~BlockingHttp2Client() { ::close(socket_); }

Result<Http2Client::Reply> BlockingHttp2Client::ask(const RequestHead& head, std::string body) {
  const std::int32_t request = client_.submit(head, std::move(body));
  std::array<char, 65536> buffer;
  for (;;) {
    const std::string bytes = client_.output();
    SKERRY_TRY(skerry::write_all(socket_, as_bytes(bytes)));
    if (auto reply = client_.take(request)) return *std::move(reply);
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return absl::UnavailableError("the server has closed the connection");
    SKERRY_TRY(client_.receive({buffer.data(), static_cast<std::size_t>(got)}));
  }
}

}  // namespace skerry::http
