// SPDX-License-Identifier: Apache-2.0
// `skerry top`: what a service does, seen through what it counts.
#include "skerry/app/commands/top_command.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "skerry/agent/http_exchange.h"
#include "skerry/app/commands/top_screen.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/loop/completion.h"
#include "skerry/metrics/sample.h"

namespace skerry::app {
namespace {

namespace asio = boost::asio;
using agent::HttpExchange;
using asio::awaitable;
using loop::kTuple;
using nlohmann::ordered_json;

constexpr std::size_t kMaxStatus = std::size_t{8} << 20;
constexpr std::chrono::seconds kPatience{5};

struct TopOptions {
  std::string url = "http://127.0.0.1:2113";
  std::string key;
  std::string authorities;
  std::string certificate;
  std::string certificate_key;
  double interval = 1;
  bool json = false;
  bool once = false;
};

/// Looks at a service again and again. Confined to the thread that calls `run`.
class Top {
 public:
  Top(const TopOptions& options, agent::Endpoint endpoint,
      std::unique_ptr<agent::TlsClientContext> tls)
      : options_(options),
        endpoint_(std::move(endpoint)),
        tls_(std::move(tls)),
        interval_(std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(options.interval))) {}

  Status run() {
    const bool is_live = !options_.once && !options_.json;
    asio::signal_set end(io_, SIGINT, SIGTERM, SIGHUP);
    end.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) io_.stop();
    });
    std::optional<Screen> screen;
    if (is_live) {
      // An address where nobody is should be told in the shell, not on a screen that goes.
      SKERRY_TRY(first_look());
      if (!before_) return ok_status();  // somebody ended it
      screen.emplace();
      if (screen->has_keyboard()) asio::co_spawn(io_, read_keys(), asio::detached);
      asio::co_spawn(io_, watch_size(), asio::detached);
    }
    asio::co_spawn(io_, is_live ? live() : lines(),
                   [this](const std::exception_ptr&, Status status) {
                     status_ = std::move(status);
                     io_.stop();
                   });
    io_.restart();
    io_.run();
    return status_;
  }

 private:
  awaitable<Result<metrics::Sample>> look() {
    HttpExchange exchange(io_.get_executor(), *tls_, endpoint_,
                          {.body = kMaxStatus,
                           .connect_time = kPatience,
                           .first_byte_time = kPatience,
                           .pause_time = kPatience,
                           .deadline = std::chrono::steady_clock::now() + 2 * kPatience,
                           .who = "the service at " + options_.url});
    HttpExchange::Headers headers{{"Accept", "application/json"}};
    if (!options_.key.empty()) headers.emplace_back("X-API-Key", options_.key);
    auto asking = exchange.get(endpoint_.path + "/status", std::move(headers));
    auto head = co_await std::move(asking);
    if (!head.ok()) co_return head.status();
    if (head->status == 401 || head->status == 403) {
      co_return absl::UnauthenticatedError(options_.url +
                                           " asks for a key: give one with --key or SKERRY_KEY");
    }
    if (head->status != 200) {
      co_return absl::UnavailableError(
          fmt::format("{}/status answers with status {}: is this the address of `skerry serve`?",
                      options_.url, head->status));
    }
    std::string text;
    for (;;) {
      auto reading = exchange.next();
      auto piece = co_await std::move(reading);
      if (!piece.ok()) co_return piece.status();
      if (!*piece) break;
      text += **piece;
    }
    const auto status = parse_json_object(text, "its status");
    if (!status.ok()) {
      co_return absl::UnavailableError(
          fmt::format("{}/status: {}", options_.url, message_of(status.status())));
    }
    co_return annotate(metrics::Sample::of(*status, std::chrono::system_clock::now()),
                       options_.url);
  }

  static Result<metrics::Sample> annotate(Result<metrics::Sample> sample, const std::string& url) {
    if (sample.ok()) return sample;
    return skerry::annotate(sample.status(), url);
  }

  Status first_look() {
    std::optional<Result<metrics::Sample>> seen;
    asio::co_spawn(io_, look(), [&seen](const std::exception_ptr&, Result<metrics::Sample> sample) {
      seen = std::move(sample);
    });
    while (!seen && io_.run_one() > 0) {
    }
    if (!seen) return ok_status();
    SKERRY_ASSIGN(before_, *std::move(seen));
    return ok_status();
  }

  awaitable<void> pause() {
    asio::steady_timer timer(io_, interval_);
    auto waiting = timer.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }

  /// JSON, or with --once the table, without a screen.
  awaitable<Status> lines() {
    auto looking = look();
    auto before = co_await std::move(looking);
    if (!before.ok()) co_return before.status();
    for (;;) {
      co_await pause();
      auto again = look();
      auto now = co_await std::move(again);
      if (!now.ok()) co_return now.status();
      const ordered_json told = metrics::document_of(*before, *now, options_.url);
      if (options_.json) {
        std::puts(dump_json(told).c_str());
      } else {
        for (const auto& line : lines_of(told, 10'000, 10'000)) std::puts(line.c_str());
      }
      if (std::fflush(stdout) != 0) {
        co_return absl::DataLossError("standard output could not be written");
      }
      if (options_.once) co_return ok_status();
      before = std::move(now);
    }
  }

  awaitable<Status> live() {
    draw();
    for (;;) {
      co_await pause();
      auto again = look();
      auto now = co_await std::move(again);
      if (now.ok()) {
        document_ = metrics::document_of(*before_, *now, options_.url);
        before_ = *std::move(now);
        trouble_.clear();
      } else {
        trouble_ = std::string(message_of(now.status()));
      }
      draw();
    }
  }

  void draw() const {
    Screen::draw(document_ ? &*document_ : nullptr, !trouble_.empty() ? trouble_
                                                    : document_       ? "q leaves"
                                                                      : "looking …");
  }

  awaitable<void> read_keys() {
    asio::posix::stream_descriptor keyboard(io_, ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    std::array<char, 64> keys{};
    for (;;) {
      auto reading = keyboard.async_read_some(asio::buffer(keys), kTuple);
      const auto [error, size] = co_await std::move(reading);
      const std::string_view typed(keys.data(), size);
      if (error || typed.find_first_of("qQ\x03\x04") != typed.npos) {
        io_.stop();
        co_return;
      }
    }
  }

  awaitable<void> watch_size() {
    asio::signal_set changed(io_, SIGWINCH);
    for (;;) {
      auto waiting = changed.async_wait(kTuple);
      (void)co_await std::move(waiting);
      draw();
    }
  }

  const TopOptions& options_;
  agent::Endpoint endpoint_;
  std::unique_ptr<agent::TlsClientContext> tls_;
  std::chrono::milliseconds interval_;
  std::optional<metrics::Sample> before_;
  std::optional<ordered_json> document_;
  std::string trouble_;
  Status status_;
  asio::io_context io_;  // last: coroutines that it ends refer to the others
};

Status top(const TopOptions& options) {
  // Written so that what is no number is out of bounds, too.
  if (!(options.interval >= 0.1 && options.interval <= 3600)) {
    return absl::InvalidArgumentError("--interval must be from 0.1 to 3600 seconds");
  }
  if (!options.once && !options.json && ::isatty(STDOUT_FILENO) != 1) {
    return absl::InvalidArgumentError(
        "standard output is no terminal; --once prints one table, --json a document a sample");
  }
  if (options.certificate.empty() != options.certificate_key.empty()) {
    return absl::InvalidArgumentError("--certificate and --certificate-key go together");
  }
  auto endpoint = agent::Endpoint::parse(options.url);
  if (!endpoint.ok()) return annotate(endpoint.status(), "--url");
  if (!options.key.empty() && !endpoint->is_secure && !endpoint->is_loopback()) {
    return absl::PermissionDeniedError(
        "a key would leave this machine unencrypted: give an https address, or no key");
  }
  SKERRY_ASSIGN(auto tls, agent::TlsClientContext::make({.authorities = options.authorities,
                                                         .certificate = options.certificate,
                                                         .key = options.certificate_key}));
  return Top(options, *std::move(endpoint), std::move(tls)).run();
}

}  // namespace

int top_main(int argc, char** argv) {
  TopOptions options;
  CLI::App program{"Watch a service: workers, sessions, rates, latency", "skerry top"};
  program.add_option("--url", options.url, "Where it serves its status [http://127.0.0.1:2113]")
      ->type_name("URL");
  program.add_option("--key", options.key, "The key to show, if it asks for one [SKERRY_KEY]")
      ->type_name("KEY");
  program
      .add_option("--ca", options.authorities,
                  "Trust what these authorities signed, in place of the machine's own (PEM)")
      ->type_name("FILE");
  program
      .add_option("--certificate", options.certificate,
                  "Show this certificate, if the service asks clients for one (PEM)")
      ->type_name("FILE");
  program
      .add_option("--certificate-key", options.certificate_key,
                  "The certificate's key (PEM, without a passphrase)")
      ->type_name("FILE");
  program.add_option("--interval", options.interval, "Seconds between two looks [1]")
      ->type_name("S");
  program.add_flag("--json", options.json, "Print a JSON document for each look, a line each");
  program.add_flag("--once", options.once, "Print what happens in one interval, and leave");
  program.footer(
      "q or Ctrl-C leaves. Latencies are of what came since the last look, as exact as the "
      "service's\nclasses are. Where clients need certificates, a port for metrics on loopback "
      "needs none.\n\nExamples:\n"
      "  skerry top\n"
      "  skerry top --url http://127.0.0.1:8000 --key KEY --interval 5\n"
      "  skerry top --once --json\n"
      "  skerry top --url https://skerry.example:8000 --ca ca.pem --certificate me.pem "
      "--certificate-key me.key\n");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 125;
  }
  if (const char* key = std::getenv("SKERRY_KEY"); key != nullptr && options.key.empty()) {
    options.key = key;
  }
  const Status status = top(options);
  return status.ok() ? 0 : report_failure(status);
}

}  // namespace skerry::app
