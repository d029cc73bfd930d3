// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_transaction.h"

#include <algorithm>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/utf8.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"
#include "skerry/sandbox/template_memory.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::session {
namespace {

using sandbox::OutcomeKind;

constexpr std::size_t kMaxFirstLine = 100;

/// One short line, with spaces for control characters.
std::string plain(std::string_view text) {
  std::string line(clip(text, kMaxFirstLine));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

/// The first line of a program that says something, in plain signs.
std::string first_line_of(std::string_view code) {
  while (!code.empty()) {
    const auto end = std::min(code.find('\n'), code.size());
    std::string line = plain(code.substr(0, end));
    if (line.find_first_not_of(' ') != line.npos && is_utf8(line)) return line;
    code.remove_prefix(std::min(end + 1, code.size()));
  }
  return {};
}

/// What a run of `parent` may have left.
image::StateLimits limits_of(const image::Revision& parent, const SessionTransaction::Left& left) {
  const wasi::Quotas quotas{.file_bytes = left.files};
  return {.before = parent.memory_size(),
          .globals = parent.manifest().globals,
          .memory = sandbox::largest_linear_memory(left.memory,
                                                   sandbox::template_memory(*parent.file_image)),
          .host_state = std::min(wasi::max_encoded_size(quotas), bytes(image::kMaxManifest))};
}

bool is_empty(int file) {
  struct stat info{};
  return ::fstat(file, &info) != 0 || info.st_size == 0;
}

}  // namespace

Result<SessionTransaction> SessionTransaction::begin(store::SessionStore& store,
                                                     store::SessionStore::Lease lease,
                                                     const runtime::Runtimes& runtimes,
                                                     std::string_view template_name,
                                                     const image::Revision* known) {
  SKERRY_ASSIGN(auto head, store.head(lease, known));
  if (!head.template_name.empty() && !template_name.empty() &&
      head.template_name != template_name) {
    return absl::InvalidArgumentError(
        fmt::format("session \"{}\" began on template \"{}\", not \"{}\"", lease.name().text(),
                    head.template_name, template_name));
  }
  SessionTransaction transaction(std::move(lease));
  transaction.head_ = head.number;
  transaction.next_ = head.next_number;
  transaction.notice_ = std::move(head.notice);
  if (head.template_name.empty()) {
    SKERRY_ASSIGN(const auto happened, store.events(transaction.lease_.name()));
    if (!happened.empty() && happened.back().text != "cleared") {
      transaction.notice_ = "begins anew: the one of this name " + happened.back().text;
    }
  }
  transaction.template_name_ = !template_name.empty()        ? std::string(template_name)
                               : !head.template_name.empty() ? std::move(head.template_name)
                                                             : runtimes.default_template();
  if (head.revision) transaction.parent_ = *std::move(head.revision);
  return transaction;
}

Result<SessionTransaction> SessionTransaction::try_begin(store::SessionStore& store,
                                                         const runtime::Installation& installation,
                                                         const store::SessionName& name,
                                                         std::string_view template_name,
                                                         const image::Revision* known) {
  SKERRY_ASSIGN(auto lease, store.try_lease(name));
  SKERRY_ASSIGN(auto transaction,
                begin(store, std::move(lease), installation.runtimes(), template_name, known));
  if (transaction.is_new()) {
    const auto file = installation.template_path(transaction.template_name());
    SKERRY_ASSIGN(auto image, image::open_image(file));
    transaction.start_on(std::move(image), file);
  }
  return transaction;
}

void SessionTransaction::start_on(std::shared_ptr<const image::Image> image,
                                  std::filesystem::path template_file) {
  parent_.file_image = std::move(image);
  template_file_ = std::move(template_file);
}

void SessionTransaction::continue_with(runtime::Program& program) const {
  program.is_continued = true;
  if (!program.has_file) program.name = fmt::format("<run {}>", next_);
}

run::SessionReport SessionTransaction::end(store::SessionStore& store,
                                           const sandbox::Outcome& outcome, std::string_view code,
                                           const Left& left) {
  run::SessionReport report;
  report.name = name();
  report.revision = head_;
  report.notice = notice_;
  const bool ended_itself =
      outcome.kind == OutcomeKind::kCompleted || outcome.kind == OutcomeKind::kFailed;
  const bool has_left = left.file >= 0 ? !is_empty(left.file) : !left.bytes.empty();
  if (!ended_itself || !has_left) {
    report.message =
        fmt::format("rewound to revision {}: {}, so nothing of this run is kept", head_,
                    ended_itself ? "the interpreter ended itself" : sandbox::name_of(outcome.kind));
    if (head_ > 0) (void)store.note(lease_, report.message);
    return report;
  }
  auto saved = [&]() -> Result<store::SessionStore::Committed> {
    const image::StateLimits limits = limits_of(parent_, left);
    SKERRY_ASSIGN(const auto captured, left.file >= 0 ? image::read_captured(left.file, limits)
                                                      : image::decode_captured(left.bytes, limits));
    return store.commit(lease_, parent_, captured,
                        {.first_line = first_line_of(code),
                         .outcome = std::string(sandbox::name_of(outcome.kind)),
                         .template_file = template_file_,
                         .durability = left.durability});
  }();
  if (!saved.ok()) return refuse(saved.status());
  report.revision = saved->info.number;
  report.bytes = saved->info.bytes;
  report.saved = saved->info.is_durable ? "durable" : "committed";
  if (left.committed != nullptr) *left.committed = std::move(saved->revision);
  return report;
}

run::SessionReport SessionTransaction::refuse(const Status& why) const {
  run::SessionReport report{
      .name = name(), .revision = head_, .message = {}, .notice = notice_, .failure = {}};
  report.failure = annotate(
      why, fmt::format("session {} is not saved, and still at revision {}", report.name, head_));
  report.message = std::string(message_of(report.failure));
  return report;
}

Result<image::Revision> SessionTransaction::commit_files(store::SessionStore& store,
                                                         const runtime::Runtimes& runtimes,
                                                         std::string host_state,
                                                         std::string_view title) {
  image::Captured captured;
  captured.state.memory_size = parent_.memory_size();
  captured.state.globals =
      parent_.patch ? parent_.patch->state.globals : parent_.manifest().globals;
  captured.state.host_state = std::move(host_state);
  if (is_new()) {
    // No run will do this, as the session's first would.
    const auto& facts = parent_.manifest().facts;
    SKERRY_ASSIGN(const runtime::Runtime* runtime, runtimes.of(facts));
    SKERRY_ASSIGN(captured.state.edits, runtime->fresh_random_states(facts, parent_.memory_size()));
  }
  SKERRY_ASSIGN(auto committed, store.commit(lease_, parent_, captured,
                                             {.first_line = to_utf8(plain(title)),
                                              .outcome = "files",
                                              .template_file = template_file_,
                                              .durability = store::Durability::kCommitted}));
  return std::move(committed.revision);
}

}  // namespace skerry::session
