// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/os/sealed_file.h"
#include "skerry/base/status.h"
#include "skerry/engine/native_cache.h"
#include "skerry/runtime/blobs.h"
#include "skerry/runtime/built_templates.h"
#include "skerry/runtime/home.h"
#include "skerry/runtime/runtimes.h"
#include "skerry/runtime/shipped_parts.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::runtime {

/// Sees the steps of a set-up, in order.
class SetUpObserver {
 public:
  virtual ~SetUpObserver() = default;
  /// A step begins; or something was found damaged and will be made anew.
  virtual void step(const std::string& what) = 0;
  virtual void damaged(const std::string& what) = 0;
  /// How far the step has come, 0 to 1.
  virtual void progress(double fraction) = 0;
};

/// Gives a loaded image the host state of its image. `like` is one that may rest on the same
/// template, or null. kDataLoss when the image holds none; the blobs' error when one is missing.
Status restore_state(sandbox::LoadedImage& loaded, const wasi::BlobResolver& blobs,
                     const sandbox::LoadedImage* like);

/// What is there and what is wrong, for `skerry doctor`.
struct Finding {
  std::string what;  ///< "template python-data"
  Status
      state;  ///< OK; kNotFound: not made yet; kDataLoss: damaged; kFailedPrecondition: out of date
  std::string mend;  ///< the command that mends it
};

/// The runtimes in a Home: parts, native code, templates. A value: all is derived from files;
/// several processes may work on one Home, set-up takes turns. Const calls may run concurrently.
class Installation {
 public:
  /// Set-up takes parts that the home lacks from `shipped`.
  Installation(Home home, Runtimes runtimes, ShippedParts shipped = {})
      : home_(std::move(home)), runtimes_(std::move(runtimes)), shipped_(std::move(shipped)) {}

  const Home& home() const { return home_; }
  const Runtimes& runtimes() const { return runtimes_; }
  const ShippedParts& shipped() const { return shipped_; }

  /// Makes what is missing, damaged or out of date; returns how many steps that took, 0 when all
  /// was there. Each step leaves a finished file or none, so an interrupted set-up goes on where it
  /// stopped. kFailedPrecondition when a runtime's parts are not there or not the pinned ones, nor
  /// shipped. kDataLoss when those shipped are damaged.
  Result<int> set_up(engine::Metering metering, SealedFile::Depth depth,
                     SetUpObserver& observer) const;

  /// A template to start sandboxes from, of the runtime that has one of this name, or one that was
  /// built. kInvalidArgument: there is none. kNotFound, kDataLoss or kFailedPrecondition: `set_up`
  /// mends it, or for one that was built, the command that the message names.
  Result<std::unique_ptr<sandbox::LoadedImage>> open(std::string_view template_name,
                                                     engine::Metering metering) const;

  /// The same for a revision of a template, of the runtime that its image names. kNotFound when
  /// native code of its runtime is gone.
  Result<std::unique_ptr<sandbox::LoadedImage>> open(std::shared_ptr<const image::Image> image,
                                                     engine::Metering metering) const;

  /// Those of the runtimes, and those that were built and can be used.
  std::vector<std::string> template_names() const;
  /// The built ones that cannot be used: the reason for each, and what to do.
  std::vector<Status> unusable_templates() const;

  std::filesystem::path template_path(std::string_view name) const;
  BuiltTemplates built() const { return BuiltTemplates(home_); }

  /// OK when a built template can be used; kFailedPrecondition with the command that mends it.
  Status check_built(std::string_view name, SealedFile::Depth depth) const;

  /// Of a template: changes when it is made anew of other parts. Fails as `open` does.
  Result<std::string> template_id(std::string_view name) const;

  /// What guests of `runtime` read: empty for one that has no such files.
  Result<std::shared_ptr<const BlobSet>> blobs(const Runtime& runtime) const;
  /// And what guests on built templates read beside. Leaves out what is damaged.
  std::vector<std::shared_ptr<const BlobSet>> added_blobs() const;

  std::vector<Finding> inspect(SealedFile::Depth depth) const;

 private:
  Home home_;
  Runtimes runtimes_;
  ShippedParts shipped_;
};

}  // namespace skerry::runtime
