// SPDX-License-Identifier: Apache-2.0
// Frames as a client may write them, in pieces, to a server that reads bodies and answers: memory
// is bounded, and everything ends with the connection.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/http/http2/http2_connection.h"
#include "skerry/http/http2/http2_request.h"
#include "skerry/http/http2/http2_session.h"

namespace {

using namespace skerry;  // NOLINT(google-build-using-namespace)

class Owner final : public http::Http2Session::Owner {
 public:
  Owner(boost::asio::io_context& io, const http::Router& router,
        std::shared_ptr<http::Connections> all)
      : io_(io), router_(router), all_(std::move(all)) {}
  void on_request(std::shared_ptr<http::Http2Stream> stream) override {
    boost::asio::co_spawn(io_, http::answer_http2(std::move(stream), router_, "peer", all_),
                          boost::asio::detached);
  }
  void on_output() override {}
  void on_trust() override {}
  void on_unsent() override {}

 private:
  boost::asio::io_context& io_;
  const http::Router& router_;
  std::shared_ptr<http::Connections> all_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const http::Router* const kRouter = [] {
    auto* router = new http::Router;
    router->add({.method = "POST",
                 .path = "/echo/{x}",
                 .summary = "",
                 .max_body = 1000,
                 .handler = [](http::Request request, http::EventStream&)
                     -> boost::asio::awaitable<std::optional<http::Response>> {
                   co_return http::Response{.body = std::move(request.body)};
                 }});
    return router;
  }();
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  boost::asio::io_context io;
  const auto all = std::make_shared<http::Connections>(http::ServerLimits{.header = kib(1)});
  Owner owner(io, *kRouter, all);
  {
    http::Http2Session session(io.get_executor(), *all, owner);
    bool goes_on = session.receive(http::kHttp2Preface);
    while (goes_on && !bytes.empty()) {
      const auto some = bytes.substr(0, piece);
      bytes.remove_prefix(some.size());
      goes_on = session.receive(some);
      io.poll();
      io.restart();
      while (!session.output().empty()) {
      }
      if (all->body_bytes() > 2'000'000 || session.unsent() > 4'000'000) std::abort();
    }
  }
  io.poll();
  if (all->body_bytes() != 0) std::abort();
  return 0;
}
