// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/session_transfer.h"

#include <memory>
#include <utility>

#include "skerry/runtime/installation.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::broker {
namespace {

Status check_runtime(const runtime::Home& home, const sandbox::Origin& here,
                     const image::Manifest& manifest) {
  const image::Manifest& installed = here.image->manifest;
  if (manifest.module_sha256 != installed.module_sha256) {
    return absl::FailedPreconditionError("made with another runtime, module " +
                                         manifest.module_sha256 + "; this machine has " +
                                         installed.module_sha256);
  }
  if (!image::have_same_names(manifest.globals, installed.globals)) {
    return absl::DataLossError("not a whole session export: its globals are not the runtime's");
  }
  image::Image image;
  image.manifest = manifest;
  const auto origin = runtime::PythonInstallation(home).open(
      std::make_shared<image::Image>(std::move(image)), here);
  return annotate(origin.status(), "its files and descriptors");
}

}  // namespace

Status write_session(int fd, const session::SessionStore& store, const session::SessionName& name,
                     const session::SessionStore::OpenedRevision& opened,
                     const image::Progress& progress) {
  if (!opened.revision) return absl::FailedPreconditionError("revision 0 is the template itself");
  SKERRY_TRY(store.files().verify(*opened.revision));
  image::Image whole = *opened.revision->image();
  SKERRY_ASSIGN(whole.manifest.host_state,
                wasi::with_files_of(as_bytes(whole.manifest.host_state),
                                    as_bytes(whole.template_image->manifest.host_state)));
  return image::write_export(fd, whole, {name.text(), opened.number}, progress);
}

Result<image::Export> read_session(int fd, OwnedFd room, const runtime::Home& home,
                                   const sandbox::Origin& here, const image::Progress& progress) {
  SKERRY_ASSIGN(auto read, image::read_export(fd, std::move(room), progress));
  SKERRY_TRY(check_runtime(home, here, read.manifest));
  return read;
}

}  // namespace skerry::broker
