// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/server.h"

#include <exception>
#include <utility>

#include <absl/cleanup/cleanup.h>
#include <boost/asio/this_coro.hpp>

#include "skerry/access/trace.h"
#include "skerry/base/utf8.h"
#include "skerry/grpc/protocol.h"
#include "skerry/http/request.h"
#include "skerry/loop/deadline.h"
#include "skerry/loop/lag_meter.h"

namespace skerry::grpc {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kShownName = 128;
// How soon the streams of a key that was revoked end.
constexpr std::chrono::seconds kKeyCheck{2};

}  // namespace

std::vector<const Service*> Server::services() const {
  std::vector<const Service*> all;
  all.reserve(services_.size());
  for (const auto& [name, service] : services_) all.push_back(service);
  return all;
}

bool Server::is_call(const http::RequestHead& head) const {
  return grpc::is_call(head.headers.get("content-type"));
}

Result<const Service::Method*> Server::method_of(const http::RequestHead& head) const {
  std::string_view path = head.target;
  const auto slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) {
    return absl::UnimplementedError("the path names no method");
  }
  const std::string_view name = path.substr(1, slash - 1);
  const auto service = services_.find(name);
  if (service == services_.end()) {
    return absl::UnimplementedError("unknown service " + to_utf8(name.substr(0, kShownName)));
  }
  const std::string_view method_name = path.substr(slash + 1);
  const Service::Method* method = service->second->find(method_name);
  if (method == nullptr) {
    return absl::UnimplementedError("unknown method " + to_utf8(method_name.substr(0, kShownName)) +
                                    " of service " + std::string(name));
  }
  return method;
}

Result<access::Principal> Server::principal_of(const http::RequestHead& head,
                                               const Service::Method& method,
                                               const std::string& peer) const {
  if (method.options.access == Access::kOpen) return access::Principal();
  auto principal = authorizer_.principal_of(http::api_key_in(head.headers));
  if (!principal.ok()) {
    authorizer_.refused(peer, principal.status());
    return principal;
  }
  if (method.options.access == Access::kRun) SKERRY_TRY(principal->check_may_run());
  principal->request = http::request_id_of(head.headers.get("x-request-id"));
  principal->trace = access::trace_for(head.headers.get("traceparent"));
  return principal;
}

awaitable<void> Server::serve(std::shared_ptr<http::Http2Stream> stream, std::string peer) {
  ++under_way_;
  const absl::Cleanup leave = [this] { --under_way_; };
  const http::RequestHead& head = stream->head();
  loop::set_activity(head.target);
  const auto coding = coding_of(head.headers.get("grpc-encoding"));
  auto method = method_of(head);
  Call::Options options{.patience = options_.unary_patience};
  if (method.ok()) {
    options.max_message = (*method)->options.max_message;
    if ((*method)->streams_requests) options.patience = options_.stream_patience;
  }
  Call call(stream, pool_, coding.ok() ? *coding : Coding::kIdentity, options);
  if (head.method != "POST") {
    stream->respond(405, {{"allow", "POST"}}, http::Http2Stream::End::kYes);
  } else if (stream->head_fault() != http::Http2Stream::HeadFault::kNone) {
    call.finish(
        absl::ResourceExhaustedError(stream->head_fault() == http::Http2Stream::HeadFault::kTooLarge
                                         ? "the call's metadata is too large"
                                         : "other requests take all memory for these"));
  } else if (!method.ok()) {
    call.finish(method.status());
  } else if (!coding.ok()) {
    call.finish(coding.status());
  } else {
    auto handling = handle(stream, **method, call, peer);
    call.finish(co_await std::move(handling));
  }
}

awaitable<Status> Server::handle(const std::shared_ptr<http::Http2Stream>& stream,
                                 const Service::Method& method, Call& call,
                                 const std::string& peer) {
  auto principal = principal_of(stream->head(), method, peer);
  if (!principal.ok()) co_return principal.status();
  if (method.options.access != Access::kOpen) stream->trust();
  call.set_principal(*std::move(principal));
  const auto timeout = timeout_in(stream->head().headers);
  if (!timeout.ok()) co_return timeout.status();
  // A handler that is cancelled has a status like any other.
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  Status ended_by;  // what has cancelled the handler, if something has
  const auto end = [&](Status why) {
    ended_by = std::move(why);
    stream->cancel();
  };
  loop::Deadline deadline(
      executor, [&] { end(absl::DeadlineExceededError("the client's deadline has passed")); });
  if (*timeout) {
    call.set_deadline(std::chrono::steady_clock::now() + **timeout);
    deadline.set(*call.deadline());
  }
  loop::Deadline key_check(executor, [&] {
    const auto still = authorizer_.principal_of(http::api_key_in(stream->head().headers));
    if (still.ok()) {
      key_check.set_after(kKeyCheck);
    } else {
      end(still.status());
    }
  });
  if (method.streams_responses && method.options.access != Access::kOpen) {
    key_check.set_after(kKeyCheck);
  }
  try {
    auto handling = method.handle(call);
    const Status status = co_await std::move(handling);
    co_return ended_by.ok() ? status : ended_by;
  } catch (const std::exception&) {
    co_return absl::InternalError("the call could not be carried out");
  }
}

}  // namespace skerry::grpc
