// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_variables.h"

#include "skerry/runtime/installation.h"
#include "skerry/runtime/python.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/worker/run_process.h"

namespace skerry::app {
namespace {

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

Result<session::Variables> read_variables(const runtime::Home& home,
                                          const std::shared_ptr<const image::Image>& image) {
  SKERRY_ASSIGN(const auto origin,
                runtime::PythonInstallation(home).open(image, engine::Metering::kNone));
  const sandbox::Limits limits = session::variables_limits(bytes(image->pages->size()));
  Collector collector;
  SKERRY_ASSIGN(const auto outcome,
                worker::supervise(
                    [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
                      SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(*origin, limits));
                      wasi::NoInput input;
                      sandbox::World world;
                      world.output = &channel.output();
                      world.input = &input;
                      SKERRY_TRY(channel.started());
                      return runtime::run_python(*sandbox, session::variables_program(), world,
                                                 runtime::Randomness::kKept);
                    },
                    limits, collector));
  return session::variables_of(outcome, collector.text);
}

}  // namespace skerry::app
