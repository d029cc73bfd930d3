// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/exports/export_reader.h"
#include "skerry/image/exports/image_export.h"
#include "skerry/runtime/installation.h"
#include "skerry/store/session_store.h"
#include "skerry/wasi/files/quotas.h"

/// Sessions to files and back, for the command line and the service. What is read may have been
/// written by anyone.
namespace skerry::session {

/// Begins the export of a revision with all it needs: verifies its files and reads its memory, so
/// it may take a second. The writer needs nothing of the store's any more.
/// kFailedPrecondition for revision 0.
Result<std::unique_ptr<image::ExportWriter>> begin_export(
    const store::SessionStore& store, const store::SessionName& name,
    const store::SessionStore::OpenedRevision& opened);

/// How exports are read.
struct ReaderOptions {
  std::filesystem::path program;  ///< `skerry-reader`
  /// The most bytes of memory pages, and of files that guests wrote, that are taken. Default: what
  /// a session can have.
  ByteSize pages = bytes(image::kMaxPages);
  ByteSize files = wasi::Quotas{}.file_bytes;
  /// After which the program is given up. It has 60 s of processor time.
  std::chrono::seconds time{180};
};

/// A runtime that an export may be of, or a template with packages.
struct InstalledRuntime {
  std::filesystem::path parts;  ///< what its guests read; empty: nothing
  image::Manifest manifest;     ///< of a template of its
};
/// Those of the installation, which are set up, and behind them the templates that were built, with
/// what their guests read beside. kNotFound when a runtime is not set up.
Result<std::vector<InstalledRuntime>> installed_runtimes(const runtime::Installation& installation);

/// Reads the export in the file `fd` and checks that its state can run here: on one of `installed`.
/// Its bytes are read by a process of their own, in the jail and within bounds
/// (`skerry-reader`); what that leaves in `room`, an empty file of the caller's, is checked again.
/// On a thread that may block.
///
/// kDataLoss, saying what is wrong, when the file is damaged, cut off or no export; kUnimplemented
/// for another format version; kFailedPrecondition when it was made with another runtime;
/// kResourceExhausted when reading it took more than its budget; kUnavailable when it took too
/// long.
Result<image::Export> read_session(int fd, OwnedFd room,
                                   const std::vector<InstalledRuntime>& installed,
                                   const ReaderOptions& options);

}  // namespace skerry::session
