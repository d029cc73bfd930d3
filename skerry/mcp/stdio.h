// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/access/principal.h"
#include "skerry/loop/pool.h"
#include "skerry/mcp/line_writer.h"
#include "skerry/mcp/server.h"

namespace skerry::mcp {

/// The protocol over two descriptors, a message a line. Both eras are served, told apart message by
/// message. A thread of its own reads, another one writes; all else is confined to the event loop's
/// thread.
class StdioServer {
 public:
  struct Descriptors {
    int input = 0;
    int output = 1;
  };
  /// All must outlive it. Requests are on behalf of `caller`.
  StdioServer(boost::asio::io_context& io, Server& server, loop::Pool& pool,
              Descriptors descriptors, access::Principal caller);
  ~StdioServer();
  StdioServer(const StdioServer&) = delete;
  StdioServer& operator=(const StdioServer&) = delete;

  /// Runs the loop until the input has ended and what it asked for is answered, or nobody reads
  /// the output any more.
  void run();

 private:
  struct Input;
  /// What is to be written.
  struct Response {
    nlohmann::ordered_json message = nullptr;  ///< null: nothing
    std::shared_ptr<const void> memory = {};   ///< that it counts against, until it is text
  };
  boost::asio::awaitable<void> answer(std::string line);
  boost::asio::awaitable<Response> response_to_line(std::string line);
  boost::asio::awaitable<Response> response_to_message(Request request);
  void take(std::string line);
  void end_if_done();

  boost::asio::io_context& io_;
  Server& server_;
  loop::Pool& pool_;
  access::Principal caller_;
  LineWriter output_;
  std::shared_ptr<Input> input_;  // the reading thread may outlive this, in a read
  std::optional<Revision> agreed_;
  int under_way_ = 0;
  bool has_ended_ = false;
};

}  // namespace skerry::mcp
