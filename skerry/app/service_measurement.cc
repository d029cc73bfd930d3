// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/service_measurement.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
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
#include <grpcpp/grpcpp.h>
#include <nlohmann/json.hpp>

#include "skerry/app/bench_directory.h"
#include "skerry/app/served_bench.h"
#include "skerry/base/descriptor_limit.h"

#include "shannon/agent.grpc.pb.h"

namespace skerry::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
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

class GrpcClient {
 public:
  explicit GrpcClient(const ServedBench& service)
      : key_(service.key()),
        stub_(shannon::agent::AgentService::NewStub(
            grpc::CreateChannel(fmt::format("127.0.0.1:{}", service.grpc_port()),
                                grpc::InsecureChannelCredentials()))) {
    request_.set_tool_name("python_executor");
    (*request_.mutable_parameters()->mutable_fields())["code"].set_string_value("print(2+2)");
  }

  Result<Samples> times(int rounds) {
    Samples samples;
    for (int i = 0; i < rounds; ++i) {
      grpc::ClientContext context;
      context.AddMetadata("x-api-key", key_);
      shannon::common::ToolResult answer;
      const auto begun = Clock::now();
      const grpc::Status status = stub_->ExecuteTool(&context, request_, &answer);
      samples.push_back(milliseconds_since(begun));
      if (!status.ok()) return absl::InternalError("gRPC: " + status.error_message());
      if (answer.status() != shannon::common::STATUS_CODE_OK) {
        return absl::InternalError("the tool failed: " + answer.error_message());
      }
    }
    return samples;
  }

 private:
  std::string key_;
  std::unique_ptr<shannon::agent::AgentService::Stub> stub_;
  shannon::agent::ToolCallRequest request_;
};

/// Asks for the same again and again, on so many connections at once, until it is told to stop.
class Load {
 public:
  Load(int port, std::string request, int connections) : port_(port), request_(std::move(request)) {
    for (int i = 0; i < connections; ++i) asio::co_spawn(io_, ask(), asio::detached);
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
  asio::awaitable<void> ask() {
    constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
    asio::ip::tcp::socket socket(io_);
    const asio::ip::tcp::endpoint there(asio::ip::address_v4::loopback(),
                                        static_cast<std::uint16_t>(port_));
    auto [refused] = co_await socket.async_connect(there, kTuple);
    boost::system::error_code error = refused;
    boost::beast::flat_buffer buffer;
    while (!error) {
      auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(request_), kTuple);
      http::response<http::string_body> answer;
      auto [unread, got] = co_await http::async_read(socket, buffer, answer, kTuple);
      error = unsent ? unsent : unread;
      const bool is_well = !error && answer.result() == http::status::ok;
      ++(is_well ? answered_ : failed_);
    }
  }

  int port_;
  std::string request_;
  asio::io_context io_{1};
  std::thread thread_;
  std::atomic<int> answered_{0};
  std::atomic<int> failed_{0};
};

Result<double> per_second(const ServedBench& service) {
  const Load load(service.http_port(), http_request(kRun, service.key(), kPrint, false), kAtOnce);
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
Result<double> busy_neighbour_ratio(const ServedBench& service, const std::string& code,
                                    int connections) {
  SKERRY_ASSIGN(const Samples alone, http_times(service, 500));
  const json body{{"code", code}, {"timeout", 20}};
  const Load load(service.http_port(), http_request(kRun, service.other_key(), body.dump(), false),
                  connections);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  SKERRY_ASSIGN(const Samples beside, http_times(service, 500));
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
  GrpcClient client(*service);
  SKERRY_TRY(client.times(200).status());
  SKERRY_ASSIGN(const Samples over_grpc, client.times(kLatencyRounds));
  fill_percentiles(over_grpc, m);
  SKERRY_TRY(http_times(*service, 200).status());
  SKERRY_ASSIGN(const Samples over_http, http_times(*service, kLatencyRounds));
  SKERRY_ASSIGN(m.per_second, per_second(*service));
  m.extra.emplace_back("http_p50_ms", median(over_http));
  m.extra.emplace_back("start_p50_ms", median(starts));
  Samples first_bytes;
  for (int i = 0; i < 20; ++i) {
    SKERRY_ASSIGN(const double took, first_byte_time(*service));
    first_bytes.push_back(took);
  }
  m.extra.emplace_back("first_byte_p50_ms", median(first_bytes));
  SKERRY_ASSIGN(const double prints, busy_neighbour_ratio(*service, "print(2+2)", kAtOnce));
  SKERRY_ASSIGN(const double loops, busy_neighbour_ratio(*service, "while True: pass", kAtOnce));
  m.extra.emplace_back("beside_prints", prints);
  m.extra.emplace_back("beside_loops", loops);
  m.ratio = std::max(prints, loops);
  SKERRY_ASSIGN(const double memory, memory_with_clients(*service));
  m.extra.emplace_back("resident_mib", memory);
  return m;
}

}  // namespace skerry::app
