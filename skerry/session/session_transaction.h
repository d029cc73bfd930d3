// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/run/report.h"
#include "skerry/runtime/installation.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/store/session_store.h"

namespace skerry::session {

/// One run in a session, as the trusted side sees it: where it begins, and what becomes of what it
/// leaves. Holds the session's lease. Confined to one thread at a time.
class SessionTransaction {
 public:
  /// `template_name` is what a new session is to begin on, empty for the default of `runtimes`.
  /// kInvalidArgument when the session began on another. `known` is as for `SessionStore::head`.
  static Result<SessionTransaction> begin(store::SessionStore& store,
                                          store::SessionStore::Lease lease,
                                          const runtime::Runtimes& runtimes,
                                          std::string_view template_name,
                                          const image::Revision* known = nullptr);

  /// The same of a session that nobody runs in, else kUnavailable; a new one begins on a template
  /// of `installation`.
  static Result<SessionTransaction> try_begin(store::SessionStore& store,
                                              const runtime::Installation& installation,
                                              const store::SessionName& name,
                                              std::string_view template_name,
                                              const image::Revision* known = nullptr);

  /// Whether the session begins with this run: then `start_on` says on what.
  bool is_new() const { return parent_.id.empty(); }
  const std::string& template_name() const { return template_name_; }
  void start_on(std::shared_ptr<const image::Image> image, std::filesystem::path template_file);

  /// What the run starts from.
  const image::Revision& parent() const { return parent_; }
  const std::string& name() const { return lease_.name().text(); }
  /// Not empty when the newest revisions were damaged and the head went back, or when a session of
  /// this name is no more and this is another.
  const std::string& notice() const { return notice_; }

  /// Makes `program` one that goes on: its names stay, its tracebacks say which run they are from.
  void continue_with(runtime::Program& program) const;

  /// What a run left, and how it is to be kept.
  struct Left {
    /// The state, as `image::write_captured` wrote it; -1 when it left none, or left these bytes
    /// instead. Untrusted, and nobody may be able to write in it any more.
    int file = -1;
    std::string_view bytes = {};
    ByteSize memory;  ///< the run's limit
    ByteSize files;   ///< the run's limit
    store::Durability durability = store::Durability::kCommitted;
    image::Revision* committed = nullptr;  ///< gets the new revision
  };

  /// Commits what the run left, or says why nothing is kept.
  run::SessionReport end(store::SessionStore& store, const sandbox::Outcome& outcome,
                         std::string_view code, const Left& left);

  /// Instead of `end`: what the run left is none of a run's.
  run::SessionReport refuse(const Status& why) const;

  /// Instead of `end`, for an operation on the session's files: commits `host_state`, untrusted, as
  /// a revision with the pages and globals of the parent. `title` is how a list of revisions names
  /// it. Returns the new revision.
  Result<image::Revision> commit_files(store::SessionStore& store,
                                       const runtime::Runtimes& runtimes, std::string host_state,
                                       std::string_view title);

 private:
  explicit SessionTransaction(store::SessionStore::Lease lease) : lease_(std::move(lease)) {}

  store::SessionStore::Lease lease_;
  std::int64_t head_ = 0;
  std::int64_t next_ = 1;
  image::Revision parent_;
  std::string template_name_;
  std::filesystem::path template_file_;
  std::string notice_;
};

}  // namespace skerry::session
