// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_variables.h"

#include "skerry/sandbox/sandbox.h"
#include "skerry/sandbox/template_memory.h"
#include "skerry/worker/run_guest.h"
#include "skerry/worker/run_process.h"

namespace skerry::app {

Result<session::Variables> read_variables(const runtime::Installation& installation,
                                          const std::shared_ptr<const image::Image>& image) {
  const runtime::Runtimes& runtimes = installation.runtimes();
  SKERRY_ASSIGN(const runtime::Runtime* runtime, runtimes.of(image->manifest.facts));
  const ByteSize template_memory = sandbox::template_memory(*image);
  SKERRY_ASSIGN(auto query,
                session::VariablesQuery::of(runtimes, image->manifest,
                                            bytes(image->pages->size() - template_memory.value)));
  SKERRY_ASSIGN(const auto loaded, installation.open(image, engine::Metering::kNone));
  SKERRY_ASSIGN(
      const auto outcome,
      worker::supervise(
          [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
            SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(*loaded, query.limits()));
            wasi::NoInput input;
            sandbox::RunEnvironment environment;
            environment.output = &channel.output();
            environment.input = &input;
            return worker::run_guest({.sandbox = [&] { return sandbox.get(); },
                                      .run =
                                          [&](sandbox::Sandbox& guest) {
                                            return runtime->run(guest, query.program(), environment,
                                                                runtime::Randomness::kKept);
                                          }},
                                     channel);
          },
          query.limits(), template_memory, query));
  return query.answer(outcome);
}

}  // namespace skerry::app
