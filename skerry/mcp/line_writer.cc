// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/line_writer.h"

#include <span>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"
#include "skerry/loop/cancellation.h"

namespace skerry::mcp {

using loop::MutexLock;

LineWriter::LineWriter(boost::asio::io_context& io, int descriptor, std::function<void()> broken)
    : io_(io),
      descriptor_(descriptor),
      broken_(std::move(broken)),
      drained_(io, boost::asio::steady_timer::time_point::max()),
      thread_([this] { work(); }) {}

LineWriter::~LineWriter() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void LineWriter::add(std::string line) {
  line += '\n';
  unsent_ += line.size();
  {
    const MutexLock lock(mutex_);
    waiting_ += line;
  }
  changed_.notify_one();
}

void LineWriter::send(const nlohmann::ordered_json& message) { add(dump_json(message)); }

boost::asio::awaitable<void> LineWriter::drained() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  while (unsent_ > 0 && !loop::is_cancelled(state)) {
    auto waiting = drained_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    (void)co_await std::move(waiting);
  }
}

void LineWriter::written(std::size_t bytes) {
  unsent_ -= bytes;
  if (unsent_ == 0) drained_.cancel();
}

void LineWriter::work() {
  MutexLock lock(mutex_);
  for (;;) {
    if (waiting_.empty()) {
      if (is_ending_) return;
      lock.wait(changed_);
      continue;
    }
    const std::string text = std::exchange(waiting_, {});
    lock.unlock();
    const Status status = write_all(descriptor_, std::as_bytes(std::span(text)));
    if (!status.ok()) {
      boost::asio::post(io_, [this] { broken_(); });
      return;
    }
    boost::asio::post(io_, [this, bytes = text.size()] { written(bytes); });
    lock.lock();
  }
}

}  // namespace skerry::mcp
