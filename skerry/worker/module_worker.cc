// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/module_worker.h"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"
#include "skerry/runtime/command.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/order_source.h"
#include "skerry/worker/run_guest.h"
#include "skerry/worker/run_memory.h"
#include "skerry/worker/run_process.h"

namespace skerry::worker {
namespace {

using sandbox::Outcome;

/// What the first message says about the code beside it.
constexpr std::byte kPlain{'p'};
constexpr std::byte kFuel{'f'};

/// Maps the code that the first message brings. The descriptor is closed: the mapping stays.
Result<std::unique_ptr<sandbox::LoadedImage>> receive_module(int socket) {
  std::array<std::byte, 1> kind{};
  SKERRY_ASSIGN(const auto received, receive_message(socket, kind));
  if (received.size == 0) return absl::UnavailableError("the broker went away before the module");
  if (received.fds.size() != 1 || (kind[0] != kPlain && kind[0] != kFuel)) {
    return absl::InternalError("the broker sent no module");
  }
  const auto metering = kind[0] == kFuel ? engine::Metering::kFuel : engine::Metering::kNone;
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(metering));
  // The engine takes names alone. This one is of the open file, and of no other.
  const std::string name = "/proc/self/fd/" + std::to_string(received.fds[0].get());
  SKERRY_ASSIGN(auto code, engine->load(name));
  return runtime::image_of_command(std::move(code));
}

Result<Outcome> run(const sandbox::LoadedImage& loaded, const RunRequest& request,
                    EventSender& sender) {
  if (!request.command) return absl::InternalError("the order is none for a module");
  wasi::TextInput input(request.input);
  sandbox::RunEnvironment environment = environment_of(request, input, sender);
  environment.process.arguments = request.command->arguments;
  for (const auto& [name, value] : request.command->environment) {
    environment.process.environment.push_back(name + "=" + value);
  }
  std::unique_ptr<sandbox::Sandbox> sandbox;
  return run_guest({.sandbox = [&]() -> Result<sandbox::Sandbox*> {
                      SKERRY_ASSIGN(sandbox,
                                    sandbox::Sandbox::load(loaded, request.limits, &environment));
                      return sandbox.get();
                    },
                    .run = runtime::run_command,
                    .before = loaded.state.files(),
                    .exports = export_of(request)},
                   sender);
}

Status serve(int socket, jail::Cell& cell) {
  SKERRY_ASSIGN(const auto loaded, receive_module(socket));
  SKERRY_TRY(cell.enclose());
  SKERRY_TRY(cell.seal(std::span(&socket, 1)));
  SKERRY_TRY(write_all(socket, as_bytes(ready_message())));
  SKERRY_ASSIGN(const auto order, OrderSource(socket).next());
  if (!order) return ok_status();  // the run was given up
  if (!order->run) return absl::InternalError("the order is none for a module");
  EventSender sender(socket, order->run->limits.output);
  auto outcome = run(*loaded, *order->run, sender);
  return outcome.ok() ? sender.ended(*std::move(outcome)) : sender.failed(outcome.status());
}

}  // namespace

Status send_module(int socket, int native_code, engine::Metering metering) {
  const std::byte kind = metering == engine::Metering::kFuel ? kFuel : kPlain;
  SKERRY_ASSIGN(const std::size_t sent,
                send_some(socket, std::span(&kind, 1), std::span(&native_code, 1)));
  return sent == 1 ? ok_status() : absl::UnavailableError("a worker's socket has no room");
}

int serve_module(int socket, jail::Cell& cell) {
  exit_when_memory_runs_out();
  const Status status = serve(socket, cell);
  if (status.ok()) return 0;
  EventSender sender(socket, bytes(0));
  (void)sender.failed(status);
  return 125;
}

}  // namespace skerry::worker
