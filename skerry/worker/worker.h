// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/jail/cell.h"
#include "skerry/runtime/installation.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::worker {

/// Everything that runs may start from, opened once, before there are workers: a jailed process
/// opens nothing. Const calls only, so every forked worker shares it.
class ImageCatalog {
 public:
  /// Opens all templates, each with metered code if that was compiled. A failure is what
  /// `Installation::open` says: set-up mends it.
  static Result<ImageCatalog> open(const runtime::Installation& installation);
  /// No templates, but what host states refer to: all that operations on files need.
  static Result<ImageCatalog> open_blobs(const runtime::Installation& installation);

  const runtime::Runtimes& runtimes() const { return runtimes_; }

  /// kInvalidArgument for an unknown template; kFailedPrecondition for metered code that is not
  /// there.
  Result<const sandbox::LoadedImage*> find(std::string_view template_name,
                                           engine::Metering metering) const;

  /// A loaded image on a revision's image, with the code of the template that has its module.
  /// kFailedPrecondition when none has.
  Result<std::unique_ptr<sandbox::LoadedImage>> on(std::shared_ptr<const image::Image> image,
                                                   engine::Metering metering) const;

  /// The template's image with this hash; null when there is none.
  std::shared_ptr<const image::Image> image(std::string_view sha256) const;
  /// And its host state. As long as this.
  const wasi::HostState* template_state(std::string_view sha256) const;
  /// Finds what host states refer to. As long as this.
  wasi::BlobResolver blobs() const;

  /// The descriptors that sandboxes on these need.
  std::vector<int> descriptors() const;

 private:
  const sandbox::LoadedImage* on_template(std::string_view sha256) const;

  runtime::Runtimes runtimes_;
  std::vector<std::shared_ptr<const runtime::BlobSet>>
      blobs_;  // of the runtimes, then of built templates
  std::map<std::pair<std::string, engine::Metering>, std::unique_ptr<sandbox::LoadedImage>>
      catalog_;
};

/// A worker's life: shuts itself into `cell` while it warms a sandbox up, says that it is ready,
/// then takes one run after the other from `socket` until the other end closes it. A run is fresh,
/// with nothing of another left for it, or one of a session: that it begins as a state of the
/// session's, and leaves the next. Returns the process's exit code.
int serve_runs(int socket, const ImageCatalog& catalog, jail::Cell& cell);

}  // namespace skerry::worker
