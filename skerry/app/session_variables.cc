// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_variables.h"

#include <nlohmann/json.hpp>

#include "skerry/runtime/installation.h"
#include "skerry/runtime/python.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/worker/run_process.h"

namespace skerry::app {
namespace {

constexpr std::string_view kAsk = "import _skerry\n_skerry.tell_variables()";

class Collector final : public worker::RunObserver {
 public:
  void output(wasi::Stream stream, std::string_view bytes) override {
    if (stream == wasi::Stream::kStdout) text += bytes;
  }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}
  std::string text;
};

}  // namespace

Result<Variables> read_variables(const runtime::Home& home,
                                 const std::shared_ptr<const image::Image>& image) {
  SKERRY_ASSIGN(const auto origin,
                runtime::PythonInstallation(home).open(image, engine::Metering::kNone));
  sandbox::Limits limits;
  limits.wall = std::chrono::seconds(10);
  limits.output = mib(16);
  limits.memory =
      bytes(std::max<std::uint64_t>(limits.memory.value, image->pages->size() + mib(256).value));
  Collector collector;
  SKERRY_ASSIGN(const auto outcome,
                worker::supervise(
                    [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
                      SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(*origin, limits));
                      runtime::PythonProgram program;
                      program.code = kAsk;
                      program.is_continued = true;
                      wasi::NoInput input;
                      sandbox::World world;
                      world.output = &channel.output();
                      world.input = &input;
                      SKERRY_TRY(channel.started());
                      return runtime::run_python(*sandbox, program, world,
                                                 runtime::Randomness::kKept);
                    },
                    limits, collector));
  const auto answer = nlohmann::json::parse(collector.text, nullptr, /*allow_exceptions=*/false);
  if (outcome.kind != sandbox::OutcomeKind::kCompleted || !answer.is_object()) {
    return absl::DataLossError("the session does not tell its variables: " + outcome.message);
  }
  Variables variables;
  for (const auto& [name, value] : answer.items()) {
    const auto field = [&](std::size_t at) {
      return value.is_array() && value.size() > at && value[at].is_string()
                 ? value[at].get<std::string>()
                 : std::string();
    };
    variables[name] = {field(0), field(1), field(2)};
  }
  return variables;
}

}  // namespace skerry::app
