// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/health.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::grpc {
namespace {

namespace proto = ::grpc::health::v1;

// How soon a watcher learns of a change.
constexpr std::chrono::seconds kBetweenLooks{1};

}  // namespace

Health::Health(const Server& server, std::function<bool()> is_ready)
    : Service(proto::HealthCheckRequest::descriptor()->file()->service(0)),
      server_(server),
      is_ready_(std::move(is_ready)) {
  const MethodOptions open{.access = Access::kOpen, .max_message = 64 * 1024};
  unary<proto::HealthCheckRequest, Response>(
      "Check", open,
      [this](Call&, const proto::HealthCheckRequest& request, Response& response) -> Work {
        response.set_status(status_of(request.service()));
        if (response.status() == Response::SERVICE_UNKNOWN) {
          co_return absl::NotFoundError("no service of this name");
        }
        co_return ok_status();
      });
  streamed<proto::HealthCheckRequest, Response>(
      "Watch", open,
      [this](Call& call, const proto::HealthCheckRequest& request, Writer<Response>& writer) {
        return watch(call, request.service(), writer);
      });
}

Health::Response::ServingStatus Health::status_of(const std::string& service) const {
  const auto services = server_.services();
  const bool is_known =
      service.empty() || std::any_of(services.begin(), services.end(),
                                     [&](const Service* each) { return each->name() == service; });
  if (!is_known) return Response::SERVICE_UNKNOWN;
  return is_ready_() ? Response::SERVING : Response::NOT_SERVING;
}

Service::Work Health::watch(Call&, std::string service, Writer<Response>& writer) const {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  Response last;
  for (bool is_first = true;; is_first = false) {
    const auto now = status_of(service);
    if (is_first || now != last.status()) {
      last.set_status(now);
      writer.send(last);
    }
    timer.expires_after(kBetweenLooks);
    auto waiting = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    const auto [error] = co_await std::move(waiting);
    if (error) co_return absl::CancelledError("the client has gone");
  }
}

}  // namespace skerry::grpc
