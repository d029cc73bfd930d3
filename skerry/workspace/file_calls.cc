// SPDX-License-Identifier: Apache-2.0
#include "skerry/workspace/file_calls.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/os/file.h"
#include "skerry/base/range.h"
#include "skerry/jail/memory_file.h"
#include "skerry/loop/cancellation.h"
#include "skerry/operation/codec.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::workspace {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using operation::Request;
using operation::Response;

// What is larger than this is encoded, decoded and copied on a thread of its own: it would hold the
// event loop up.
constexpr std::size_t kLarge = std::size_t{64} << 10;

/// Collects the answer, and notes when the operation began.
class Reply final : public worker::RunObserver {
 public:
  void started() override { has_started_ = true; }
  void output(wasi::Stream stream, std::string_view bytes) override {
    if (stream == wasi::Stream::kStdout) text_ += bytes;
  }
  void cut(wasi::Stream) override { was_cut_ = true; }
  void changed(const worker::FileChange&) override {}

  bool has_started() const { return has_started_; }
  bool was_cut() const { return was_cut_; }
  const std::string& text() const { return text_; }

 private:
  bool has_started_ = false;
  bool was_cut_ = false;
  std::string text_;
};

/// Bytes of texts that a client sent.
std::size_t size_of(const Request& request) {
  if (const auto* write = std::get_if<operation::WriteFile>(&request)) return write->content.size();
  if (const auto* edit = std::get_if<operation::EditFile>(&request)) {
    return edit->old_text.size() + edit->new_text.size();
  }
  return 0;
}

Result<std::shared_ptr<const OwnedFd>> sealed_file(std::string_view bytes) {
  SKERRY_ASSIGN(OwnedFd file, jail::make_memory_file("operation"));
  SKERRY_TRY(write_all(file.get(), as_bytes(bytes)));
  SKERRY_TRY(jail::seal_memory_file(file.get()));
  return std::make_shared<const OwnedFd>(std::move(file));
}

// In the order of operation::Request.
constexpr std::array kActions{"file.read",   "file.write", "file.list",   "file.command",
                              "file.search", "file.edit",  "file.delete", "file.move"};
static_assert(kActions.size() == std::variant_size_v<Request>);

const char* action_of(const Request& request) { return kActions[request.index()]; }

/// A path, or a command's name: its other words may be anything.
std::string object_of(const Request& request) {
  if (const auto* run = std::get_if<operation::RunCommand>(&request)) {
    const std::string& text = run->command.text();
    return text.substr(0, text.find_first_of(" \t\n"));
  }
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (requires { each.path; }) return each.path.shown();
        return {};
      },
      request);
}

/// Why there is no answer; OK when there is one.
Status status_of(const sandbox::Outcome& outcome) {
  using Kind = sandbox::OutcomeKind;
  switch (outcome.kind) {
    case Kind::kCompleted:
      return ok_status();
    case Kind::kDeadline:
      return absl::DeadlineExceededError("timed out");
    case Kind::kCancelled:
      return absl::CancelledError("cancelled");
    case Kind::kOutOfMemory:
      return absl::ResourceExhaustedError("the operation took more memory than there is for it");
    default:
      return absl::InternalError("the process that worked on the files failed: " + outcome.message);
  }
}

}  // namespace

Status FileCalls::Options::check() const {
  SKERRY_TRY(in_bounds("the bytes of a session's files", workspace.value, 1, mib(200).value));
  SKERRY_TRY(in_bounds("the bytes of a user's memory", memory.value, 1, mib(200).value));
  // In base64, an answer has to fit into a reply.
  SKERRY_TRY(in_bounds("the bytes of a file that is read", read.value, 1, mib(20).value));
  return in_bounds("the seconds that a command may take", patience.count(), 1, 300);
}

template <typename Work>
awaitable<std::invoke_result_t<Work>> FileCalls::aside(Work work) {
  if (sessions_ == nullptr) co_return work();
  auto working = sessions_->on_thread(std::move(work));
  co_return co_await std::move(working);
}

FileCalls::Awaited<run::FileWork> FileCalls::prepare(Scope scope, const Request& request) {
  const operation::Roots roots = operation::roots_of(request);
  run::FileWork work{.principal = std::move(scope.principal),
                     .workspace_quota = options_.workspace,
                     .memory_quota = options_.memory};
  if (roots.memory) work.memory = std::move(scope.user);
  // Without a user, a command that names memory/ says so in its output.
  const bool is_command = std::holds_alternative<operation::RunCommand>(request);
  if (roots.workspace || (is_command && !work.memory)) work.session = std::move(scope.session);
  if (!work.session && !work.memory) {
    co_return absl::PermissionDeniedError("memory/ is a user's: no user_id was given");
  }
  if (operation::is_change(request)) work.title = operation::title_of(request);
  if (size_of(request) <= kLarge) {
    auto encoded = operation::encode(request);
    if (!encoded.ok()) co_return encoded.status();
    work.operation = *std::move(encoded);
    co_return std::move(work);
  }
  auto encode = [&request]() -> Result<std::shared_ptr<const OwnedFd>> {
    SKERRY_ASSIGN(const std::string encoded, operation::encode(request));
    return sealed_file(encoded);
  };
  auto encoding = aside(std::move(encode));
  auto file = co_await std::move(encoding);
  if (!file.ok()) co_return file.status();
  work.large_operation = *std::move(file);
  co_return std::move(work);
}

// Also while it waits for its turn or a worker: then it has not begun, and is given up.
FileCalls::Awaited<sandbox::Outcome> FileCalls::with_patience(run::FileWork work) {
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto& reply = static_cast<const Reply&>(*work.observer);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  Result<sandbox::Outcome> outcome = absl::CancelledError("cancelled");
  const auto perform = [&]() -> awaitable<void> {
    auto performing = runner_.perform(std::move(work));
    outcome = co_await std::move(performing);
  };
  const auto give_up = [&]() -> awaitable<void> {
    timer.expires_after(options_.patience);
    auto waiting = timer.async_wait(use_awaitable);
    co_await std::move(waiting);
    if (!reply.has_started()) co_return;
    timer.expires_at(boost::asio::steady_timer::time_point::max());
    auto for_ever = timer.async_wait(use_awaitable);
    co_await std::move(for_ever);
  };
  auto performing = perform();
  auto giving_up = give_up();
  auto either = std::move(performing) || std::move(giving_up);
  const auto first = co_await std::move(either);
  if (first.index() == 0) co_return outcome;
  const bool is_done = outcome.ok() && outcome->kind == sandbox::OutcomeKind::kCompleted;
  if (is_done) co_return outcome;
  co_return absl::UnavailableError("busy: no turn for this call in " +
                                   std::to_string(options_.patience.count()) + " s; try again");
}

FileCalls::Awaited<Response> FileCalls::perform(Scope scope, Request request,
                                                std::chrono::milliseconds time) {
  const auto begun = std::chrono::steady_clock::now();
  access::Principal principal = scope.principal;
  principal.session = scope.session.text();
  auto responding = response_of(std::move(scope), request, time);
  auto response = co_await std::move(responding);
  if (audit_ != nullptr) {
    audit_->record(principal, {.action = action_of(request),
                               .object = object_of(request),
                               .outcome = absl::StatusCodeToString(response.status().code()),
                               .took = std::chrono::steady_clock::now() - begun});
  }
  co_return response;
}

FileCalls::Awaited<Response> FileCalls::response_of(Scope scope, const Request& request,
                                                    std::chrono::milliseconds time) {
  auto preparing = prepare(std::move(scope), request);
  auto work = co_await std::move(preparing);
  if (!work.ok()) co_return work.status();
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (loop::is_cancelled(state)) {
    co_return absl::CancelledError("cancelled");
  }
  Reply reply;
  work->time = time;
  work->observer = &reply;
  auto working = with_patience(*std::move(work));
  const auto outcome = co_await std::move(working);
  if (!outcome.ok()) co_return outcome.status();
  if (const Status status = status_of(*outcome); !status.ok()) co_return status;
  if (reply.was_cut()) co_return absl::InternalError("a worker's answer was too large");
  if (reply.text().size() <= kLarge) co_return operation::decode_response(reply.text(), request);
  auto decode = [&] { return operation::decode_response(reply.text(), request); };
  auto decoding = aside(std::move(decode));
  co_return co_await std::move(decoding);
}

template <typename Value>
FileCalls::Awaited<Value> FileCalls::perform_as(Scope scope, Request request) {
  auto performing = perform(std::move(scope), std::move(request), options_.patience);
  auto response = co_await std::move(performing);
  if (!response.ok()) co_return response.status();
  co_return std::get<Value>(*std::move(response));
}

FileCalls::Awaited<operation::Content> FileCalls::read(Scope scope, operation::ReadFile request) {
  return perform_as<operation::Content>(std::move(scope), std::move(request));
}

FileCalls::Awaited<operation::Written> FileCalls::write(Scope scope, operation::WriteFile request) {
  return perform_as<operation::Written>(std::move(scope), std::move(request));
}

FileCalls::Awaited<files::Listed> FileCalls::list(Scope scope, operation::ListFiles request) {
  return perform_as<files::Listed>(std::move(scope), std::move(request));
}

FileCalls::Awaited<operation::CommandOutput> FileCalls::run(Scope scope,
                                                            operation::RunCommand request,
                                                            std::chrono::seconds time) {
  auto performing =
      perform(std::move(scope), std::move(request), std::min(time, options_.patience));
  auto response = co_await std::move(performing);
  if (response.ok()) co_return std::get<operation::CommandOutput>(*std::move(response));
  if (response.status().code() != StatusCode::kDeadlineExceeded) co_return response.status();
  // It did not end by itself, and its output is lost.
  co_return operation::CommandOutput{.exit_code = operation::Command::kTimedOutExitCode,
                                     .is_timed_out = true};
}

FileCalls::Awaited<files::Found> FileCalls::search(Scope scope, operation::SearchFiles request) {
  return perform_as<files::Found>(std::move(scope), std::move(request));
}

FileCalls::Awaited<operation::Edited> FileCalls::edit(Scope scope, operation::EditFile request) {
  return perform_as<operation::Edited>(std::move(scope), std::move(request));
}

FileCalls::Awaited<operation::Written> FileCalls::move(Scope scope, operation::MoveFile request) {
  if (request.path.root() != request.to.root()) {
    co_return absl::InvalidArgumentError("a session's files and a user's memory are two");
  }
  auto moving = perform_as<operation::Written>(std::move(scope), std::move(request));
  co_return co_await std::move(moving);
}

FileCalls::Awaited<files::Deleted> FileCalls::remove(Scope scope, operation::DeleteFiles request) {
  return perform_as<files::Deleted>(std::move(scope), std::move(request));
}

}  // namespace skerry::workspace
