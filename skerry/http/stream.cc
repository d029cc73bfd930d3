// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/stream.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using boost::system::error_code;
using loop::kTuple;

template <typename Stream>
awaitable<error_code> read_from(Stream& stream, beast::flat_buffer& buffer, std::size_t most) {
  const std::size_t room = std::min(most, buffer.max_size() - buffer.size());
  if (room == 0) co_return beast::http::make_error_code(beast::http::error::buffer_overflow);
  auto reading = stream.async_read_some(buffer.prepare(room), kTuple);
  const auto [error, size] = co_await std::move(reading);
  if (!error) buffer.commit(size);
  co_return error;
}

void consume(Output& output, std::size_t size) {
  for (asio::const_buffer& part : output) {
    const std::size_t taken = std::min(size, part.size());
    part += taken;
    size -= taken;
  }
}

}  // namespace

awaitable<error_code> read_some(PlainStream& stream, beast::flat_buffer& buffer, std::size_t most) {
  return read_from(stream, buffer, most);
}

awaitable<error_code> read_some(SecureStream& stream, beast::flat_buffer& buffer,
                                std::size_t most) {
  return read_from(stream, buffer, most);
}

error_code write_now(PlainStream& stream, Output& output) {
  auto& socket = stream.socket();
  error_code error;
  if (!socket.non_blocking()) socket.non_blocking(true, error);
  consume(output, socket.write_some(output, error));
  return error == asio::error::would_block ? error_code() : error;
}

awaitable<error_code> write_all(PlainStream& stream, Output output) {
  while (asio::buffer_size(output) > 0) {
    auto writing = stream.async_write_some(output, kTuple);
    const auto [failed, size] = co_await std::move(writing);
    if (failed) co_return failed;
    consume(output, size);
  }
  co_return error_code();
}

awaitable<error_code> write_all(SecureStream& stream, Output output) {
  auto writing = asio::async_write(stream, output, kTuple);
  co_return std::get<0>(co_await std::move(writing));
}

}  // namespace skerry::http
