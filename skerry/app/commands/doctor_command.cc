// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/engine/engine.h"
#include "skerry/image/linear_memory.h"
#include "skerry/jail/probe.h"
#include "skerry/runtime/registry.h"
#include "skerry/worker/raised_walls.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;

struct DoctorOptions {
  bool json = false;
  bool quick = false;
};

std::string kernel() {
  utsname names{};
  ::uname(&names);
  return std::string("Linux ") + names.release;
}

/// Which way of finding dirty pages works here, tried on a real mapping.
Result<image::DirtyPages::Method> dirty_pages_method() {
  SKERRY_ASSIGN(const int fd, syscall_result("memfd_create", {},
                                             [] { return ::memfd_create("doctor", MFD_CLOEXEC); }));
  OwnedFd file(fd);
  SKERRY_TRY(syscall_result("ftruncate", {}, [&] {
               return ::ftruncate(file.get(), kWasmPageSize);
             }).status());
  SKERRY_ASSIGN(const auto pages, image::PageFile::open(std::move(file), 0, kWasmPageSize));
  SKERRY_ASSIGN(const auto memory,
                image::LinearMemory::on_image(image::ImagePages::of(pages), mib(1)));
  SKERRY_TRY(memory->reset().status());
  return memory->method();
}

runtime::Finding dirty_pages_finding() {
  const auto method = dirty_pages_method();
  runtime::Finding finding{"dirty pages", method.status(), "any Linux with /proc"};
  if (method.ok()) {
    finding.what += std::string(" (") + image::name_of(*method) + ")";
    if (*method == image::DirtyPages::Method::kCompare) {
      finding.state = absl::UnavailableError("only comparing works: resets take milliseconds");
      finding.mend = "mount /proc, or use Linux 6.7 or newer";
    }
  }
  return finding;
}

/// "ok", or the failure in a word that programs can test.
std::string word_of(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kNotFound:
      return "missing";
    case StatusCode::kDataLoss:
      return "damaged";
    case StatusCode::kFailedPrecondition:
      return "out of date";
    default:
      return "wrong";
  }
}

std::vector<std::string> row_of(std::string what, std::string word, const Status& state,
                                const std::string& mend) {
  if (shows_colour(STDOUT_FILENO)) {
    word = (state.ok() ? "\033[32m" : "\033[31m") + word + "\033[0m";
  }
  std::vector<std::string> row{std::move(what), std::move(word)};
  if (!state.ok()) row.push_back(std::string(message_of(state)) + "; mend it with: " + mend);
  return row;
}

void show(const runtime::Home& home, const std::vector<runtime::Finding>& findings,
          const jail::WallReport& walls) {
  std::printf("skerry %s; %s; %s\nhome: %s\n\n", SKERRY_VERSION,
              engine::Engine::fingerprint(engine::Metering::kNone).c_str(), kernel().c_str(),
              home.root.c_str());
  std::vector<std::vector<std::string>> rows;
  rows.reserve(findings.size());
  for (const auto& [what, state, mend] : findings) {
    rows.push_back(row_of(what, word_of(state), state, mend));
  }
  std::fputs(table(rows).c_str(), stdout);
  rows.clear();
  rows.reserve(walls.findings.size());
  for (const auto& [wall, state, mend] : walls.findings) {
    rows.push_back(
        row_of(std::string(jail::name_of(wall)), state.ok() ? "stands" : "missing", state, mend));
  }
  std::printf("\nwalls around a worker of `skerry serve`, started as this was:\n%s",
              table(rows).c_str());
}

std::string json_of(const runtime::Home& home, const std::vector<runtime::Finding>& findings,
                    const jail::WallReport& walls) {
  ordered_json json{{"version", SKERRY_VERSION},
                    {"engine", engine::Engine::fingerprint(engine::Metering::kNone)},
                    {"kernel", kernel()},
                    {"home", home.root.native()},
                    {"findings", ordered_json::array()},
                    {"walls", ordered_json::array()}};
  for (const runtime::Finding& finding : findings) {
    json["findings"].push_back({{"what", finding.what},
                                {"state", word_of(finding.state)},
                                {"message", std::string(message_of(finding.state))},
                                {"mend", finding.state.ok() ? "" : finding.mend}});
  }
  for (const auto& [wall, state, mend] : walls.findings) {
    json["walls"].push_back({{"wall", jail::name_of(wall)},
                             {"state", state.ok() ? "stands" : "missing"},
                             {"message", std::string(message_of(state))},
                             {"mend", mend}});
  }
  return dump_json(json);
}

int examine(const DoctorOptions& options) {
  const auto home = runtime::Home::from_environment();
  if (!home.ok()) return report_failure(home.status());
  const jail::WallReport walls = worker::raised_walls();  // first, while there is one thread
  auto findings = runtime::bundled_in(*home).inspect(options.quick ? SealedFile::Depth::kTimes
                                                                   : SealedFile::Depth::kHash);
  findings.push_back(dirty_pages_finding());
  if (options.json) {
    std::puts(json_of(*home, findings, walls).c_str());
  } else {
    show(*home, findings, walls);
  }
  for (const runtime::Finding& finding : findings) {
    if (!finding.state.ok()) return 1;
  }
  return 0;
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Show versions, caches and templates, what is wrong and how to mend it");
  command->add_flag("--json", options->json, "Print one JSON object");
  command->add_flag("--quick", options->quick,
                    "Trust files whose times are unchanged instead of hashing them all");
  command->footer(
      "Exit code 0 when all is well, 1 when something is to be mended. A wall that this host\n"
      "refuses is told, and is no failure: `skerry serve` raises the others, or with\n"
      "--require-walls does not start. `skerry run` and `exec` raise the same but for the control\n"
      "group, which is a service's alone.\n");
  command->callback([options] {
    if (const int exit = examine(*options); exit != 0) throw CLI::RuntimeError(exit);
  });
}

}  // namespace skerry::app
