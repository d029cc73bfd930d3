// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/access/authorizer.h"
#include "skerry/grpc/service.h"
#include "skerry/http/offer.h"
#include "skerry/loop/pool.h"

namespace skerry::grpc {

/// Serves gRPC over the HTTP/2 of `http::Server`. The key is checked here, before a message is
/// read, for every method alike. Confined to the event loop's thread.
class Server final : public http::CallServer {
 public:
  struct Options {
    std::chrono::milliseconds unary_patience{60'000};    ///< until a call's one message is there
    std::chrono::milliseconds stream_patience{600'000};  ///< between messages of a client's stream
  };
  /// Authorizer and pool must outlive it.
  Server(const access::Authorizer& authorizer, loop::Pool& pool, Options options)
      : authorizer_(authorizer), pool_(pool), options_(options) {}

  /// The service must outlive it.
  void add(const Service& service) { services_[service.name()] = &service; }
  /// By name.
  std::vector<const Service*> services() const;

  bool is_call(const http::RequestHead& head) const override;
  boost::asio::awaitable<void> serve(std::shared_ptr<http::Http2Stream> stream,
                                     std::string peer) override;

  /// Calls that are being answered.
  int under_way() const { return under_way_; }

 private:
  Result<const Service::Method*> method_of(const http::RequestHead& head) const;
  Result<access::Principal> principal_of(const http::RequestHead& head,
                                         const Service::Method& method,
                                         const std::string& peer) const;
  boost::asio::awaitable<Status> handle(const std::shared_ptr<http::Http2Stream>& stream,
                                        const Service::Method& method, Call& call,
                                        const std::string& peer);

  const access::Authorizer& authorizer_;
  loop::Pool& pool_;
  Options options_;
  std::map<std::string, const Service*, std::less<>> services_;
  int under_way_ = 0;
};

}  // namespace skerry::grpc
