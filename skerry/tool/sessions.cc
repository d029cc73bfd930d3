// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/sessions.h"

#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/file.h"
#include "skerry/broker/session_transfer.h"
#include "skerry/runtime/installation.h"

namespace skerry::tool {
namespace {

using session::SessionInfo;
using session::SessionName;
using session::SessionStore;

/// Keeps what a guest tells of itself.
class Told final : public worker::RunObserver {
 public:
  void output(wasi::Stream stream, std::string_view bytes) override {
    if (stream == wasi::Stream::kStdout) text += bytes;
  }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}
  std::string text;
};

std::optional<std::string_view> revision_or_head(const std::string& revision) {
  return revision.empty() ? std::nullopt : std::optional<std::string_view>(revision);
}

}  // namespace

Sessions::Awaited<std::vector<SessionInfo>> Sessions::list(std::string tenant) {
  auto work = [](SessionStore& store) { return store.list(); };
  co_return co_await runner_.sessions().with(std::move(tenant), std::move(work));
}

Sessions::Awaited<SessionInfo> Sessions::info(SessionRef ref) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&name](SessionStore& store) { return store.info(*name); };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<SessionLog> Sessions::log(SessionRef ref) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&name](SessionStore& store) { return session_log(store, *name); };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<SessionStore::Checkpoint> Sessions::checkpoint(SessionRef ref,
                                                                 std::string label) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  if (label.empty()) label = checkpoint_label();
  auto work = [&name, &label](SessionStore& store) { return store.checkpoint(*name, label); };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<session::RevisionInfo> Sessions::rewind(SessionRef ref, std::string revision) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&](SessionStore& store) { return store.rewind(*name, revision); };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<SessionInfo> Sessions::fork(SessionRef ref, std::string fork) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  const auto forked = SessionName::parse(fork);
  if (!forked.ok()) co_return forked.status();
  auto work = [&](SessionStore& store) -> Result<SessionInfo> {
    SKERRY_TRY(store.fork(*name, *forked));
    return store.info(*forked);
  };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<std::int64_t> Sessions::clear(std::string tenant,
                                                std::optional<std::string> name) {
  std::optional<SessionName> one;
  if (name) {
    auto parsed = SessionName::parse(*name);
    if (!parsed.ok()) co_return parsed.status();
    one = *std::move(parsed);
  }
  auto work = [&one](SessionStore& store) { return store.clear(one); };
  co_return co_await runner_.sessions().with(std::move(tenant), std::move(work));
}

Sessions::Awaited<Variables> Sessions::variables(SessionRef ref, std::string revision) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&](SessionStore& store) {
    return store.open_revision(*name, revision_or_head(revision));
  };
  std::string tenant = ref.tenant;
  auto opened = co_await runner_.sessions().with(std::move(tenant), std::move(work));
  if (!opened.ok()) co_return opened.status();
  if (!opened->revision) co_return Variables();
  Told told;
  broker::Runner::Look look{
      .tenant = std::move(ref.tenant),
      .revision = std::make_shared<const image::Revision>(*std::move(opened->revision)),
      .request = {},
      .observer = &told};
  look.request.program = variables_program();
  look.request.limits = variables_limits(bytes(look.revision->memory_size()));
  const auto outcome = co_await runner_.look(std::move(look));
  if (!outcome.ok()) co_return outcome.status();
  co_return variables_of(*outcome, told.text);
}

Sessions::Awaited<VariablesDiff> Sessions::diff(SessionRef ref, std::string before,
                                                std::string after) {
  SessionRef same = ref;
  const auto first = co_await variables(std::move(same), std::move(before));
  if (!first.ok()) co_return first.status();
  const auto second = co_await variables(std::move(ref), std::move(after));
  if (!second.ok()) co_return second.status();
  co_return diff_of(*first, *second);
}

Sessions::Awaited<Sessions::Exported> Sessions::export_revision(SessionRef ref,
                                                                std::string revision) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&](SessionStore& store) -> Result<Exported> {
    SKERRY_ASSIGN(const auto opened, store.open_revision(*name, revision_or_head(revision)));
    Exported exported{.file = {}, .revision = opened.number};
    SKERRY_ASSIGN(exported.file, unnamed_file(home_.store()));
    SKERRY_TRY(broker::write_session(exported.file.get(), store, *name, opened, [](double) {}));
    SKERRY_ASSIGN(const std::int64_t size, syscall_result("lseek", {}, [&] {
                    return ::lseek(exported.file.get(), 0, SEEK_END);
                  }));
    exported.size = static_cast<std::uint64_t>(size);
    return exported;
  };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

Sessions::Awaited<session::RevisionInfo> Sessions::import(SessionRef ref, std::string exported) {
  const auto name = SessionName::parse(ref.name);
  if (!name.ok()) co_return name.status();
  auto work = [&](SessionStore& store) -> Result<session::RevisionInfo> {
    SKERRY_ASSIGN(const OwnedFd input, unnamed_file(home_.store()));
    SKERRY_TRY(write_all(input.get(), as_bytes(exported)));
    SKERRY_ASSIGN(OwnedFd room, unnamed_file(home_.store()));
    SKERRY_ASSIGN(const auto here, runtime::PythonInstallation(home_).open(
                                       runtime::kDefaultTemplate, engine::Metering::kNone));
    const auto read =
        broker::read_session(input.get(), std::move(room), home_, *here, [](double) {});
    if (read.ok()) return store.import(*name, *read);
    // What is damaged is what the caller gave, and nothing of ours.
    return read.status().code() == StatusCode::kDataLoss
               ? absl::InvalidArgumentError(std::string(message_of(read.status())))
               : read.status();
  };
  co_return co_await runner_.sessions().with(std::move(ref.tenant), std::move(work));
}

}  // namespace skerry::tool
