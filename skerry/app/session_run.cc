// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_run.h"

#include <charconv>
#include <cstdlib>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "skerry/app/terminal.h"
#include "skerry/image/captured_state.h"
#include "skerry/jail/memory_file.h"
#include "skerry/wasi/utf8.h"

namespace skerry::app {
namespace {

constexpr std::size_t kMaxFirstLine = 100;

/// The environment's number, if it sets one.
Result<std::int64_t> setting(const char* name, std::int64_t otherwise, std::int64_t most) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return otherwise;
  const std::string_view view(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error == std::errc() && end == view.data() + view.size() && value >= 1 && value <= most) {
    return value;
  }
  return absl::InvalidArgumentError(
      fmt::format("{} is \"{}\", expected 1 to {}", name, view, most));
}

/// The first line of a program that says something, in plain signs.
std::string first_line_of(std::string_view code) {
  while (!code.empty()) {
    const auto end = std::min(code.find('\n'), code.size());
    std::string line(clip(code.substr(0, end), kMaxFirstLine));
    for (char& c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    if (line.find_first_not_of(' ') != line.npos && wasi::is_utf8(line)) return line;
    code.remove_prefix(std::min(end + 1, code.size()));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<sandbox::Origin>> ready_origin(const runtime::Home& home,
                                                      std::string_view template_name,
                                                      engine::Metering metering) {
  runtime::PythonInstallation installation(home);
  auto origin = installation.open(template_name, metering);
  if (origin.ok() || origin.status().code() == StatusCode::kInvalidArgument) return origin;
  SetUpProgress progress;
  if (origin.status().code() == StatusCode::kDataLoss)
    progress.damaged(std::string(message_of(origin.status())));
  SKERRY_TRY(installation.set_up(metering, SealedFile::Depth::kTimes, progress).status());
  return installation.open(template_name, metering);
}

Result<std::unique_ptr<session::SessionStore>> open_sessions(const runtime::Home& home) {
  session::Policy policy;
  SKERRY_ASSIGN(const std::int64_t seconds,
                setting("SKERRY_SESSION_TTL", policy.time_to_live.count(), 30 * 86'400));
  SKERRY_ASSIGN(policy.sessions, setting("SKERRY_SESSIONS", policy.sessions, 100'000));
  SKERRY_ASSIGN(policy.revisions, setting("SKERRY_SESSION_REVISIONS", policy.revisions, 10'000));
  SKERRY_ASSIGN(const std::int64_t most,
                setting("SKERRY_SESSION_BYTES", static_cast<std::int64_t>(policy.bytes.value),
                        std::int64_t{1} << 50));
  policy.time_to_live = std::chrono::seconds(seconds);
  policy.bytes = bytes(static_cast<std::uint64_t>(most));
  SKERRY_TRY(make_private_directory(home.root));
  return session::SessionStore::open(home.store(), kLocalTenant, policy);
}

Result<std::unique_ptr<SessionRun>> SessionRun::open(const runtime::Home& home,
                                                     const Options& options,
                                                     const sandbox::Limits& limits) {
  SKERRY_ASSIGN(const auto name, session::SessionName::parse(options.name));
  SKERRY_ASSIGN(auto store, open_sessions(home));
  SKERRY_ASSIGN(auto lease, store->lease(name));
  SKERRY_ASSIGN(auto head, store->head(lease));
  if (!head.notice.empty()) {
    std::fputs(("skerry: session " + name.text() + ": " + head.notice + "\n").c_str(), stderr);
  }
  if (!head.template_name.empty() && !options.template_name.empty() &&
      head.template_name != options.template_name) {
    return absl::InvalidArgumentError("session \"" + name.text() + "\" began on template \"" +
                                      head.template_name + "\", not \"" + options.template_name +
                                      "\"");
  }
  auto run = std::unique_ptr<SessionRun>(new SessionRun(std::move(lease)));
  run->head_ = head.number;
  run->next_ = head.next_number;
  run->memory_limit_ = limits.memory;
  run->durability_ =
      options.durable ? session::Durability::kDurable : session::Durability::kCommitted;
  const auto metering = limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  const runtime::PythonInstallation installation(home);
  if (head.revision) {
    run->parent_ = *std::move(head.revision);
    auto origin = installation.open(run->parent_.image, metering);
    if (!origin.ok()) {
      // What set-up can mend is the installed runtime; a session of another one stays shut.
      SKERRY_TRY(ready_origin(home, run->parent_.image->manifest.template_name, metering).status());
      origin = installation.open(run->parent_.image, metering);
    }
    if (!origin.ok()) {
      return annotate(origin.status(),
                      "session \"" + name.text() + "\" needs the runtime that it began on");
    }
    run->origin_ = *std::move(origin);
  } else {
    const std::string wanted = !options.template_name.empty() ? options.template_name
                               : !head.template_name.empty()
                                   ? head.template_name
                                   : std::string(runtime::kDefaultTemplate);
    SKERRY_ASSIGN(run->origin_, ready_origin(home, wanted, metering));
    run->parent_.image = run->origin_->image;
    run->template_file_ = installation.template_path(wanted);
  }
  SKERRY_ASSIGN(run->left_, jail::make_memory_file("session"));
  run->store_ = std::move(store);
  return run;
}

runtime::Randomness SessionRun::randomness() const {
  return parent_.id.empty() ? runtime::Randomness::kFresh : runtime::Randomness::kKept;
}

void SessionRun::continue_with(runtime::PythonProgram& program) const {
  program.is_continued = true;
  if (!program.has_file) program.name = fmt::format("<run {}>", next_);
}

Status SessionRun::leave_state(sandbox::Sandbox& sandbox) const {
  auto state = sandbox.captured();
  if (state.status().code() == StatusCode::kFailedPrecondition) return ok_status();
  if (!state.ok()) return state.status();
  return image::write_captured(left_.get(), *state, sandbox.memory());
}

Result<session::RevisionInfo> SessionRun::commit(const sandbox::Outcome& outcome,
                                                 const runtime::PythonProgram& program) {
  SKERRY_ASSIGN(const auto captured,
                image::read_captured(left_.get(), *parent_.image, memory_limit_));
  return store_->commit(lease_, parent_, captured,
                        {.first_line = first_line_of(program.code),
                         .outcome = std::string(sandbox::name_of(outcome.kind)),
                         .template_file = template_file_,
                         .durability = durability_});
}

SessionReport SessionRun::report(const sandbox::Outcome& outcome,
                                 const runtime::PythonProgram& program) {
  SessionReport report;
  report.name = lease_.name().text();
  report.revision = head_;
  struct stat info{};
  const bool came_back = (outcome.kind == sandbox::OutcomeKind::kCompleted ||
                          outcome.kind == sandbox::OutcomeKind::kFailed) &&
                         ::fstat(left_.get(), &info) == 0 && info.st_size > 0;
  if (!came_back) {
    const bool ended_itself = outcome.kind == sandbox::OutcomeKind::kCompleted ||
                              outcome.kind == sandbox::OutcomeKind::kFailed;
    report.message =
        fmt::format("rewound to revision {}: {}, so nothing of this run is kept", head_,
                    ended_itself ? "the interpreter ended itself"
                                 : std::string(sandbox::name_of(outcome.kind)));
    if (head_ > 0) (void)store_->note(lease_, report.message);
    return report;
  }
  auto saved = commit(outcome, program);
  if (!saved.ok()) {
    report.failure = annotate(
        saved.status(),
        "session " + report.name + " is not saved, and still at revision " + std::to_string(head_));
    report.message = std::string(message_of(report.failure));
    return report;
  }
  report.revision = saved->number;
  report.saved = saved->is_durable ? "durable" : "committed";
  return report;
}

}  // namespace skerry::app
