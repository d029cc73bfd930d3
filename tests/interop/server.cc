// SPDX-License-Identifier: Apache-2.0
// Serves grpc.testing.TestService on our gRPC server, for gRPC's own interop client:
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
//
// interop_server [CERTIFICATE KEY] prints its port, and ends with its standard input.

#include "skerry/grpc/server.h"

#include <cstdio>
#include <string>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/access/authorizer.h"
#include "skerry/grpc/reflection.h"
#include "skerry/http/server.h"

#include "interop/testing.pb.h"

namespace skerry {
namespace {

namespace asio = boost::asio;
namespace proto = ::grpc::testing;

constexpr const char* kEchoInitial = "x-grpc-test-echo-initial";
constexpr const char* kEchoTrailing = "x-grpc-test-echo-trailing-bin";

class Everyone final : public access::Authorizer {
 public:
  bool is_open() const override { return true; }
  Result<access::Principal> principal_of(std::string_view) const override {
    return access::Principal{.tenant = "default"};
  }
  Allowed allowed(const access::Principal&) const override { return {}; }
};

/// What every method does with the metadata that the interop client sends.
void echo_metadata(grpc::Call& call) {
  if (const auto value = call.metadata().get(kEchoInitial); !value.empty()) {
    call.add_initial_metadata(kEchoInitial, std::string(value));
  }
  if (const auto value = call.metadata().get(kEchoTrailing); !value.empty()) {
    call.add_trailer(kEchoTrailing, std::string(value));
  }
}

Status status_of(const proto::EchoStatus& wanted) {
  return {static_cast<StatusCode>(wanted.code()), wanted.message()};
}

template <typename Request>
Status check_compression(const grpc::Call& call, const Request& request) {
  const bool is_asked = request.has_expect_compressed();
  if (!is_asked || call.was_compressed() == request.expect_compressed().value()) return ok_status();
  return absl::InvalidArgumentError("the message is not compressed as it says");
}

class TestService final : public grpc::Service {
 public:
  TestService() : Service(proto::SimpleRequest::descriptor()->file()->service(0)) {
    constexpr grpc::MethodOptions kOpen{.access = grpc::Access::kOpen};
    unary<proto::Empty, proto::Empty>(
        "EmptyCall", kOpen, [](grpc::Call& call, const proto::Empty&, proto::Empty&) -> Work {
          echo_metadata(call);
          co_return ok_status();
        });
    for (const char* name : {"UnaryCall", "CacheableUnaryCall"}) {
      unary<proto::SimpleRequest, proto::SimpleResponse>(name, kOpen, answer);
    }
    streamed<proto::StreamingOutputCallRequest, Output>(
        "StreamingOutputCall", kOpen,
        [](grpc::Call& call, const proto::StreamingOutputCallRequest& request, Writer& writer) {
          return send(call, request, writer);
        });
    bidirectional<proto::StreamingInputCallRequest, proto::StreamingInputCallResponse>(
        "StreamingInputCall", kOpen, aggregate);
    bidirectional<proto::StreamingOutputCallRequest, Output>("FullDuplexCall", kOpen, full_duplex);
    bidirectional<proto::StreamingOutputCallRequest, Output>("HalfDuplexCall", kOpen, half_duplex);
  }

 private:
  using Output = proto::StreamingOutputCallResponse;
  using Writer = grpc::Writer<Output>;

  static Work answer(grpc::Call& call, const proto::SimpleRequest& request,
                     proto::SimpleResponse& response) {
    echo_metadata(call);
    if (Status checked = check_compression(call, request); !checked.ok()) co_return checked;
    if (request.response_compressed().value()) call.compress(grpc::Coding::kGzip);
    response.mutable_payload()->mutable_body()->resize(
        static_cast<std::size_t>(request.response_size()));
    co_return status_of(request.response_status());
  }

  static Work send(grpc::Call& call, const proto::StreamingOutputCallRequest& request,
                   Writer& writer) {
    echo_metadata(call);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (const auto& each : request.response_parameters()) {
      if (each.interval_us() > 0) {
        timer.expires_after(std::chrono::microseconds(each.interval_us()));
        co_await timer.async_wait(asio::use_awaitable);
      }
      call.compress(each.compressed().value() ? grpc::Coding::kGzip : grpc::Coding::kIdentity);
      Output output;
      output.mutable_payload()->mutable_body()->resize(static_cast<std::size_t>(each.size()));
      writer.send(output);
      auto draining = writer.drained(1 << 20);
      if (!co_await std::move(draining)) co_return absl::CancelledError("");
    }
    co_return status_of(request.response_status());
  }

  static Work aggregate(grpc::Call& call, grpc::Writer<proto::StreamingInputCallResponse>& writer) {
    echo_metadata(call);
    proto::StreamingInputCallResponse response;
    for (;;) {
      proto::StreamingInputCallRequest request;
      auto reading = call.read(request);
      const auto more = co_await std::move(reading);
      if (!more.ok()) co_return more.status();
      if (!*more) break;
      if (Status checked = check_compression(call, request); !checked.ok()) co_return checked;
      response.set_aggregated_payload_size(response.aggregated_payload_size() +
                                           static_cast<int>(request.payload().body().size()));
    }
    writer.send(response);
    co_return ok_status();
  }

  static Work full_duplex(grpc::Call& call, Writer& writer) {
    for (;;) {
      proto::StreamingOutputCallRequest request;
      auto reading = call.read(request);
      const auto more = co_await std::move(reading);
      if (!more.ok()) co_return more.status();
      if (!*more) co_return ok_status();
      auto sending = send(call, request, writer);
      if (Status sent = co_await std::move(sending); !sent.ok()) co_return sent;
    }
  }

  static Work half_duplex(grpc::Call& call, Writer& writer) {
    std::vector<proto::StreamingOutputCallRequest> all;
    for (;;) {
      proto::StreamingOutputCallRequest request;
      auto reading = call.read(request);
      const auto more = co_await std::move(reading);
      if (!more.ok()) co_return more.status();
      if (!*more) break;
      all.push_back(std::move(request));
    }
    for (const auto& request : all) {
      auto sending = send(call, request, writer);
      if (Status sent = co_await std::move(sending); !sent.ok()) co_return sent;
    }
    co_return ok_status();
  }
};

Status serve(int argc, char** argv) {
  asio::io_context io;
  loop::Pool pool(1);
  const Everyone everyone;
  grpc::Server calls(everyone, pool, {});
  const TestService tests;
  calls.add(tests);
  std::shared_ptr<http::Tls> tls;
  if (argc == 3) {
    SKERRY_ASSIGN(auto identity, http::Tls::load({.certificate = argv[1], .key = argv[2]}));
    tls = std::make_shared<http::Tls>(std::move(identity));
  }
  SKERRY_ASSIGN(const auto address, http::Address::parse("127.0.0.1:0"));
  SKERRY_ASSIGN(
      const auto server,
      http::Server::start(io, {{.address = address, .offer = {.calls = &calls}, .tls = tls}}, {}));
  std::printf("%d\n", server->ports()[0]);
  std::fflush(stdout);
  asio::posix::stream_descriptor input(io, ::dup(STDIN_FILENO));
  input.async_wait(asio::posix::stream_descriptor::wait_read,
                   [&io](const boost::system::error_code&) { io.stop(); });
  io.run();
  return ok_status();
}

}  // namespace
}  // namespace skerry

int main(int argc, char** argv) {
  if (const skerry::Status served = skerry::serve(argc, argv); !served.ok()) {
    std::fprintf(stderr, "%s\n", std::string(served.message()).c_str());
    return 1;
  }
  return 0;
}
