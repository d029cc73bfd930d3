// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/worker.h"

#include <chrono>
#include <iterator>
#include <malloc.h>
#include <optional>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"
#include "skerry/files/tree.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/jail/memory_file.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/file_worker.h"
#include "skerry/worker/order_source.h"
#include "skerry/worker/run_guest.h"
#include "skerry/worker/run_memory.h"
#include "skerry/worker/run_process.h"
#include "skerry/worker/run_request.h"

namespace skerry::worker {
namespace {

using sandbox::Outcome;

// What a program touches has settled by then: its pages stay private, and the first run finds them
// warm.
constexpr int kWarmRuns = 3;

// Between runs that follow each other so soon, sessions keep the pages that they go on touching.
constexpr std::chrono::milliseconds kShortPause{500};

class NoOutput final : public wasi::OutputSink {
  Status write(wasi::Stream, std::span<const std::byte>) override { return ok_status(); }
};

using Files = std::vector<OwnedFd>;

/// The one sandbox of a worker, kept from run to run as long as runs ask for the same.
class FreshSandboxes {
 public:
  explicit FreshSandboxes(const ImageCatalog& catalog) : catalog_(catalog) {}

  /// A sandbox as its template says, under these limits.
  Result<sandbox::Sandbox*> fresh(std::string_view template_name, const sandbox::Limits& limits) {
    SKERRY_ASSIGN(const sandbox::LoadedImage* loaded,
                  catalog_.find(template_name, metering_of(limits)));
    if (!sandbox_ || loaded != loaded_ || !sandbox_->limits().suit_sandbox_of(limits)) {
      sandbox_.reset();
      SKERRY_ASSIGN(sandbox_, sandbox::Sandbox::load(*loaded, limits));
      loaded_ = loaded;
    }
    return sandbox_.get();
  }

  /// Takes away what a run has left. Done after its outcome was sent, so that nobody waits for it.
  Status clear() { return sandbox_ ? sandbox_->reset().status() : ok_status(); }

  /// Its sandbox, warm; null if it has none. It has none then.
  std::unique_ptr<sandbox::Sandbox> give_away() { return std::move(sandbox_); }
  bool is_empty() const { return !sandbox_; }

  const runtime::Runtimes& runtimes() const { return catalog_.runtimes(); }

 private:
  const ImageCatalog& catalog_;
  const sandbox::LoadedImage* loaded_ = nullptr;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

/// `sandbox` on another loaded image, or null: what does not fit is of no use to anybody.
std::unique_ptr<sandbox::Sandbox> rebased(std::unique_ptr<sandbox::Sandbox> sandbox,
                                          const sandbox::LoadedImage& loaded,
                                          const sandbox::Limits& limits) {
  if (!sandbox || !sandbox->switch_image(loaded, limits).ok()) return nullptr;
  return sandbox;
}

/// The states of sessions that the worker keeps, each as a sandbox that stands there.
class SessionSandboxes final : public KeptSandboxes {
 public:
  struct SessionSandbox {
    std::unique_ptr<sandbox::LoadedImage> loaded;  ///< null on a template
    std::unique_ptr<sandbox::Sandbox> sandbox;
    bool is_new = false;  ///< no run of the session has been before
  };

  SessionSandboxes(const ImageCatalog& catalog, FreshSandboxes& fresh)
      : catalog_(catalog), fresh_(fresh) {}

  const runtime::Runtimes& runtimes() const { return catalog_.runtimes(); }

  /// A sandbox where the session stands, no longer kept.
  Result<SessionSandbox> take(const RunRequest& request, Files files) {
    const SessionStart& start = *request.session;
    if (start.from != 0) {
      auto kept = kept_.extract(start.from);
      if (kept.empty()) return absl::InternalError("no such state is kept here");
      if (kept.mapped().sandbox->limits().suit_sandbox_of(request.limits)) {
        return std::move(kept.mapped());
      }
      return absl::InternalError("the state that is kept is under other limits");
    }
    SessionSandbox entry;
    const engine::Metering metering = metering_of(request.limits);
    const sandbox::LoadedImage* loaded = nullptr;
    if (files.empty()) {
      SKERRY_ASSIGN(loaded, catalog_.find(request.template_name, metering));
      if (loaded->image->sha256 != start.template_sha256) {
        return absl::FailedPreconditionError(
            "template " + request.template_name +
            " was made anew since the service began: restart the service");
      }
      entry.is_new = true;
    } else {
      SKERRY_ASSIGN(const auto revision, image::read_revision(std::move(files), start.patch,
                                                              [&](std::string_view sha256) {
                                                                return catalog_.image(sha256);
                                                              }));
      SKERRY_ASSIGN(entry.loaded, catalog_.on(revision.image(), metering));
      loaded = entry.loaded.get();
    }
    // Warm ones first: the pages that every run touches are private in them already.
    entry.sandbox = rebased(std::move(spare_.sandbox), *loaded, request.limits);
    spare_.loaded.reset();
    if (!entry.sandbox) entry.sandbox = rebased(fresh_.give_away(), *loaded, request.limits);
    if (!entry.sandbox) {
      SKERRY_ASSIGN(entry.sandbox, sandbox::Sandbox::load(*loaded, request.limits));
    }
    return entry;
  }

  void keep(std::uint64_t state, SessionSandbox entry) {
    entry.is_new = false;
    kept_[state] = std::move(entry);
  }
  sandbox::Sandbox* find(std::uint64_t state) override {
    const auto kept = kept_.find(state);
    return kept == kept_.end() ? nullptr : kept->second.sandbox.get();
  }
  void rename(std::uint64_t state, std::uint64_t becomes) override {
    if (auto kept = kept_.extract(state); !kept.empty()) {
      kept.key() = becomes;
      kept_.insert(std::move(kept));
    }
  }
  void forget(const std::vector<std::uint64_t>& states) {
    for (const std::uint64_t state : states) {
      if (auto kept = kept_.extract(state); !kept.empty()) spare_ = std::move(kept.mapped());
    }
  }
  Status trim() {
    spare_ = {};
    for (auto& [state, entry] : kept_) SKERRY_TRY(entry.sandbox->trim());
    return ok_status();
  }

 private:
  const ImageCatalog& catalog_;
  FreshSandboxes& fresh_;
  std::map<std::uint64_t, SessionSandbox> kept_;
  SessionSandbox
      spare_;  // the last that was forgotten: for the next session, unless the worker rests first
};

/// What a run speaks with the broker over.
struct Wire {
  OrderSource& orders;
  EventSender& sender;
};

std::unique_ptr<wasi::InputSource> input_of(const RunRequest& request, Wire wire) {
  if (!request.has_live_input) return std::make_unique<wasi::TextInput>(request.input);
  return std::make_unique<LiveInput>(wire.orders, wire.sender, request.input);
}

/// kInvalidArgument naming the file that cannot be written.
Status write_input_files(const RunRequest& request, wasi::FileSystem& files) {
  if (request.input_files.empty()) return ok_status();
  const auto now =
      request.fixed_clock.value_or(std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::system_clock::now().time_since_epoch()));
  files::Tree tree(files, now);
  for (const InputFile& file : request.input_files) {
    const std::string& path = file.path.below();
    const auto slash = path.rfind('/');
    Status status = slash == path.npos ? ok_status() : tree.make_directories(path.substr(0, slash));
    if (status.ok()) status = tree.write(path, *file.content, files::Tree::Writing::kReplace);
    if (!status.ok()) {
      return absl::InvalidArgumentError("files: " + file.path.shown() + ": " +
                                        std::string(message_of(status)));
    }
  }
  return ok_status();
}

Result<Outcome> run(const runtime::Runtimes& runtimes, sandbox::Sandbox& sandbox,
                    const RunRequest& request, runtime::Randomness randomness, Wire wire) {
  SKERRY_ASSIGN(const runtime::Runtime* runtime, runtimes.of(sandbox.facts()));
  SKERRY_TRY(write_input_files(request, sandbox.state().files()));
  const auto input = input_of(request, wire);
  const sandbox::RunEnvironment environment = environment_of(request, *input, wire.sender);
  return run_guest({.sandbox = [&] { return &sandbox; },
                    .run =
                        [&](sandbox::Sandbox& guest) {
                          return runtime->run(guest, request.program, environment, randomness);
                        },
                    .before = sandbox.state().files(),
                    .exports = export_of(request),
                    .reports_changes = request.changes == FileChanges::kReported},
                   wire.sender);
}

/// A fresh run. Not OK only when nobody listens any more.
Status run_fresh(FreshSandboxes& fresh, const RunRequest& request, Wire wire) {
  auto outcome = [&]() -> Result<Outcome> {
    SKERRY_ASSIGN(sandbox::Sandbox * sandbox, fresh.fresh(request.template_name, request.limits));
    return run(fresh.runtimes(), *sandbox, request, runtime::Randomness::kFresh, wire);
  }();
  SKERRY_TRY(outcome.ok() ? wire.sender.ended(*std::move(outcome))
                          : wire.sender.failed(outcome.status()));
  return fresh.clear();
}

/// What a run in a session left, as the broker takes it.
Result<LeftState> left_state(const image::CapturedState& state, const sandbox::Sandbox& sandbox) {
  LeftState left;
  if (state.changed.empty()) {
    left.bytes = image::encode_captured(state);
    if (left.bytes.size() <= kMaxStateBytes) return left;
    left.bytes.clear();
  }
  SKERRY_ASSIGN(left.file, jail::make_memory_file("state"));
  SKERRY_TRY(image::write_captured(left.file.get(), state, sandbox.content()));
  SKERRY_TRY(jail::seal_memory_file(left.file.get()));
  return left;
}

/// A run in a session. Not OK when nobody listens any more, or what is kept is not to be trusted.
Status run_in_session(SessionSandboxes& sessions, const RunRequest& request, Files files,
                      Wire wire) {
  EventSender& sender = wire.sender;
  auto entry = sessions.take(request, std::move(files));
  if (!entry.ok()) return sender.failed(entry.status());
  sandbox::Sandbox& sandbox = *entry->sandbox;
  auto outcome =
      run(sessions.runtimes(), sandbox, request,
          entry->is_new ? runtime::Randomness::kFresh : runtime::Randomness::kKept, wire);
  if (!outcome.ok()) return sender.failed(outcome.status());
  const auto state = sandbox.captured();
  // The guest did not come back.
  if (state.status().code() == StatusCode::kFailedPrecondition) {
    return sender.ended(*std::move(outcome));
  }
  if (!state.ok()) return sender.failed(state.status());
  auto left = left_state(*state, sandbox);
  if (!left.ok()) return sender.failed(left.status());
  const bool is_kept = sandbox.may_settle(*state);
  SKERRY_TRY(sender.ended(*std::move(outcome), *left, is_kept));
  if (!is_kept) return ok_status();
  left->file.close();
  SKERRY_TRY(sandbox.set_baseline(*state));
  sessions.keep(request.session->becomes, *std::move(entry));
  return ok_status();
}

Status warm_up(FreshSandboxes& fresh) {
  NoOutput output;
  wasi::NoInput input;
  sandbox::RunEnvironment environment;
  environment.output = &output;
  environment.input = &input;
  const std::string template_name = fresh.runtimes().default_template();
  SKERRY_ASSIGN(const runtime::Runtime* runtime, fresh.runtimes().with_template(template_name));
  runtime::Program program;
  program.code = runtime->description().warm_program;
  for (int i = 0; i < kWarmRuns; ++i) {
    SKERRY_ASSIGN(sandbox::Sandbox * sandbox, fresh.fresh(template_name, sandbox::Limits{}));
    SKERRY_TRY(runtime->run(*sandbox, program, environment, runtime::Randomness::kFresh).status());
    SKERRY_TRY(fresh.clear());
  }
  return ok_status();
}

Status serve(int socket, const ImageCatalog& catalog, jail::Cell& cell) {
  std::vector<int> kept = catalog.descriptors();
  kept.push_back(socket);
  // Without a page map the sandbox compares bytes instead.
  if (const auto map = image::page_map(); map.ok()) kept.push_back(*map);
  SKERRY_TRY(cell.enclose());
  FreshSandboxes fresh(catalog);
  SKERRY_TRY(warm_up(fresh));
  SKERRY_TRY(cell.seal(kept));
  SKERRY_TRY(write_all(socket, as_bytes(ready_message())));
  SessionSandboxes sessions(catalog, fresh);
  FileWorker file_worker(catalog, sessions);
  const auto forget = [&](const std::vector<std::uint64_t>& states) {
    sessions.forget(states);
    file_worker.forget(states);
  };
  // Input that comes between runs is of one that is over: the order of the next comes behind it.
  OrderSource orders(socket);
  for (;;) {
    SKERRY_ASSIGN(const bool is_busy, orders.has_more_within(kShortPause));
    if (!is_busy) {
      SKERRY_TRY(sessions.trim());
      ::malloc_trim(0);  // what forgotten states held lies free in the heap
      if (fresh.is_empty()) SKERRY_TRY(warm_up(fresh));
    }
    SKERRY_ASSIGN(const auto order, orders.next());
    if (!order) return ok_status();
    forget(order->forget);
    if (!order->run) continue;
    // What comes beside bytes is this run's: orders before it may have been sent with it.
    Files files = orders.take_files();
    EventSender sender(socket, order->run->limits.output);
    if (order->run->files) {
      SKERRY_TRY(file_worker.perform(*order->run, std::move(files), sender));
      continue;
    }
    const Wire wire{.orders = orders, .sender = sender};
    SKERRY_TRY(order->run->session ? run_in_session(sessions, *order->run, std::move(files), wire)
                                   : run_fresh(fresh, *order->run, wire));
    forget(orders.take_forgotten());
  }
}

}  // namespace

Result<ImageCatalog> ImageCatalog::open_blobs(const runtime::Installation& installation) {
  ImageCatalog catalog;
  catalog.runtimes_ = installation.runtimes();
  for (const auto& runtime : catalog.runtimes_.all()) {
    SKERRY_ASSIGN(auto blobs, installation.blobs(*runtime));
    catalog.blobs_.push_back(std::move(blobs));
  }
  for (auto& blobs : installation.added_blobs()) catalog.blobs_.push_back(std::move(blobs));
  return catalog;
}

Result<ImageCatalog> ImageCatalog::open(const runtime::Installation& installation) {
  SKERRY_ASSIGN(ImageCatalog catalog, open_blobs(installation));
  for (const std::string& name : installation.template_names()) {
    SKERRY_ASSIGN(auto plain, installation.open(name, engine::Metering::kNone));
    catalog.catalog_[{name, engine::Metering::kNone}] = std::move(plain);
    auto metered = installation.open(name, engine::Metering::kFuel);
    if (metered.ok()) catalog.catalog_[{name, engine::Metering::kFuel}] = *std::move(metered);
  }
  return catalog;
}

Result<const sandbox::LoadedImage*> ImageCatalog::find(std::string_view template_name,
                                                       engine::Metering metering) const {
  const auto found = catalog_.find(std::pair(std::string(template_name), metering));
  if (found != catalog_.end()) return found->second.get();
  if (catalog_.contains(std::pair(std::string(template_name), engine::Metering::kNone))) {
    return absl::FailedPreconditionError(
        "no code that counts fuel is there: run `skerry setup --fuel`");
  }
  return absl::InvalidArgumentError("unknown template \"" + std::string(template_name) + "\"");
}

Result<std::unique_ptr<sandbox::LoadedImage>> ImageCatalog::on(
    std::shared_ptr<const image::Image> image, engine::Metering metering) const {
  // That of its own template, for a sandbox that is warm there; else any of the same runtime.
  const sandbox::LoadedImage* like = nullptr;
  for (const auto& [key, loaded] : catalog_) {
    const image::Image& known = *loaded->image;
    if (key.second != metering || known.manifest.module_sha256 != image->manifest.module_sha256) {
      continue;
    }
    if (like == nullptr || known.sha256 == image->sha256) like = loaded.get();
  }
  if (like == nullptr) {
    return absl::FailedPreconditionError(
        metering == engine::Metering::kFuel
            ? "no code that counts fuel is there: run `skerry setup --fuel`"
            : "the session was made on another runtime than the one that is installed");
  }
  auto loaded = std::make_unique<sandbox::LoadedImage>();
  loaded->program = like->program;
  loaded->table_elements = like->table_elements;
  loaded->image = std::move(image);
  SKERRY_TRY(runtime::restore_state(*loaded, blobs(), on_template(loaded->image->sha256)));
  return loaded;
}

const sandbox::LoadedImage* ImageCatalog::on_template(std::string_view sha256) const {
  for (const auto& [key, loaded] : catalog_) {
    if (loaded->image->sha256 == sha256) return loaded.get();
  }
  return nullptr;
}

std::shared_ptr<const image::Image> ImageCatalog::image(std::string_view sha256) const {
  const sandbox::LoadedImage* loaded = on_template(sha256);
  return loaded == nullptr ? nullptr : loaded->image;
}

const wasi::HostState* ImageCatalog::template_state(std::string_view sha256) const {
  const sandbox::LoadedImage* loaded = on_template(sha256);
  return loaded == nullptr ? nullptr : &loaded->state;
}

wasi::BlobResolver ImageCatalog::blobs() const {
  return [this](std::string_view id) {
    return runtime::find_blob(blobs_, id,
                              "; what a template was built of since the service was started is "
                              "there when it is started again");
  };
}

std::vector<int> ImageCatalog::descriptors() const {
  std::vector<int> fds;
  fds.reserve(catalog_.size());
  for (const auto& [key, loaded] : catalog_) fds.push_back(loaded->image->base->fd());
  return fds;
}

int serve_runs(int socket, const ImageCatalog& catalog, jail::Cell& cell) {
  exit_when_memory_runs_out();
  const Status status = serve(socket, catalog, cell);
  if (status.ok()) return 0;
  EventSender sender(socket, bytes(0));
  (void)sender.failed(status);
  return 125;
}

}  // namespace skerry::worker
