// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/service/service_measurement.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/base/os/descriptor_limit.h"
#include "skerry/bench/bench_directory.h"
#include "skerry/bench/service/served_bench.h"
#include "skerry/grpc/framing.h"
#include "skerry/http/http2/http2_client.h"

#include "shannon/agent.pb.h"

namespace skerry::bench {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::string_view kRun = "/v1/run";
constexpr std::string_view kPrint = R"json({"code":"print(2+2)"})json";
constexpr int kLatencyRounds = 3000;
constexpr int kAtOnce = 8;
constexpr std::chrono::seconds kThroughputTime{4};
constexpr int kStreams = 1000;
constexpr int kIdle = 2000;

/// One run after the other over one connection, as often as `rounds` says.
Result<Samples> http_times(const ServedBench& service, int rounds) {
  asio::io_context io;
  SKERRY_ASSIGN(BenchConnection connection, BenchConnection::open(io, service.http_port()));
  Samples samples;
  for (int i = 0; i < rounds; ++i) {
    const auto begun = Clock::now();
    SKERRY_ASSIGN(const std::string answer, connection.ask(kRun, service.key(), kPrint));
    samples.push_back(milliseconds_since(begun));
    if (answer.find(R"("stdout":"4\n")") == answer.npos) {
      return absl::InternalError("a print printed something else: " + answer);
    }
  }
  return samples;
}

/// A fresh print over gRPC, as `ExecuteTool` has it.
http::RequestHead grpc_head(const std::string& key) {
  return {
      .method = "POST",
      .target = "/shannon.agent.AgentService/ExecuteTool",
      .host = "127.0.0.1",
      .headers = {{"content-type", "application/grpc"}, {"te", "trailers"}, {"x-api-key", key}}};
}

std::string grpc_print() {
  ::shannon::agent::ToolCallRequest request;
  request.set_tool_name("python_executor");
  (*request.mutable_parameters()->mutable_fields())["code"].set_string_value("print(2+2)");
  return grpc::framed(request, grpc::Coding::kIdentity);
}

Status check_grpc_reply(const http::Http2Client::Reply& reply) {
  ::shannon::common::ToolResult result;
  constexpr std::size_t kPrefix = 5;
  const bool is_there = reply.trailers.get("grpc-status") == "0" && reply.body.size() > kPrefix &&
                        result.ParseFromString(reply.body.substr(kPrefix));
  if (!is_there) {
    return absl::InternalError(fmt::format("gRPC: status {} \"{}\"",
                                           reply.headers.get("grpc-status"),
                                           reply.headers.get("grpc-message")));
  }
  if (result.status() == ::shannon::common::STATUS_CODE_OK) return ok_status();
  return absl::InternalError("the tool failed: " + result.error_message());
}

Result<Samples> grpc_times(const ServedBench& service, int rounds) {
  SKERRY_ASSIGN(const auto client, http::BlockingHttp2Client::connect(service.grpc_port()));
  const http::RequestHead head = grpc_head(service.key());
  const std::string body = grpc_print();
  Samples samples;
  for (int i = 0; i < rounds; ++i) {
    const auto begun = Clock::now();
    SKERRY_ASSIGN(const auto reply, client->ask(head, body));
    samples.push_back(milliseconds_since(begun));
    SKERRY_TRY(check_grpc_reply(reply));
  }
  return samples;
}

/// Asks for the same again and again, on so many connections at once, until it ends. Over HTTP/1.1,
/// or gRPC.
class Load {
 public:
  struct Request {
    int port = 0;
    std::string text;                            ///< of HTTP/1.1
    std::optional<http::RequestHead> call = {};  ///< or the head of a call with `text` as its body
  };
  Load(Request request, int connections) : request_(std::move(request)) {
    for (int i = 0; i < connections; ++i) {
      auto asking = request_.call ? call() : ask();
      asio::co_spawn(io_, std::move(asking), asio::detached);
    }
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Load() {
    io_.stop();
    thread_.join();
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  int answered() const { return answered_; }
  int failed() const { return failed_; }

 private:
  static constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

  asio::awaitable<boost::system::error_code> connect(asio::ip::tcp::socket& socket) {
    const asio::ip::tcp::endpoint there(asio::ip::address_v4::loopback(),
                                        static_cast<std::uint16_t>(request_.port));
    auto connecting = socket.async_connect(there, kTuple);
    const auto [refused] = co_await std::move(connecting);
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return refused;
  }

  asio::awaitable<void> ask() {
    asio::ip::tcp::socket socket(io_);
    auto connecting = connect(socket);
    boost::system::error_code error = co_await std::move(connecting);
    boost::beast::flat_buffer buffer;
    while (!error) {
      auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(request_.text), kTuple);
      bhttp::response<bhttp::string_body> answer;
      auto [unread, got] = co_await bhttp::async_read(socket, buffer, answer, kTuple);
      error = unsent ? unsent : unread;
      const bool is_well = !error && answer.result() == bhttp::status::ok;
      ++(is_well ? answered_ : failed_);
    }
  }

  asio::awaitable<void> call() {
    asio::ip::tcp::socket socket(io_);
    auto connecting = connect(socket);
    boost::system::error_code error = co_await std::move(connecting);
    http::Http2Client client;
    std::array<char, 16384> buffer;
    while (!error) {
      const auto request = client.submit(*request_.call, request_.text);
      std::optional<http::Http2Client::Reply> reply;
      while (!error && !reply) {
        const std::string bytes = client.output();
        auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
        reply = client.take(request);
        if (reply) break;
        auto [unread, got] = co_await socket.async_read_some(asio::buffer(buffer), kTuple);
        error = unsent ? unsent : unread;
        if (!error && !client.receive({buffer.data(), got}).ok()) co_return;
        reply = client.take(request);
      }
      ++(reply && check_grpc_reply(*reply).ok() ? answered_ : failed_);
    }
  }

  Request request_;
  asio::io_context io_{1};
  std::thread thread_;
  std::atomic<int> answered_{0};
  std::atomic<int> failed_{0};
};

Result<double> run_rate(Load::Request request) {
  const Load load(std::move(request), kAtOnce);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const int before = load.answered();
  const auto begun = Clock::now();
  std::this_thread::sleep_for(kThroughputTime);
  const double rate = 1000 * (load.answered() - before) / milliseconds_since(begun);
  if (load.failed() > 0) return absl::InternalError("runs failed under load");
  return rate;
}

/// From the start of its process to the first run's answer.
Result<double> start_time(const runtime::Home& home, const std::filesystem::path& own) {
  const auto begun = Clock::now();
  SKERRY_ASSIGN(const auto service, ServedBench::start(home, own));
  SKERRY_TRY(http_times(*service, 1).status());
  return milliseconds_since(begun);
}

/// From a print that is flushed to its event at the client. The guest's clock is the host's.
Result<double> first_byte_time(const ServedBench& service) {
  asio::io_context io;
  SKERRY_ASSIGN(BenchConnection connection, BenchConnection::open(io, service.http_port()));
  const json body{{"code",
                   "import time\ntime.sleep(0.02)\nprint(time.time_ns(), flush=True)\n"
                   "time.sleep(0.1)"}};
  SKERRY_TRY(connection.ask_for_events(kRun, service.key(), body.dump()));
  std::string text;
  for (;;) {
    SKERRY_ASSIGN(const std::string more, connection.next_events());
    if (more.empty()) return absl::InternalError("the stream ended without output: " + text);
    text += more;
    constexpr std::string_view kBefore = R"(data: {"text":")";
    const auto at = text.find(kBefore);
    if (at == text.npos || text.find("\n\n", at) == text.npos) continue;
    const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
    const double printed = std::strtod(text.c_str() + at + kBefore.size(), nullptr);
    return (static_cast<double>(now.count()) - printed) / 1e6;
  }
}

/// The service's memory in MiB with idle connections and streams of one task's events, all of which
/// must tell of its end.
Result<double> memory_with_clients(const ServedBench& service) {
  asio::io_context io;
  std::vector<BenchConnection> idle;
  for (int i = 0; i < kIdle; ++i) {
    SKERRY_ASSIGN(BenchConnection each, BenchConnection::open(io, service.http_port()));
    SKERRY_TRY(each.ask("/health/live", service.key(), {}).status());
    idle.push_back(std::move(each));
  }
  const json task{{"query", "Execute Python: import time; time.sleep(5); print('over')"}};
  SKERRY_ASSIGN(const std::string answer,
                idle.front().ask("/api/v1/tasks", service.key(), task.dump()));
  const std::string id = json::parse(answer).value("task_id", "");
  std::vector<BenchConnection> streams;
  for (int i = 0; i < kStreams; ++i) {
    SKERRY_ASSIGN(BenchConnection each, BenchConnection::open(io, service.http_port()));
    SKERRY_TRY(each.ask_for_events("/api/v1/stream/sse?workflow_id=" + id, service.key(), {}));
    streams.push_back(std::move(each));
  }
  SKERRY_ASSIGN(const double resident, service.resident_mib());
  for (BenchConnection& each : streams) {
    std::string text;
    for (std::string more = "-"; !more.empty(); text += more) {
      SKERRY_ASSIGN(more, each.next_events());
    }
    if (text.find("[DONE]") == text.npos) {
      return absl::InternalError("a stream ended before its task did: " + text);
    }
  }
  return resident;
}

/// How much slower one tenant's runs are while another keeps all workers that it may have busy.
Result<double> busy_neighbour_ratio(Result<Samples> (*times)(const ServedBench&, int),
                                    const ServedBench& service, const std::string& code,
                                    int connections) {
  SKERRY_ASSIGN(const Samples alone, times(service, 500));
  const json body{{"code", code}, {"timeout", 20}};
  const Load load({.port = service.http_port(),
                   .text = http_request(kRun, service.other_key(), body.dump(), false)},
                  connections);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  SKERRY_ASSIGN(const Samples beside, times(service, 500));
  return median(beside) / median(alone);
}

}  // namespace

Result<Measurement> measure_service(const runtime::Home& home) {
  SKERRY_TRY(allow_many_descriptors());
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  Samples starts;
  for (int i = 0; i < 5; ++i) {
    SKERRY_ASSIGN(const double took, start_time(home, directory->path() / std::to_string(i)));
    starts.push_back(took);
  }
  SKERRY_ASSIGN(const auto service, ServedBench::start(home, directory->path() / "service"));
  Measurement m;
  SKERRY_TRY(grpc_times(*service, 200).status());
  SKERRY_ASSIGN(const Samples over_grpc, grpc_times(*service, kLatencyRounds));
  fill_percentiles(over_grpc, m);
  SKERRY_TRY(http_times(*service, 200).status());
  SKERRY_ASSIGN(const Samples over_http, http_times(*service, kLatencyRounds));
  SKERRY_ASSIGN(m.per_second,
                run_rate({.port = service->http_port(),
                          .text = http_request(kRun, service->key(), kPrint, false)}));
  SKERRY_ASSIGN(const double calls_per_second, run_rate({.port = service->grpc_port(),
                                                         .text = grpc_print(),
                                                         .call = grpc_head(service->key())}));
  m.extra.emplace_back("http_p50_ms", median(over_http));
  m.extra.emplace_back("grpc_per_second", calls_per_second);
  m.extra.emplace_back("start_p50_ms", median(starts));
  Samples first_bytes;
  for (int i = 0; i < 20; ++i) {
    SKERRY_ASSIGN(const double took, first_byte_time(*service));
    first_bytes.push_back(took);
  }
  m.extra.emplace_back("first_byte_p50_ms", median(first_bytes));
  for (const auto& [name, times, code] :
       {std::tuple("beside_prints", &http_times, "print(2+2)"),
        std::tuple("beside_loops", &http_times, "while True: pass"),
        std::tuple("grpc_beside_prints", &grpc_times, "print(2+2)")}) {
    SKERRY_ASSIGN(const double ratio, busy_neighbour_ratio(times, *service, code, kAtOnce));
    m.extra.emplace_back(name, ratio);
    m.ratio = std::max(m.ratio.value_or(0), ratio);
  }
  SKERRY_ASSIGN(const double memory, memory_with_clients(*service));
  m.extra.emplace_back("resident_mib", memory);
  return m;
}

}  // namespace skerry::bench
