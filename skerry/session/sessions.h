// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/audit_log.h"
#include "skerry/access/principal.h"
#include "skerry/base/status.h"
#include "skerry/loop/tenant_semaphore.h"
#include "skerry/run/runner.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/export_stream.h"
#include "skerry/session/session_access.h"
#include "skerry/session/session_report.h"
#include "skerry/session/session_transfer.h"
#include "skerry/session/session_variables.h"
#include "skerry/store/session_store.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::session {

/// The largest export that is taken. It holds all memory of the session, compressed: 100 MB where
/// that is little more than the default template's.
inline constexpr std::size_t kMaxExport = std::size_t{160} << 20;

/// A session of the principal's tenant, by the name that the client sent: unchecked.
struct SessionRef {
  access::Principal principal;
  std::string name;
};

/// Sessions as every front end offers them: to list, rewind, copy. Each change and each export has
/// a line in the audit log. Confined to the event loop's thread, which nothing here blocks.
///
/// Each call fails with kInvalidArgument for a name that is none, kNotFound for a session or
/// revision that is not there, kUnavailable when somebody ran in the session for 30 s, and
/// kCancelled when its wait was. A revision is named by its number or label.
class Sessions {
 public:
  template <typename Value>
  using Awaited = boost::asio::awaitable<Result<Value>>;

  /// All must outlive it; `audit` null: nothing is logged.
  Sessions(run::Runner& runner, SessionAccess& sessions, runtime::Installation installation,
           ReaderOptions reader, access::AuditLog* audit = nullptr)
      : runner_(runner),
        sessions_(sessions),
        installation_(std::move(installation)),
        reader_(std::move(reader)),
        audit_(audit) {}

  Awaited<std::vector<store::SessionInfo>> list(access::Principal principal);
  Awaited<store::SessionInfo> info(SessionRef ref);
  Awaited<SessionLog> log(SessionRef ref);
  // Of the session that `ref` names: a name in the request counts for nothing.
  Awaited<store::SessionStore::Checkpoint> checkpoint(SessionRef ref, v1::CheckpointRequest asked);
  Awaited<store::RevisionInfo> rewind(SessionRef ref, v1::RewindRequest asked);
  /// kAlreadyExists when there is a session of the fork's name.
  Awaited<store::SessionInfo> fork(SessionRef ref, v1::ForkRequest asked);
  Awaited<VariablesDiff> diff(SessionRef ref, v1::DiffRequest asked);
  /// Forgets one session, or all of the tenant. Returns how many there were.
  Awaited<std::int64_t> clear(access::Principal principal, std::optional<std::string> name);

  /// A revision, empty: the head, with all that another machine needs to go on from it. Each tenant
  /// has one export at a time: kResourceExhausted when another one lasts a few seconds longer.
  Awaited<std::unique_ptr<ExportStream>> export_revision(SessionRef ref, std::string revision);
  /// Makes a session of what `export_revision` gave; anyone may have written it. kAlreadyExists
  /// when there is one of that name; kInvalidArgument when it is no whole export. Each tenant has
  /// one import at a time, as with exports.
  Awaited<store::RevisionInfo> import(SessionRef ref, std::string exported);

 private:
  using Clock = std::chrono::steady_clock;

  void record(SessionRef ref, const char* action, std::string_view object, const Status& status,
              Clock::time_point begun);
  Awaited<store::SessionStore::OpenedRevision> open_to_look(std::string tenant,
                                                            store::SessionName name,
                                                            std::string revision);
  Awaited<Variables> variables(SessionRef ref, std::string revision);
  template <typename Work>
  Awaited<typename std::invoke_result_t<Work, store::SessionStore&>::value_type> recorded(
      SessionRef ref, const char* action, std::string object, Work work);

  run::Runner& runner_;
  SessionAccess& sessions_;
  runtime::Installation installation_;
  ReaderOptions reader_;
  access::AuditLog* audit_;
  loop::TenantSemaphore exports_{1};
  loop::TenantSemaphore looks_{1, 2};
  // What an import holds may be as large as a session's files: few at once.
  loop::TenantSemaphore imports_{1, 2};
};

}  // namespace skerry::session
