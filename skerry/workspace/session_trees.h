// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/files/tree.h"
#include "skerry/image/revision_files.h"
#include "skerry/runtime/blobs.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_store.h"
#include "skerry/wasi/host_state.h"

namespace skerry::workspace {

using files::FilePath;
using files::Tree;

/// Whose files a call works on. Checked values.
struct Scope {
  std::string tenant;
  session::SessionName session;
  std::optional<session::SessionName> user = std::nullopt;  ///< whose memory/ it may see
};

/// How much may be kept.
struct TreeQuotas {
  ByteSize workspace = mib(100);  ///< all files of a session
  ByteSize memory = mib(10);      ///< all files of a user's memory
};

/// What the files of sessions rest on, shared by all calls. Const calls may run concurrently.
struct Foundation {
  runtime::PythonInstallation installation;
  std::shared_ptr<const runtime::BlobSet> blobs;
  std::filesystem::path store;
  TreeQuotas quotas;
};

/// The files of a session and of its user's memory, as the newest revisions hold them; and the way
/// to make what was changed in them the next one. They are opened when they are first asked for.
///
/// Nothing of a guest is run, and none of its pages is looked at: its files are in the host state,
/// which is checked when it is read. Borrows its parameters. Confined to one thread; it blocks.
class SessionTrees final : public files::Trees {
 public:
  /// kChange takes the sessions' leases: kUnavailable while somebody runs in one.
  enum class Purpose { kLook, kChange };
  /// `store` is that of the scope's tenant, and waits for nobody.
  SessionTrees(const Foundation& foundation, const Scope& scope, session::SessionStore& store,
               Purpose purpose);
  ~SessionTrees() override;

  Result<Tree*> tree(FilePath::Root root) override;

  /// Commits what has changed, if anything has; `first_line` is what a list of revisions tells of
  /// it. All or nothing: kResourceExhausted when there is now more than a quota, and has become
  /// more; kFailedPrecondition when both the session's and the memory's files have changed.
  Status commit(std::string_view first_line);

 private:
  struct Volume;
  Result<std::unique_ptr<Volume>> open(FilePath::Root root);
  Status load(Volume& volume, const session::SessionName& name);
  Status start_on_template(Volume& volume, std::string_view template_name);
  Status decode(Volume& volume) const;

  const Foundation& foundation_;
  const Scope& scope_;
  session::SessionStore& store_;
  Purpose purpose_;
  std::unique_ptr<Volume> workspace_;
  std::unique_ptr<Volume> memory_;
};

}  // namespace skerry::workspace
