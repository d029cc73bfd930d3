// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/worker.h"

#include <optional>
#include <unistd.h>

#include "skerry/base/file.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/runtime/python.h"
#include "skerry/worker/run_events.h"
#include "skerry/worker/run_process.h"
#include "skerry/worker/run_request.h"

namespace skerry::worker {
namespace {

using sandbox::Outcome;

// Touches what every program touches: its pages stay private, and the first run finds them warm.
constexpr std::string_view kWarmProgram = "print(repr(1), 'x'.join('ab'), sep='')";
constexpr int kWarmRuns = 3;

class NoOutput final : public wasi::OutputSink {
  Status write(wasi::Stream, std::span<const std::byte>) override { return ok_status(); }
};

engine::Metering metering_of(const sandbox::Limits& limits) {
  return limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
}

/// Reads exactly `out.size()` bytes. False when the other end has closed before the first.
Result<bool> read_exactly(int socket, std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", "run", [&] {
                    return ::read(socket, out.data() + done, out.size() - done);
                  }));
    if (got == 0 && done == 0) return false;
    if (got == 0) return absl::UnavailableError("the broker went away in mid-message");
    done += static_cast<std::size_t>(got);
  }
  return true;
}

/// The next run; none when the broker wants no more.
Result<std::optional<RunRequest>> next_request(int socket) {
  std::uint32_t length = 0;
  SKERRY_ASSIGN(const bool more, read_exactly(socket, {reinterpret_cast<char*>(&length), 4}));
  if (!more) return std::optional<RunRequest>();
  if (length > RunRequest::kMaxSize) return absl::InternalError("a run too large");
  std::string body(length, '\0');
  SKERRY_TRY(read_exactly(socket, body).status());
  SKERRY_ASSIGN(RunRequest request, decode(body));
  return std::optional(std::move(request));
}

/// The one sandbox of a worker, kept from run to run as long as runs ask for the same.
class Desk {
 public:
  explicit Desk(const Origins& origins) : origins_(origins) {}

  /// A sandbox as its template says, under these limits.
  Result<sandbox::Sandbox*> fresh(std::string_view template_name, const sandbox::Limits& limits) {
    SKERRY_ASSIGN(const sandbox::Origin* origin, origins_.find(template_name, metering_of(limits)));
    const bool fits = sandbox_ && origin == origin_ && sandbox_->limits().memory == limits.memory &&
                      sandbox_->limits().files == limits.files &&
                      sandbox_->limits().open_files == limits.open_files &&
                      sandbox_->limits().fuel == limits.fuel;
    if (!fits) {
      sandbox_.reset();
      SKERRY_ASSIGN(sandbox_, sandbox::Sandbox::load(*origin, limits));
      origin_ = origin;
    }
    return sandbox_.get();
  }

  /// Takes away what a run has left. Done after its outcome was sent, so that nobody waits for it.
  Status clear() { return sandbox_ ? sandbox_->reset().status() : ok_status(); }

 private:
  const Origins& origins_;
  const sandbox::Origin* origin_ = nullptr;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

Result<Outcome> run(Desk& desk, const RunRequest& request, EventSender& sender) {
  SKERRY_ASSIGN(sandbox::Sandbox * sandbox, desk.fresh(request.template_name, request.limits));
  const wasi::FileSystem before = sandbox->state().files();
  wasi::TextInput input(request.input);
  sandbox::World world;
  world.output = &sender.output();
  world.input = &input;
  world.seed = request.seed;
  world.fixed_clock = request.fixed_clock;
  SKERRY_TRY(sender.started());
  SKERRY_ASSIGN(Outcome outcome,
                runtime::run_python(*sandbox, request.program, world, runtime::Randomness::kFresh));
  sandbox->measure(outcome.usage);
  SKERRY_TRY(send_changes(before, sandbox->state().files(), sender));
  return outcome;
}

Status warm_up(Desk& desk) {
  NoOutput output;
  wasi::NoInput input;
  sandbox::World world;
  world.output = &output;
  world.input = &input;
  runtime::PythonProgram program;
  program.code = kWarmProgram;
  for (int i = 0; i < kWarmRuns; ++i) {
    SKERRY_ASSIGN(sandbox::Sandbox * sandbox,
                  desk.fresh(runtime::kDefaultTemplate, sandbox::Limits{}));
    SKERRY_TRY(runtime::run_python(*sandbox, program, world, runtime::Randomness::kFresh).status());
    SKERRY_TRY(desk.clear());
  }
  return ok_status();
}

Status serve(int socket, const Origins& origins, jail::Cell& cell) {
  std::vector<int> kept = origins.descriptors();
  kept.push_back(socket);
  // Without a page map the sandbox compares bytes instead.
  if (const auto map = image::page_map(); map.ok()) kept.push_back(*map);
  SKERRY_TRY(cell.enclose());
  Desk desk(origins);
  SKERRY_TRY(warm_up(desk));
  SKERRY_TRY(cell.seal(kept));
  SKERRY_TRY(write_all(socket, as_bytes(ready_message())));
  for (;;) {
    SKERRY_ASSIGN(const auto request, next_request(socket));
    if (!request) return ok_status();
    EventSender sender(socket, request->limits.output);
    auto outcome = run(desk, *request, sender);
    if (outcome.ok()) {
      SKERRY_TRY(sender.ended(*std::move(outcome)));
    } else {
      SKERRY_TRY(sender.failed(outcome.status()));
    }
    SKERRY_TRY(desk.clear());
  }
}

}  // namespace

Result<Origins> Origins::open(const runtime::PythonInstallation& installation) {
  Origins origins;
  for (const runtime::TemplateRecipe& recipe : runtime::python_templates()) {
    SKERRY_ASSIGN(auto plain, installation.open(recipe.name, engine::Metering::kNone));
    origins.origins_[{recipe.name, engine::Metering::kNone}] = std::move(plain);
    auto metered = installation.open(recipe.name, engine::Metering::kFuel);
    if (metered.ok()) {
      origins.origins_[{recipe.name, engine::Metering::kFuel}] = *std::move(metered);
    }
  }
  return origins;
}

Result<const sandbox::Origin*> Origins::find(std::string_view template_name,
                                             engine::Metering metering) const {
  const auto found = origins_.find(std::pair(std::string(template_name), metering));
  if (found != origins_.end()) return found->second.get();
  if (origins_.contains(std::pair(std::string(template_name), engine::Metering::kNone))) {
    return absl::FailedPreconditionError(
        "no code that counts fuel is there: run `skerry setup --fuel`");
  }
  return absl::InvalidArgumentError("unknown template \"" + std::string(template_name) + "\"");
}

std::vector<int> Origins::descriptors() const {
  std::vector<int> fds;
  fds.reserve(origins_.size());
  for (const auto& [key, origin] : origins_) fds.push_back(origin->image->base->fd());
  return fds;
}

int serve_runs(int socket, const Origins& origins, jail::Cell& cell) {
  const Status status = serve(socket, origins, cell);
  if (status.ok()) return 0;
  EventSender sender(socket, bytes(0));
  (void)sender.failed(status);
  return 125;
}

}  // namespace skerry::worker
