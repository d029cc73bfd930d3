// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/image_export.h"
#include "skerry/runtime/home.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/session/session_store.h"

/// Sessions to files and back, for the command line and the service. What is read comes from
/// anybody.
namespace skerry::broker {

/// Writes a revision with all it needs to the empty file `fd`, which must be able to seek. The
/// revision's files are read and checked first. kFailedPrecondition for revision 0.
Status write_session(int fd, const session::SessionStore& store, const session::SessionName& name,
                     const session::SessionStore::OpenedRevision& opened,
                     const image::Progress& progress);

/// Reads what `write_session` wrote, and checks that its state can run here: `here` is the
/// runtime's. `room` is an empty file of the caller's. kFailedPrecondition when it was made with
/// another runtime; else as `image::read_export`.
Result<image::Export> read_session(int fd, OwnedFd room, const runtime::Home& home,
                                   const sandbox::Origin& here, const image::Progress& progress);

}  // namespace skerry::broker
