// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/service/served_bench.h"

#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "skerry/access/key_file.h"
#include "skerry/base/os/file.h"
#include "skerry/base/os/program.h"

namespace skerry::bench {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartTime{30};

Status status_of(const char* what, const error_code& error) {
  return error ? absl::UnavailableError(fmt::format("{}: {}", what, error.message())) : ok_status();
}

Result<std::string> add_key(const runtime::Home& home, const char* tenant) {
  SKERRY_ASSIGN(const access::NewKey made, access::make_key(tenant, "bench", {}));
  SKERRY_TRY(access::KeyFile(home.keys()).add(made.key));
  return made.text;
}

/// The port in "skerry: HTTP on 127.0.0.1:8000"; none in another line.
std::optional<int> port_in(std::string_view line, std::string_view what) {
  if (!line.starts_with(fmt::format("skerry: {} on ", what))) return std::nullopt;
  const std::string_view digits = line.substr(line.rfind(':') + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<ServedBench>> ServedBench::start(const runtime::Home& home,
                                                        const fs::path& own) {
  auto bench = std::make_unique<ServedBench>();
  SKERRY_TRY(bench->begin(home, runtime::Home{own}));
  return bench;
}

Status ServedBench::begin(const runtime::Home& home, const runtime::Home& own) {
  std::error_code error;
  fs::create_directories(own.root, error);
  for (const auto& [from, to] : {std::pair(home.root / "runtimes", own.root / "runtimes"),
                                 std::pair(home.native_cache(), own.native_cache()),
                                 std::pair(home.templates(), own.templates())}) {
    if (!error) fs::create_symlink(from, to, error);
  }
  if (error) return absl::InternalError("making a home for the bench: " + error.message());
  std::ofstream(own.root / "empty.yaml").close();
  SKERRY_ASSIGN(key_, add_key(own, "one"));
  SKERRY_ASSIGN(other_key_, add_key(own, "two"));
  SKERRY_ASSIGN(const auto program, program_beside("skerry-service"));
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  words_ = OwnedFd(ends[0]);
  const OwnedFd writer(ends[1]);
  SKERRY_ASSIGN(Child service,
                start_program({.program = program,
                               .arguments = {"--config", (own.root / "empty.yaml").native(),
                                             "--grpc", "127.0.0.1:0", "--orchestrator",
                                             "127.0.0.1:0", "--http", "127.0.0.1:0"},
                               .descriptors = {{.from = writer.get(), .to = STDERR_FILENO}},
                               .environment = {"SKERRY_HOME=" + own.root.native()}}));
  service_.emplace(std::move(service));
  return read_addresses(words_.get());
}

Status ServedBench::read_addresses(int from) {
  const auto until = Clock::now() + kStartTime;
  std::string text;
  while (http_port_ == 0 || grpc_port_ == 0) {
    pollfd coming{from, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int wait = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    SKERRY_ASSIGN(const int ready,
                  syscall_result("poll", {}, [&] { return ::poll(&coming, 1, wait); }));
    char piece[1024];
    const ssize_t got = ready > 0 ? ::read(from, piece, sizeof piece) : 0;
    if (got <= 0) return absl::UnavailableError("the service does not start: " + text);
    text.append(piece, static_cast<std::size_t>(got));
    for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      const std::string_view line = std::string_view(text).substr(0, end);
      http_port_ = port_in(line, "HTTP").value_or(http_port_);
      grpc_port_ = port_in(line, "gRPC").value_or(grpc_port_);
      text.erase(0, end + 1);
    }
  }
  return ok_status();
}

Result<double> ServedBench::resident_mib() const {
  std::ifstream status(fmt::format("/proc/{}/status", service_->pid()));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return absl::UnavailableError("the service is gone");
}

std::string http_request(std::string_view target, const std::string& key, std::string_view body,
                         bool wants_events) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {}\r\n{}{}\r\n{}",
      body.empty() ? "GET" : "POST", target, key,
      wants_events ? "Accept: text/event-stream\r\n" : "",
      body.empty()
          ? ""
          : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size()),
      body);
}

Result<BenchConnection> BenchConnection::open(asio::io_context& io, int port) {
  asio::ip::tcp::socket socket(io);
  error_code error;
  socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)}, error);
  SKERRY_TRY(status_of("connecting to the service", error));
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  return BenchConnection(std::move(socket));
}

Status BenchConnection::send(std::string_view target, const std::string& key, std::string_view body,
                             bool events) {
  error_code error;
  asio::write(socket_, asio::buffer(http_request(target, key, body, events)), error);
  return status_of("writing to the service", error);
}

Result<std::string> BenchConnection::ask(std::string_view target, const std::string& key,
                                         std::string_view body) {
  SKERRY_TRY(send(target, key, body, false));
  bhttp::response<bhttp::string_body> answer;
  error_code error;
  bhttp::read(socket_, buffer_, answer, error);
  SKERRY_TRY(status_of("reading from the service", error));
  if (answer.result() != bhttp::status::ok) {
    return absl::InternalError(
        fmt::format("the service answered {}: {}", answer.result_int(), answer.body()));
  }
  return std::move(answer.body());
}

Status BenchConnection::ask_for_events(std::string_view target, const std::string& key,
                                       std::string_view body) {
  SKERRY_TRY(send(target, key, body, true));
  bhttp::response_parser<bhttp::buffer_body> parser;
  error_code error;
  bhttp::read_header(socket_, buffer_, parser, error);
  SKERRY_TRY(status_of("reading from the service", error));
  if (parser.get().result() == bhttp::status::ok) return ok_status();
  return absl::InternalError(fmt::format("the service answered {}", parser.get().result_int()));
}

Result<std::string> BenchConnection::next_events() {
  if (buffer_.size() == 0) {
    error_code error;
    const std::size_t got = socket_.read_some(buffer_.prepare(4096), error);
    if (error == asio::error::eof) return std::string();
    SKERRY_TRY(status_of("reading from the service", error));
    buffer_.commit(got);
  }
  const auto held = buffer_.cdata();
  std::string text(static_cast<const char*>(held.data()), held.size());
  buffer_.consume(text.size());
  return text;
}

}  // namespace skerry::bench
