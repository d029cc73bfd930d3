// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/sessions.h"

#include <chrono>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/sandbox/template_memory.h"

namespace skerry::session {
namespace {

using store::SessionInfo;
using store::SessionName;
using store::SessionStore;

/// How long an export or import waits for the tenant's other one.
constexpr std::chrono::seconds kPatience{3};
// Those that wait hold nothing, and each takes a second or two at most.
constexpr std::chrono::seconds kLookPatience{60};

std::optional<std::string_view> revision_or_head(const std::string& revision) {
  return revision.empty() ? std::nullopt : std::optional<std::string_view>(revision);
}

}  // namespace

void Sessions::record(SessionRef ref, const char* action, std::string_view object,
                      const Status& status, Clock::time_point begun) {
  if (audit_ == nullptr) return;
  ref.principal.session = ref.name;
  audit_->record(ref.principal, {.action = action,
                                 .object = object,
                                 .outcome = absl::StatusCodeToString(status.code()),
                                 .took = Clock::now() - begun});
}

/// Does `work` with the tenant's store, and logs what came of it.
template <typename Work>
Sessions::Awaited<typename std::invoke_result_t<Work, SessionStore&>::value_type>
Sessions::recorded(SessionRef ref, const char* action, std::string object, Work work) {
  const auto begun = Clock::now();
  auto working = sessions_.with(ref.principal.tenant, std::move(work));
  auto result = co_await std::move(working);
  record(std::move(ref), action, object, result.status(), begun);
  co_return result;
}

Sessions::Awaited<std::vector<SessionInfo>> Sessions::list(access::Principal principal) {
  auto work = [](SessionStore& store) { return store.list(); };
  co_return co_await sessions_.with(std::move(principal.tenant), std::move(work));
}

Sessions::Awaited<SessionInfo> Sessions::info(SessionRef ref) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&name](SessionStore& store) { return store.info(*name); };
  co_return co_await sessions_.with(ref.principal.tenant, std::move(work));
}

Sessions::Awaited<SessionLog> Sessions::log(SessionRef ref) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&name](SessionStore& store) { return session_log(store, *name); };
  co_return co_await sessions_.with(ref.principal.tenant, std::move(work));
}

Sessions::Awaited<SessionStore::Checkpoint> Sessions::checkpoint(SessionRef ref,
                                                                 v1::CheckpointRequest asked) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  const std::string label = asked.label().empty() ? checkpoint_label() : asked.label();
  auto work = [&name, &label](SessionStore& store) { return store.checkpoint(*name, label); };
  auto working = recorded(std::move(ref), "session.checkpoint", label, std::move(work));
  co_return co_await std::move(working);
}

Sessions::Awaited<store::RevisionInfo> Sessions::rewind(SessionRef ref, v1::RewindRequest asked) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&](SessionStore& store) { return store.rewind(*name, asked.revision()); };
  auto working = recorded(std::move(ref), "session.rewind", asked.revision(), std::move(work));
  co_return co_await std::move(working);
}

Sessions::Awaited<SessionInfo> Sessions::fork(SessionRef ref, v1::ForkRequest asked) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  const auto forked = SessionName::parse(asked.name());
  if (!forked.ok()) co_return forked.status();
  auto work = [&](SessionStore& store) -> Result<SessionInfo> {
    SKERRY_TRY(store.fork(*name, *forked));
    return store.info(*forked);
  };
  auto working = recorded(std::move(ref), "session.fork", asked.name(), std::move(work));
  co_return co_await std::move(working);
}

Sessions::Awaited<std::int64_t> Sessions::clear(access::Principal principal,
                                                std::optional<std::string> name) {
  std::optional<SessionName> one;
  if (name) {
    auto parsed = SessionName::parse(*name);
    if (!parsed.ok()) co_return parsed.status();
    one = *std::move(parsed);
  }
  auto work = [&one](SessionStore& store) { return store.clear(one); };
  SessionRef ref{.principal = std::move(principal), .name = name.value_or("")};
  auto working = recorded(std::move(ref), "session.clear", "", std::move(work));
  co_return co_await std::move(working);
}

/// A revision to start a run from that looks at it. To read one takes several times what its files
/// take, of which nothing is kept: a tenant's are read in turn.
Sessions::Awaited<SessionStore::OpenedRevision> Sessions::open_to_look(std::string tenant,
                                                                       store::SessionName name,
                                                                       std::string revision) {
  std::string what = "another look at a session";
  auto waiting = looks_.take(tenant, std::move(what), kLookPatience);
  const auto permit = co_await std::move(waiting);
  if (!permit.ok()) co_return permit.status();
  auto work = [&](SessionStore& store) -> Result<SessionStore::OpenedRevision> {
    SKERRY_ASSIGN(auto opened, store.open_revision(name, revision_or_head(revision)));
    if (opened.revision) opened.revision = opened.revision->without_host_state();
    return opened;
  };
  auto opening = sessions_.with(std::move(tenant), std::move(work));
  co_return co_await std::move(opening);
}

Sessions::Awaited<Variables> Sessions::variables(SessionRef ref, std::string revision) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto opening = open_to_look(ref.principal.tenant, *name, std::move(revision));
  auto opened = co_await std::move(opening);
  if (!opened.ok()) co_return opened.status();
  if (!opened->revision) co_return Variables();
  const image::Revision& revision_opened = *opened->revision;
  auto query =
      VariablesQuery::of(installation_.runtimes(), revision_opened.manifest(),
                         bytes(revision_opened.memory_size() -
                               sandbox::template_memory(*revision_opened.file_image).value));
  if (!query.ok()) co_return query.status();
  run::ReadOnlyRun look{
      .principal = std::move(ref.principal),
      .revision = std::make_shared<const image::Revision>(*std::move(opened->revision)),
      .request = {},
      .observer = &*query};
  look.request.program = query->program();
  look.request.limits = query->limits();
  const auto outcome = co_await runner_.inspect(std::move(look));
  if (!outcome.ok()) co_return outcome.status();
  co_return query->answer(*outcome);
}

Sessions::Awaited<VariablesDiff> Sessions::diff(SessionRef ref, v1::DiffRequest asked) {
  SessionRef same = ref;
  std::string from = std::move(*asked.mutable_from());
  const auto first = co_await variables(std::move(same), std::move(from));
  if (!first.ok()) co_return first.status();
  std::string to = std::move(*asked.mutable_to());
  const auto second = co_await variables(std::move(ref), std::move(to));
  if (!second.ok()) co_return second.status();
  co_return diff_of(*first, *second);
}

Sessions::Awaited<std::unique_ptr<ExportStream>> Sessions::export_revision(SessionRef ref,
                                                                           std::string revision) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  std::string what = "another export";
  std::string tenant = ref.principal.tenant;
  auto waiting = exports_.take(std::move(tenant), std::move(what), kPatience);
  auto permit = co_await std::move(waiting);
  if (!permit.ok()) co_return permit.status();
  struct Begun {
    std::unique_ptr<image::ExportWriter> writer;
    std::int64_t revision = 0;
  };
  auto work = [&](SessionStore& store) -> Result<Begun> {
    SKERRY_ASSIGN(const auto opened, store.open_revision(*name, revision_or_head(revision)));
    Begun begun{.writer = {}, .revision = opened.number};
    SKERRY_ASSIGN(begun.writer, begin_export(store, *name, opened));
    return begun;
  };
  auto working = recorded(std::move(ref), "session.export", revision, std::move(work));
  auto begun = co_await std::move(working);
  if (!begun.ok()) co_return begun.status();
  co_return std::make_unique<ExportStream>(sessions_, std::move(begun->writer), begun->revision,
                                           *std::move(permit));
}

Sessions::Awaited<store::RevisionInfo> Sessions::import(SessionRef ref, std::string exported) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  std::string what = "another import";
  std::string tenant = ref.principal.tenant;
  auto waiting = imports_.take(std::move(tenant), std::move(what), kPatience);
  const auto permit = co_await std::move(waiting);
  if (!permit.ok()) co_return permit.status();
  // Read once, however often the store is busy.
  auto reading = [this, exported = std::move(exported)]() mutable -> Result<image::Export> {
    const std::filesystem::path store = installation_.home().store();
    SKERRY_TRY(make_private_directory(store));  // which the first session makes
    SKERRY_ASSIGN(const OwnedFd input, unnamed_file(store));
    SKERRY_TRY(write_all(input.get(), as_bytes(exported)));
    exported = std::string();
    SKERRY_ASSIGN(OwnedFd room, unnamed_file(store));
    SKERRY_ASSIGN(const auto installed, installed_runtimes(installation_));
    return read_session(input.get(), std::move(room), installed, reader_);
  };
  const auto begun = Clock::now();
  const auto read = co_await sessions_.on_thread(std::move(reading));
  if (!read.ok()) {
    record(ref, "session.import", "", read.status(), begun);
    // What is damaged is what the caller gave, and nothing of ours.
    co_return read.status().code() == StatusCode::kDataLoss
        ? absl::InvalidArgumentError(std::string(message_of(read.status())))
        : read.status();
  }
  auto work = [&](SessionStore& store) { return store.import(*name, *read); };
  auto working = recorded(std::move(ref), "session.import", "", std::move(work));
  co_return co_await std::move(working);
}

}  // namespace skerry::session
