// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/engine/instance.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"
#include "skerry/image/linear_memory.h"
#include "skerry/sandbox/display.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/wasi/calls.h"
#include "skerry/wasi/environment.h"
#include "skerry/wasi/host_state.h"

namespace skerry::sandbox {

/// Answers the frames that a guest sends through its import `host.call`: how a runtime talks with
/// its warm guest. Frames are untrusted. Confined to one thread.
class HostCallHandler {
 public:
  /// The largest frame either way: 64 MiB holds any program with room.
  static constexpr std::size_t kMaxFrame = std::size_t{64} << 20;

  virtual ~HostCallHandler() = default;
  /// The answer to one frame; a failure reaches the guest as a refused call.
  virtual Result<std::string> answer(std::string_view frame) = 0;
};

/// What a run may see of the outside. Borrows the streams and the call handler, until the run ends.
struct RunEnvironment {
  wasi::Process process;
  wasi::OutputSink* output = nullptr;
  wasi::InputSource* input = nullptr;
  HostCallHandler* call_handler = nullptr;
  DisplaySink* displays = nullptr;    ///< takes what the program shows; null: nobody does
  std::optional<std::uint64_t> seed;  ///< randomness that it alone determines
  std::optional<std::chrono::nanoseconds>
      fixed_clock;  ///< time since 1970 at which the clock stands
  /// What clocks are rounded down to, unless `fixed_clock` is set; 1 ns to 1 s.
  std::chrono::nanoseconds clock_resolution{1};
};

/// A state that sandboxes start from, loaded once per process. Const calls may run concurrently;
/// the programs are confined to one thread.
struct LoadedImage {
  std::shared_ptr<engine::Program> program;
  /// Null for a module that starts with empty memory.
  std::shared_ptr<const image::Image> image;
  wasi::HostState state;
  /// Of the template that the image is or rests on: what has not changed since is not stored again.
  std::optional<wasi::HostState> template_state = std::nullopt;
  /// A bundled runtime's own limit of table elements, in place of the run's.
  std::optional<std::uint32_t> table_elements = std::nullopt;
};

/// Everything that guests import: WASI preview 1 and `host.call`. For engine::Program::link.
std::vector<engine::HostFunction> host_functions();

/// `quotas` with what a guest may have of files under `limits`.
wasi::Quotas quotas_under(const Limits& limits, wasi::Quotas quotas);

/// A live guest: compiled module, mapped image and host state. Confined to one thread, as is
/// everything it borrows.
class Sandbox {
 public:
  /// A sandbox that begins as `loaded`, which must outlive it. About 0.1 ms on an image. A module
  /// that is not hollow runs its start function here, with what `environment` shows; null is for
  /// hollow modules, which run nothing.
  static Result<std::unique_ptr<Sandbox>> load(const LoadedImage& loaded, const Limits& limits,
                                               const RunEnvironment* environment = nullptr);
  ~Sandbox();

  /// Everything is again as `loaded` says: pages, globals, files, descriptors. Replaces the
  /// instance if the last call did not return normally or memory grew.
  Result<image::LinearMemory::ResetCost> reset();

  /// Makes this a sandbox of another loaded image, whose image is on the same base and whose
  /// program is the same, as if it had just been loaded under `limits`: but its memory is warm.
  /// `loaded` must outlive it. kFailedPrecondition, with nothing done, when loaded images do not
  /// fit; after any other failure it is of no more use.
  Status switch_image(const LoadedImage& loaded, const Limits& limits);

  /// Sets what the guest sees of the outside from now on. `environment` must outlive its calls.
  void attach(const RunEnvironment& environment);

  /// Calls an export. kInvalidArgument when it is not there or has another type; how the guest
  /// fares is in CallEnd.
  Result<engine::CallEnd> call(std::string_view function, std::span<const std::uint64_t> arguments);

  /// Calls an export on our own behalf, after a run: memory cannot grow meanwhile, and the fuel
  /// that it takes is not the run's.
  Result<engine::CallEnd> call_aside(std::string_view function,
                                     std::span<const std::uint64_t> arguments);

  /// Places bytes where the guest's `host_alloc` says, and returns the address.
  Result<std::uint32_t> place(std::string_view bytes);

  /// How the start function came back, for a module that is not hollow.
  const engine::CallEnd& start_end() const { return instance_->start_end(); }

  /// Fills in what a call that did not return means: kind, exit code, message, limit.
  void explain_end(const engine::CallEnd& end, Outcome& outcome) const;

  /// Fills in what the sandbox knows of a run's usage: memory, pages, fuel. Wall and processor time
  /// are the caller's.
  void measure(Usage& usage);

  /// What the template's runtime wrote about its warm guest; empty without an image.
  const std::map<std::string, std::string>& facts() const;

  /// Set by proc_exit or proc_raise: how the guest ended itself.
  const std::optional<wasi::Exit>& exited() const { return exited_; }

  /// Writes this state as an image. Only between runs: no guest frame may be live.
  Status capture(const std::filesystem::path& path, const image::Manifest& about);

  /// What this state is beside the image it was loaded on, or beside the state it last settled in,
  /// for `image::write_captured`. Only between runs. kFailedPrecondition when the last call did not
  /// return: its frames are lost, and so is the guest.
  Result<image::CapturedState> captured();

  /// Whether `set_baseline` would take this state; if not, the next run is better off in a sandbox
  /// that is loaded anew.
  bool may_settle(const image::CapturedState& state) const;

  /// Makes the state that `captured` has just told the one that later runs are compared with and
  /// `reset` goes back to.
  Status set_baseline(const image::CapturedState& state);
  /// Puts another host state in place of this one, which must have settled: what an operation has
  /// made of the guest's files. It has settled, too, and has this sandbox's quotas.
  void replace_state(const wasi::HostState& state);
  /// Gives back what the next run can do without, once the state has settled.
  Status trim() { return memory_->trim(); }

  /// To write in it, before the guest runs; to look at what is there.
  std::span<std::byte> memory() {
    memory_->resume_fault_accounting();
    return instance_->memory();
  }
  std::span<const std::byte> content() const { return memory_->bytes(); }
  wasi::HostState& state() { return state_; }
  image::LinearMemory& linear_memory() { return *memory_; }
  const Limits& limits() const { return limits_; }
  const LoadedImage& loaded() const { return *loaded_; }
  bool growth_was_refused() const { return memory_->growth_was_refused(); }
  wasi::QuotaKind last_quota_hit() const { return state_.last_quota_hit(); }

 private:
  Sandbox(const LoadedImage& loaded, const Limits& limits);
  friend struct SandboxCalls;
  class Visit;
  Status instantiate();
  Status set_globals();

  void start_as(const LoadedImage& loaded);
  void set_pristine(const wasi::HostState& state);

  const LoadedImage* loaded_;
  wasi::HostState pristine_;            // where it began or settled, under this sandbox's quotas
  std::vector<image::Global> globals_;  // the same
  Limits limits_;
  std::unique_ptr<image::LinearMemory> memory_;
  int visits_ = 0;
  std::unique_ptr<engine::Instance> instance_;
  std::optional<engine::Function> alloc_;
  bool unsound_ = false;  // the last call did not return: the guest's frames are lost
  wasi::HostState state_;
  std::optional<wasi::Exit> exited_;
  const RunEnvironment* environment_ = nullptr;
  std::unique_ptr<wasi::Clock> clock_;
  std::unique_ptr<wasi::Entropy> entropy_;
  std::optional<wasi::Context> context_;
};

}  // namespace skerry::sandbox
