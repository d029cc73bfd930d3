// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/error_code.hpp>

namespace skerry::http {

using PlainStream = boost::beast::tcp_stream;
using SecureStream = boost::beast::ssl_stream<PlainStream>;

/// What is written in one go, one part after the other. Parts may be empty.
using Output = std::array<boost::asio::const_buffer, 3>;

// Reading and writing for all connections: Asio's and Beast's operations are templates over
// streams, buffers and callers, and take a minute to compile where each caller has its own. An
// error is one of the stream, also when its time has passed. Confined to the event loop's thread.

/// Reads what is there, at most `most` bytes, to the end of `buffer`. `buffer_overflow`
/// (boost::beast::http::error) when nothing more fits into it.
boost::asio::awaitable<boost::system::error_code> read_some(PlainStream& stream,
                                                            boost::beast::flat_buffer& buffer,
                                                            std::size_t most);
boost::asio::awaitable<boost::system::error_code> read_some(SecureStream& stream,
                                                            boost::beast::flat_buffer& buffer,
                                                            std::size_t most);

/// Writes what the socket takes without waiting, and takes that out of `output`. Mostly it is all:
/// to wait would cost a turn behind all other requests. Nothing where the stream encrypts. For what
/// is written once: a loop of such writes would keep the event loop for as long as the client
/// reads.
boost::system::error_code write_now(PlainStream& stream, Output& output);
inline boost::system::error_code write_now(SecureStream&, Output&) { return {}; }

/// Writes all, and lets others have their turn before each part of it. What `output` refers to must
/// outlive the call.
boost::asio::awaitable<boost::system::error_code> write_all(PlainStream& stream, Output output);
boost::asio::awaitable<boost::system::error_code> write_all(SecureStream& stream, Output output);

}  // namespace skerry::http
