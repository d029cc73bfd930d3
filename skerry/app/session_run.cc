// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_run.h"

#include <charconv>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "skerry/app/terminal.h"
#include "skerry/image/captured_state.h"
#include "skerry/jail/memory_file.h"
#include "skerry/store/directory_store.h"

namespace skerry::app {
namespace {

/// The environment's number, if it sets one.
Result<std::int64_t> parameters(const char* name, std::int64_t fallback, std::int64_t most) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return fallback;
  const std::string_view view(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error == std::errc() && end == view.data() + view.size() && value >= 1 && value <= most) {
    return value;
  }
  return absl::InvalidArgumentError(
      fmt::format("{} is \"{}\", expected 1 to {}", name, view, most));
}

}  // namespace

Result<std::unique_ptr<sandbox::LoadedImage>> ready_image(const runtime::Installation& installation,
                                                          std::string_view template_name,
                                                          engine::Metering metering) {
  auto loaded = installation.open(template_name, metering);
  if (loaded.ok() || loaded.status().code() == StatusCode::kInvalidArgument) return loaded;
  SetUpProgress progress;
  if (loaded.status().code() == StatusCode::kDataLoss)
    progress.damaged(std::string(message_of(loaded.status())));
  SKERRY_TRY(installation.set_up(metering, SealedFile::Depth::kTimes, progress).status());
  return installation.open(template_name, metering);
}

Status ready_runtimes(const runtime::Installation& installation, engine::Metering metering) {
  for (const auto& runtime : installation.runtimes().all()) {
    const std::string& wanted = runtime->description().default_template;
    if (!wanted.empty()) SKERRY_TRY(ready_image(installation, wanted, metering).status());
  }
  return ok_status();
}

Result<store::Policy> session_policy() {
  store::Policy policy;
  SKERRY_ASSIGN(const std::int64_t seconds,
                parameters("SKERRY_SESSION_TTL", policy.time_to_live.count(), 30 * 86'400));
  SKERRY_ASSIGN(policy.sessions, parameters("SKERRY_SESSIONS", policy.sessions, 100'000));
  SKERRY_ASSIGN(policy.revisions, parameters("SKERRY_SESSION_REVISIONS", policy.revisions, 10'000));
  SKERRY_ASSIGN(const std::int64_t cold,
                parameters("SKERRY_SESSION_COLD", policy.cold.count(), 30 * 86'400));
  SKERRY_ASSIGN(const std::int64_t most,
                parameters("SKERRY_SESSION_BYTES", static_cast<std::int64_t>(policy.bytes.value),
                           std::int64_t{1} << 50));
  policy.time_to_live = std::chrono::seconds(seconds);
  policy.cold = std::chrono::seconds(cold);
  policy.bytes = bytes(static_cast<std::uint64_t>(most));
  return policy;
}

Result<std::unique_ptr<store::SessionStore>> open_sessions(const runtime::Home& home) {
  SKERRY_ASSIGN(const store::Policy policy, session_policy());
  SKERRY_TRY(make_private_directory(home.root));
  return store::DirectoryStore::open(home.store(), kLocalTenant, policy);
}

Result<std::unique_ptr<SessionRun>> SessionRun::open(const runtime::Installation& installation,
                                                     const Options& options,
                                                     const sandbox::Limits& limits) {
  SKERRY_ASSIGN(const auto name, store::SessionName::parse(options.name));
  SKERRY_ASSIGN(auto store, open_sessions(installation.home()));
  auto lease = store->try_lease(name);
  if (lease.status().code() == StatusCode::kUnavailable) {
    std::fputs(
        ("skerry: session " + name.text() + ": waiting for the run that is under way\n").c_str(),
        stderr);
    lease = store->lease(name);
  }
  if (!lease.ok()) return lease.status();
  SKERRY_ASSIGN(auto transaction,
                session::SessionTransaction::begin(*store, *std::move(lease),
                                                   installation.runtimes(), options.template_name));
  if (!transaction.notice().empty()) {
    std::fputs(("skerry: session " + name.text() + ": " + transaction.notice() + "\n").c_str(),
               stderr);
  }
  auto run = std::unique_ptr<SessionRun>(new SessionRun(std::move(store), std::move(transaction)));
  run->limits_ = limits;
  run->durability_ = options.durable ? store::Durability::kDurable : store::Durability::kCommitted;
  const auto metering = limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  if (run->transaction_.is_new()) {
    const std::string& wanted = run->transaction_.template_name();
    SKERRY_ASSIGN(run->loaded_, ready_image(installation, wanted, metering));
    run->transaction_.start_on(run->loaded_->image, installation.template_path(wanted));
  } else {
    const auto image = run->transaction_.parent().image();
    auto loaded = installation.open(image, metering);
    if (!loaded.ok()) {
      // What set-up can mend is the installed runtime; a session of another one stays shut.
      SKERRY_TRY(ready_image(installation, image->manifest.template_name, metering).status());
      loaded = installation.open(image, metering);
    }
    if (!loaded.ok()) {
      return annotate(loaded.status(),
                      "session \"" + name.text() + "\" needs the runtime that it began on");
    }
    run->loaded_ = *std::move(loaded);
  }
  SKERRY_ASSIGN(run->left_, jail::make_memory_file("session"));
  return run;
}

runtime::Randomness SessionRun::randomness() const {
  return transaction_.is_new() ? runtime::Randomness::kFresh : runtime::Randomness::kKept;
}

Status SessionRun::leave_state(sandbox::Sandbox& sandbox) const {
  auto state = sandbox.captured();
  if (state.status().code() == StatusCode::kFailedPrecondition) return ok_status();
  if (!state.ok()) return state.status();
  return image::write_captured(left_.get(), *state, sandbox.content());
}

run::SessionReport SessionRun::report(const sandbox::Outcome& outcome,
                                      const runtime::Program& program) {
  return transaction_.end(*store_, outcome, program.code,
                          {.file = left_.get(),
                           .memory = limits_.memory,
                           .files = limits_.files,
                           .durability = durability_});
}

void SessionRun::end(std::unique_ptr<SessionRun> run) {
  const auto store = std::move(run->store_);
  run.reset();
  (void)store->keep_small();  // what fails is tried again; `skerry store gc` tells why
}

}  // namespace skerry::app
