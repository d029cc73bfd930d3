// SPDX-License-Identifier: Apache-2.0
#include "skerry/packages/package_fetch.h"

#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"
#include "skerry/base/os/program.h"
#include "skerry/jail/landlock.h"

namespace skerry::packages {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr ByteSize kMaxAnswer = mib(4);
constexpr int kNotFound = 127;  // of env(1)

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    all.emplace_back(*each);
  }
  return all;
}

std::vector<std::string> texts_in(const json& answer, const char* key) {
  std::vector<std::string> texts;
  const auto found = answer.find(key);
  if (found == answer.end() || !found->is_array()) return texts;
  for (const json& each : *found) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

/// One step of the program, started as `start` says, behind its `before`: its answer.
Result<json> run_step(const runtime::PackageSupport& support, const fs::path& work,
                      ProgramStart start) {
  const fs::path said = work / "said";
  SKERRY_ASSIGN(const OwnedFd nothing, open_file("/dev/null", O_RDWR));
  SKERRY_ASSIGN(const OwnedFd errors, open_file(said, O_WRONLY | O_CREAT | O_TRUNC));
  start.descriptors = {
      {nothing.get(), STDIN_FILENO}, {nothing.get(), STDOUT_FILENO}, {errors.get(), STDERR_FILENO}};
  SKERRY_ASSIGN(Child child, start_program(start));
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  if (exit.code == kNotFound) {
    return absl::FailedPreconditionError(
        fmt::format("there is no {0} in PATH: install it with {1}, which gets the packages",
                    support.interpreter, support.fetcher));
  }
  const auto text = read_file(work / "answer", kMaxAnswer);
  if (exit.code != 0 || exit.signal != 0 || !text.ok()) {
    const std::string words_of_it = read_file(said, kMaxAnswer).value_or("");
    return absl::FailedPreconditionError(fmt::format(
        "{} failed: {}", support.fetcher,
        words_of_it.substr(words_of_it.size() - std::min<std::size_t>(words_of_it.size(), 2000))));
  }
  SKERRY_ASSIGN(json answer, parse_json_object(*text, "the answer"));
  const auto error = answer.find("error");
  if (error == answer.end()) return answer;
  return absl::FailedPreconditionError(error->is_string() ? error->get<std::string>() : "failed");
}

}  // namespace

Status fetch_packages(const runtime::PackageSupport& support, const json& request,
                      const fs::path& work) {
  SKERRY_TRY(write_file(work / "fetch", as_bytes(support.fetch)));
  const std::string text = dump_json(request);
  SKERRY_TRY(write_file(work / "request", as_bytes(text)));
  for (const char* each : {"home", "tmp"}) SKERRY_TRY(make_private_directory(work / each));
  const auto step = [&](const char* name) -> std::vector<std::string> {
    return {"-I", (work / "fetch").native(), name, work.native()};
  };
  ProgramStart first{
      .program = "/usr/bin/env", .arguments = step("settings"), .environment = own_environment()};
  first.arguments.insert(first.arguments.begin(), support.interpreter);
  SKERRY_ASSIGN(const json settings, run_step(support, work, std::move(first)));
  std::vector<std::string> environment = texts_in(settings, "environment");
  environment.push_back("HOME=" + (work / "home").native());
  environment.push_back("TMPDIR=" + (work / "tmp").native());
  std::vector<fs::path> readable;
  for (const std::string& each : texts_in(settings, "readable")) readable.emplace_back(each);
  // What `env` found may be a script that looks for the interpreter in places that are shut now.
  return run_step(support, work,
                  {.program = settings.value("interpreter", ""),
                   .arguments = step("wheels"),
                   .environment = std::move(environment),
                   .before = [&]() -> Status {
                     const Status confined = jail::confine_paths(readable, work);
                     // A kernel without Landlock: the environment alone is taken away.
                     return confined.code() == StatusCode::kUnimplemented ? ok_status() : confined;
                   }})
      .status();
}

}  // namespace skerry::packages
