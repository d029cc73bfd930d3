// SPDX-License-Identifier: Apache-2.0
#include "skerry/workspace/session_files.h"

#include "skerry/base/range.h"

namespace skerry::workspace {

Status SessionFiles::Setting::check() const {
  SKERRY_TRY(
      in_bounds("the bytes of a session's files", quotas.workspace.value, 1, mib(200).value));
  SKERRY_TRY(in_bounds("the bytes of a user's memory", quotas.memory.value, 1, mib(200).value));
  // In base64, an answer has to fit into a message.
  SKERRY_TRY(in_bounds("the bytes of a file that is read", read.value, 1, mib(48).value));
  return in_bounds("the seconds that a command may take", patience.count(), 1, 300);
}

Result<std::unique_ptr<SessionFiles>> SessionFiles::open(broker::SessionAccess& access,
                                                         const runtime::Home& home,
                                                         const Setting& setting) {
  SKERRY_TRY(setting.check());
  SKERRY_ASSIGN(auto blobs, runtime::BlobSet::open(home.python_parts()));
  Foundation foundation{.installation = runtime::PythonInstallation(home),
                        .blobs = std::move(blobs),
                        .store = access.directory(),
                        .quotas = setting.quotas};
  return std::unique_ptr<SessionFiles>(new SessionFiles(access, std::move(foundation), setting));
}

}  // namespace skerry::workspace
