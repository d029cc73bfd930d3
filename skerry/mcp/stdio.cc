// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/stdio.h"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "skerry/base/os/fd.h"
#include "skerry/base/utf8.h"
#include "skerry/http/handler.h"
#include "skerry/loop/mutex.h"
#include "skerry/mcp/wire.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using loop::MutexLock;
using nlohmann::json;
using nlohmann::ordered_json;

// Of a line: as over HTTP.
constexpr std::size_t kMaxLine = std::size_t{16} << 20;
// Lines that are worked on at a time: what comes behind them is not read.
constexpr int kMaxUnderWay = 64;
// The one connection that there is.
constexpr const char* kConnection = "stdio";

}  // namespace

/// What the reading thread and the loop share.
struct StdioServer::Input {
  int descriptor = 0;
  std::function<void(std::string line)> take;  // on the reading thread
  std::function<void()> ended;
  loop::Mutex mutex = {};
  std::condition_variable changed = {};
  int left ABSL_GUARDED_BY(mutex) = kMaxUnderWay;
  bool is_stopped ABSL_GUARDED_BY(mutex) = false;

  /// False when nobody takes lines any more.
  bool give(std::string line) {
    MutexLock lock(mutex);
    while (left == 0 && !is_stopped) lock.wait(changed);
    if (is_stopped) return false;
    --left;
    take(std::move(line));
    return true;
  }

  void one_done() {
    {
      const MutexLock lock(mutex);
      ++left;
    }
    changed.notify_one();
  }

  void stop() {
    {
      const MutexLock lock(mutex);
      is_stopped = true;
    }
    changed.notify_one();
  }

  /// Reads until the end. A line that is too long is given as far as it may be, which is no JSON.
  void read() {
    std::string line;
    std::array<char, 64 * 1024> piece;
    for (;;) {
      const auto got = syscall_result(
          "read", "", [&] { return ::read(descriptor, piece.data(), piece.size()); });
      if (!got.ok() || *got == 0) break;
      std::string_view text(piece.data(), static_cast<std::size_t>(*got));
      for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
        line.append(text.substr(0, std::min(end, kMaxLine + 1 - line.size())));
        text.remove_prefix(end + 1);
        if (!give(std::exchange(line, {}))) return;
      }
      line.append(text.substr(0, kMaxLine + 1 - line.size()));
    }
    if (!line.empty() && !give(std::move(line))) return;
    const MutexLock lock(mutex);
    if (!is_stopped) ended();
  }
};

StdioServer::StdioServer(boost::asio::io_context& io, Server& server, loop::Pool& pool,
                         Descriptors descriptors, access::Principal caller)
    : io_(io),
      server_(server),
      pool_(pool),
      caller_(std::move(caller)),
      output_(io, descriptors.output, [this] { io_.stop(); }),
      input_(std::make_shared<Input>()) {
  input_->descriptor = descriptors.input;
  input_->take = [this](std::string line) {
    boost::asio::post(io_, [this, line = std::move(line)]() mutable { take(std::move(line)); });
  };
  input_->ended = [this] {
    boost::asio::post(io_, [this] {
      has_ended_ = true;
      end_if_done();
    });
  };
}

StdioServer::~StdioServer() { input_->stop(); }

void StdioServer::run() {
  // Not joined: it may be in a read for as long as the client lives.
  std::thread([input = input_] { input->read(); }).detach();
  const auto busy = boost::asio::make_work_guard(io_);
  io_.run();
}

void StdioServer::end_if_done() {
  if (has_ended_ && under_way_ == 0) io_.stop();
}

void StdioServer::take(std::string line) {
  ++under_way_;
  boost::asio::co_spawn(io_, answer(std::move(line)), [this](const std::exception_ptr&) {
    --under_way_;
    input_->one_done();
    end_if_done();
  });
}

awaitable<void> StdioServer::answer(std::string line) {
  auto responding = response_to_line(std::move(line));
  Response response = co_await std::move(responding);
  if (response.message.is_null()) co_return;
  auto writing = text_of(std::move(response.message));
  std::string text = co_await std::move(writing);
  output_.add(std::move(text));
}

awaitable<StdioServer::Response> StdioServer::response_to_line(std::string line) {
  if (line.find_first_not_of(" \t\r") == line.npos) co_return Response();
  if (line.size() > kMaxLine) line = "a line that is too long";
  auto parsing = http::parsed_json(pool_, caller_.tenant, std::move(line), "the line");
  auto parsed = co_await std::move(parsing);
  if (!parsed.ok()) {
    const Error fault{.code = ErrorCode::kParse, .message = to_utf8(message_of(parsed.status()))};
    co_return Response{.message = error_message(nullptr, fault)};
  }
  json value = *std::move(parsed);
  Request request{.caller = caller_, .connection = kConnection};
  request.revision = agreed_.value_or(kLatestHandshake);
  if (value.is_array()) {
    if (const auto fault = batch_fault(request.revision, value)) {
      co_return Response{.message = error_message(nullptr, *fault)};
    }
    auto answering = answer_batch(server_, request, std::move(value));
    ordered_json responses = co_await std::move(answering);
    if (responses.empty()) co_return Response();
    co_return Response{.message = std::move(responses)};
  }
  json id;
  auto read = read_message(std::move(value), id);
  if (const auto* error = std::get_if<Error>(&read)) {
    co_return Response{.message = error_message(id, *error)};
  }
  request.message = std::get<Message>(std::move(read));
  auto answering = response_to_message(std::move(request));
  co_return co_await std::move(answering);
}

awaitable<StdioServer::Response> StdioServer::response_to_message(Request request) {
  request.exchange = &output_;
  if (request.message.kind == Message::Kind::kNotification) server_.notified(request);
  if (request.message.kind == Message::Kind::kResponse) server_.responded(request);
  if (request.message.kind != Message::Kind::kRequest) co_return Response();
  const json id = request.message.id;
  if (is_stateless(request.message)) {
    const auto revision = stateless_revision(request.message);
    if (const auto* error = std::get_if<Error>(&revision)) {
      co_return Response{.message = error_message(id, *error)};
    }
    request.revision = std::get<Revision>(revision);
  }
  const bool begins = request.message.method == "initialize";
  auto answering = server_.answer(std::move(request));
  Answer answer = co_await std::move(answering);
  if (std::holds_alternative<Cancelled>(answer)) co_return Response();
  Response response;
  if (auto* const reply = std::get_if<Reply>(&answer)) {
    response.memory = reply->memory;
    if (begins) {
      agreed_ = revision_named(reply->result["protocolVersion"].get<std::string>());
    }
  }
  response.message = response_to(id, std::move(answer));
  co_return response;
}

}  // namespace skerry::mcp
