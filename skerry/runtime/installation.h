// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/sealed_file.h"
#include "skerry/base/status.h"
#include "skerry/engine/native_cache.h"
#include "skerry/runtime/blobs.h"
#include "skerry/runtime/home.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::runtime {

/// A template: its name and what is imported in it.
struct TemplateRecipe {
  std::string name;
  std::vector<std::string> modules;
};

/// `python` and `python-data`, in the order in which set-up makes them.
const std::vector<TemplateRecipe>& python_templates();

/// What lies beside a program's own files in the directory it begins in, the root: a place for
/// temporary files, the library, and a link to the root itself.
inline constexpr std::array<std::string_view, 3> kOwnNames{"tmp", "usr", "workspace"};

/// Everything warm, which costs a plain program nothing.
inline constexpr std::string_view kDefaultTemplate = "python-data";

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

/// Gives an origin the host state of its image. `like` is one that may rest on the same template,
/// or null. kDataLoss when the image holds none; the blobs' error when one is missing.
Status restore_state(sandbox::Origin& origin, const BlobSet& blobs, const sandbox::Origin* like);

/// What is there and what is wrong, for `skerry doctor`.
struct Finding {
  std::string what;  ///< "template python-data"
  Status
      state;  ///< OK; kNotFound: not made yet; kDataLoss: damaged; kFailedPrecondition: out of date
  std::string mend;  ///< the command that mends it
};

/// The Python runtime in a Home: parts, native code, templates. Values derived from files; several
/// processes may work on one Home, set-up takes turns. Confined to one thread.
class PythonInstallation {
 public:
  explicit PythonInstallation(Home home) : home_(std::move(home)) {}

  const Home& home() const { return home_; }

  /// Makes what is missing, damaged or out of date; returns how many steps that took, 0 when all
  /// was there. Each step leaves a finished file or none, so an interrupted set-up goes on where it
  /// stopped. kFailedPrecondition when the wheel's parts are not there or not the pinned ones.
  Result<int> set_up(engine::Metering metering, SealedFile::Depth depth, SetUpObserver& observer);

  /// A template to start sandboxes from. kNotFound, kDataLoss or kFailedPrecondition: `set_up`
  /// mends it.
  Result<std::unique_ptr<sandbox::Origin>> open(std::string_view template_name,
                                                engine::Metering metering) const;

  /// The same for a revision of a template. kNotFound when native code of its runtime is gone.
  Result<std::unique_ptr<sandbox::Origin>> open(std::shared_ptr<const image::Image> image,
                                                engine::Metering metering) const;

  /// The same on native code that is there already, as `like` has it: microseconds instead of
  /// milliseconds. kFailedPrecondition when the image is of another runtime.
  Result<std::unique_ptr<sandbox::Origin>> open(std::shared_ptr<const image::Image> image,
                                                const sandbox::Origin& like) const;

  std::filesystem::path template_path(std::string_view name) const;

  std::vector<Finding> inspect(SealedFile::Depth depth) const;

 private:
  struct Hollow;
  /// The native code that a set-up has to end with.
  struct WantedCode {
    const engine::NativeCache& cache;
    const std::string& module_sha256;
    engine::Metering metering;
    SealedFile::Depth depth;
  };
  Status check_parts(SealedFile::Depth depth) const;
  Result<std::unique_ptr<sandbox::Origin>> without_code(std::shared_ptr<const image::Image> image,
                                                        const sandbox::Origin* like) const;
  Status ensure_blobs(SealedFile::Depth depth, SetUpObserver& observer, int& steps) const;
  Status check_template(const TemplateRecipe& recipe, SealedFile::Depth depth) const;
  Result<std::string> known_module() const;
  Result<Hollow> make_hollow() const;
  Status ensure_code(const WantedCode& wanted, std::optional<Hollow>& hollow,
                     SetUpObserver& observer, int& steps) const;
  Status make_templates(const std::vector<const TemplateRecipe*>& recipes, const Hollow& hollow,
                        const engine::NativeCache& cache, SetUpObserver& observer) const;
  Status build_template(const TemplateRecipe& recipe, const Hollow& hollow,
                        std::shared_ptr<engine::Program> program, const BlobSet& blobs) const;

  Home home_;
};

}  // namespace skerry::runtime
