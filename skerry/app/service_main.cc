// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <signal.h>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/commands/top_command.h"
#include "skerry/app/model_environment.h"
#include "skerry/app/service.h"
#include "skerry/app/session_run.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/descriptor_limit.h"
#include "skerry/config/config.h"
#include "skerry/runtime/registry.h"

namespace skerry::app {
namespace {

using config::Config;
using nlohmann::json;

/// What the command line says of the settings: the rest is said elsewhere.
struct Options {
  std::vector<std::string> files;
  std::vector<std::string> grpc;
  std::vector<std::string> orchestrator;
  std::vector<std::string> http;
  std::vector<std::string> metrics;
  std::optional<int> workers;
  std::vector<std::string> module_directories;
  std::string interpreter;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  bool require_walls = false;
  bool requires_key = false;
  bool mcp_conformance = false;
  bool json = false;
};

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<Config> config_of(const Options& options) {
  const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
  SKERRY_ASSIGN(auto config,
                Config::load(files.empty() ? Config::default_files(variable) : files, variable));
  const auto set = [&config](const char* option, const char* key, const json& value) -> Status {
    const bool is_given = value != "" && value != json::array() && value != false;
    return is_given ? annotate(config.set(key, value, option), option) : ok_status();
  };
  SKERRY_TRY(set("--grpc", "service.grpc", options.grpc));
  SKERRY_TRY(set("--orchestrator", "service.orchestrator", options.orchestrator));
  SKERRY_TRY(set("--http", "service.http", options.http));
  // Given addresses replace the defaults, of which those for metrics are some.
  if (!options.http.empty()) SKERRY_TRY(config.set("service.metrics", json::array(), "--http"));
  SKERRY_TRY(set("--metrics", "service.metrics", options.metrics));
  SKERRY_TRY(set("--module-dir", "wasi.allowed_paths", options.module_directories));
  SKERRY_TRY(set("--python-wasm", "tools.python_wasi_runner.interpreter", options.interpreter));
  SKERRY_TRY(set("--require-walls", "service.require_walls", options.require_walls));
  SKERRY_TRY(set("--require-key", "service.require_key", options.requires_key));
  SKERRY_TRY(set("--mcp-conformance", "service.mcp_conformance", options.mcp_conformance));
  SKERRY_TRY(set("--tls-cert", "service.tls.certificate", options.tls_certificate));
  SKERRY_TRY(set("--tls-key", "service.tls.key", options.tls_key));
  SKERRY_TRY(set("--tls-client-ca", "service.tls.client_ca", options.tls_client_ca));
  if (options.workers) SKERRY_TRY(set("--workers", "service.workers", *options.workers));
  return config;
}

Status serve(const Options& options) {
  SKERRY_ASSIGN(const auto manager, NotifySocket::take_from_environment());
  SKERRY_ASSIGN(const Config config, config_of(options));
  SKERRY_ASSIGN(auto model, take_model_setting(config.settings()));
  SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
  const runtime::Installation installation = runtime::bundled_in(home);
  // Sets the runtimes up if that was not done.
  const auto metering =
      config.settings().limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  SKERRY_TRY(ready_runtimes(installation, metering));
  SKERRY_TRY(allow_many_descriptors());
  Service service;
  SKERRY_TRY(service.start(config.settings(), installation, std::move(model)));
  for (const std::string& line : config.notes()) service.tell(line);
  service.run(
      [&options]() -> Result<config::Settings> {
        SKERRY_ASSIGN(const Config again, config_of(options));
        return again.settings();
      },
      manager);
  return ok_status();
}

/// The service's parts that MCP clients use, without any address.
Status serve_mcp(const Options& options) {
  SKERRY_ASSIGN(const Config config, config_of(options));
  SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
  const runtime::Installation installation = runtime::bundled_in(home);
  const auto metering =
      config.settings().limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  SKERRY_TRY(ready_runtimes(installation, metering));
  Service service;
  SKERRY_TRY(service.start_private(config.settings(), installation));
  service.serve_stdio();
  return ok_status();
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.is_null() ? "-" : value.dump();
  std::string all;
  for (const json& each : value) all += (all.empty() ? "" : " ") + text_of(each);
  return all.empty() ? "-" : all;
}

Status show(const Options& options) {
  SKERRY_ASSIGN(const Config config, config_of(options));
  for (const std::string& line : config.notes()) {
    std::fputs(("skerry: " + line + "\n").c_str(), stderr);
  }
  if (options.json) {
    nlohmann::ordered_json told = nlohmann::ordered_json::object();
    for (const Config::Effective& each : config.effective()) {
      told[each.key] = {{"value", each.value}, {"from", each.from}, {"reloaded", each.is_reloaded}};
    }
    std::puts(dump_json(told).c_str());
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {{"key", "value", "from"}};
  for (const Config::Effective& each : config.effective()) {
    rows.push_back({each.key, text_of(each.value), each.from});
  }
  std::fputs(table(rows).c_str(), stdout);
  return ok_status();
}

void add_files_option(CLI::App& program, Options& options) {
  program
      .add_option(
          "--config", options.files,
          "Read this file in place of config/shannon.yaml, config/agent.yaml and those that "
          "AGENT_CONFIG_PATH and CONFIG_PATH name; repeatable, the last wins")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_json_option(CLI::App& program, Options& options) {
  program.add_flag("--json", options.json, "Print JSON");
}

void add_config_options(CLI::App& program, Options& options) {
  add_files_option(program, options);
  add_json_option(program, options);
  program.footer("docs/configuration.md tells what each key means.\n");
}

void add_tls_options(CLI::App& program, Options& options) {
  const auto add_file = [&program](const char* name, std::string& file, const char* meaning) {
    program.add_option(name, file, meaning)->type_name("FILE");
  };
  add_file("--tls-cert", options.tls_certificate,
           "Speak TLS with this certificate and those that lead to its authority (PEM)");
  add_file("--tls-key", options.tls_key, "Its key (PEM), readable by its owner alone");
  add_file("--tls-client-ca", options.tls_client_ca,
           "Ask clients for a certificate that one of these signed (PEM)");
}

void add_workers_option(CLI::App& program, Options& options) {
  program.add_option("--workers", options.workers, "Processes that run guests, at most [16]")
      ->type_name("N");
}

void add_conformance_option(CLI::App& program, Options& options) {
  program.add_flag("--mcp-conformance", options.mcp_conformance,
                   "Serve the fixtures of the protocol's conformance suite over MCP, too");
}

void add_mcp_options(CLI::App& program, Options& options) {
  add_files_option(program, options);
  add_workers_option(program, options);
  add_conformance_option(program, options);
  program.footer(
      "For the configuration of an MCP client, which starts it: docs/mcp.md. It ends with its "
      "input.\nSessions are those of `skerry run --session` and `skerry session`. `skerry serve` "
      "has the same at /mcp.\n");
}

void add_serve_options(CLI::App& program, Options& options) {
  const auto add_addresses = [&program](const char* name, std::vector<std::string>& addresses,
                                        const char* meaning) {
    program.add_option(name, addresses, meaning)->type_name("HOST:PORT")->allow_extra_args(false);
  };
  add_files_option(program, options);
  add_addresses("--grpc", options.grpc,
                "Listen here for gRPC; repeatable; port 0 is any that is free [127.0.0.1:50051]");
  add_addresses("--orchestrator", options.orchestrator,
                "Listen here for gRPC, too, where clients look for tasks; repeatable "
                "[127.0.0.1:50052]");
  add_addresses("--http", options.http,
                "Listen here for HTTP; repeatable [127.0.0.1:8000 and 127.0.0.1:8080]");
  add_addresses("--metrics", options.metrics,
                "Listen here for HTTP, too, where Prometheus looks; repeatable [127.0.0.1:2113, or "
                "nowhere with --http]");
  add_workers_option(program, options);
  program
      .add_option("--module-dir", options.module_directories,
                  "Modules in this directory may be named by their path; repeatable [none]")
      ->type_name("DIR")
      ->allow_extra_args(false);
  program
      .add_option("--python-wasm", options.interpreter,
                  "The interpreter of python_wasi_runner where a call names none")
      ->type_name("FILE");
  add_tls_options(program, options);
  program.add_flag("--require-walls", options.require_walls,
                   "Start only where every wall of the jail stands (`skerry doctor` tells)");
  program.add_flag("--require-key", options.requires_key,
                   "Ask everybody for a key (`skerry keys create`), also where there are none yet");
  add_conformance_option(program, options);
  program.footer(
      "Stops on SIGINT or SIGTERM, when what is under way has ended. SIGHUP reads the keys, "
      "certificates,\nand those settings that can change meanwhile, again. `skerry config` shows "
      "all settings.\n\nExamples:\n"
      "  skerry serve\n"
      "  skerry serve --grpc 127.0.0.1:6000 --http 127.0.0.1:6001 --workers 8\n"
      "  skerry serve --config /etc/skerry/shannon.yaml\n"
      "  skerry serve --http 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem\n");
}

/// The one command of the program that its first word names.
struct Command {
  const char* word;
  const char* name;
  const char* what;
  void (*add_options)(CLI::App&, Options&);
  Status (*run)(const Options&);
};

constexpr std::array kCommands{
    Command{"config", "skerry config", "Show the service's settings, and where each is from",
            add_config_options, show},
    Command{"mcp", "skerry mcp", "Serve the Model Context Protocol over standard input and output",
            add_mcp_options, serve_mcp},
    Command{"", "skerry serve", "Serve Shannon's agent core over gRPC and its tools over HTTP",
            add_serve_options, serve}};

}  // namespace
}  // namespace skerry::app

// The program `skerry-service`, which `skerry serve`, `config`, `mcp` and `top` become: a
// program of its own, so that commands which need no network do not load what it takes
// (docs/decisions/0011).
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): the parser's, see below
  ::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string_view(argv[1]) == "top") {
    return skerry::app::top_main(argc - 1, argv + 1);
  }
  skerry::app::Options options;
  const std::string_view word = argc > 1 ? argv[1] : "";
  const auto* command = skerry::app::kCommands.begin();
  while (*command->word != '\0' && word != command->word) ++command;
  const int skipped = *command->word == '\0' ? 0 : 1;
  CLI::App program{command->what, command->name};
  command->add_options(program, options);
  try {
    program.parse(argc - skipped, argv + skipped);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 125;
  }
  const skerry::Status status = command->run(options);
  return status.ok() ? 0 : skerry::app::report_failure(status);
}
