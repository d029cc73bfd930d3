// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/installation.h"

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <span>

#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/engine/patch.h"
#include "skerry/engine/tune.h"
#include "skerry/image/image_file.h"
#include "skerry/wasm/hollow.h"

namespace skerry::runtime {
namespace {

constexpr std::string_view kIndex = "blobs.index";
constexpr std::string_view kSetUp = "skerry setup";
constexpr std::string_view kRecipeFact = "recipe";

/// Says in `what` where it went wrong: a message for people who did not ask for details.
Status outdated(std::string_view what) { return absl::FailedPreconditionError(std::string(what)); }

/// OK, or why a file of ours cannot be used.
Status sealed(const std::filesystem::path& path, SealedFile::Depth depth) {
  return SealedFile::check(path, depth).status();
}

std::int64_t now_unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The hollow module, its bytes and what fills its memory; and the file it borrows from.
struct Hollow {
  ReadOnlyMapping file;
  wasm::HollowModule module;
  std::string sha256;
};

/// The native code that a set-up has to end with.
struct WantedCode {
  const engine::NativeCache& cache;
  const std::string& module_sha256;
  engine::Metering metering;
  SealedFile::Depth depth;
};

/// One runtime in a Home. Borrows both. Confined to one thread.
class RuntimeFiles {
 public:
  RuntimeFiles(const Installation& installation, const Runtime& runtime)
      : installation_(installation),
        home_(installation.home()),
        runtime_(runtime),
        about_(runtime.description()),
        parts_(home_.parts(about_.name)) {}

  Result<int> set_up(engine::Metering metering, SealedFile::Depth depth,
                     SetUpObserver& observer) const;
  Result<std::shared_ptr<const image::Image>> open_template(const Template& wanted,
                                                            SealedFile::Depth depth) const;
  Status check_template(const Template& wanted, SealedFile::Depth depth) const {
    return open_template(wanted, depth).status();
  }
  Result<std::unique_ptr<sandbox::LoadedImage>> open(std::shared_ptr<const image::Image> image,
                                                     engine::Metering metering) const;
  std::string recipe_of(const Template& wanted) const;
  void inspect(SealedFile::Depth depth, const std::string& prefix,
               std::vector<Finding>& findings) const;

 private:
  using Templates = std::vector<const Template*>;

  Result<std::string> fault_of(const Part& part, SealedFile::Depth depth) const;
  std::string bringer_of(const Part& part) const;
  Status check_parts(SealedFile::Depth depth) const;
  Status ensure_parts(SealedFile::Depth depth, SetUpObserver& observer, int& steps) const;
  Status ensure_blobs(SealedFile::Depth depth, SetUpObserver& observer, int& steps) const;
  Result<Hollow> make_hollow() const;
  Result<std::string> known_module() const;
  Status ensure_code(const WantedCode& wanted, std::optional<Hollow>& hollow,
                     SetUpObserver& observer, int& steps) const;
  Status make_templates(const Templates& missing, const Hollow& hollow,
                        const engine::NativeCache& cache, SetUpObserver& observer) const;
  Status make_template(const Template& wanted, const Hollow& hollow,
                       std::shared_ptr<engine::Program> program, const BlobSet& blobs) const;

  const Installation& installation_;
  const Home& home_;
  const Runtime& runtime_;
  const RuntimeDescription& about_;
  const std::filesystem::path parts_;
};

std::string RuntimeFiles::recipe_of(const Template& wanted) const {
  Sha256 hash;
  hash.update(wanted.recipe());
  hash.update(about_.patch);
  hash.update(about_.profile);
  hash.update(engine::kTuning);
  return hash.hex();
}

/// What keeps a part in the home from being used; empty: nothing does.
Result<std::string> RuntimeFiles::fault_of(const Part& part, SealedFile::Depth depth) const {
  const auto path = parts_ / part.name;
  auto sha256 = SealedFile::check(path, depth);
  if (sha256.status().code() == StatusCode::kNotFound) return "is missing";
  if (sha256.ok() && *sha256 == part.sha256) return "";
  // Freshly unpacked, it has no seal yet; replaced, an old one.
  SKERRY_ASSIGN(const std::string actual, sha256_of_file(path));
  if (actual != part.sha256)
    return "is corrupt (SHA-256 " + actual + ", expected " + part.sha256 + ")";
  SKERRY_TRY(SealedFile::seal(path, actual));
  return "";
}

/// The command that brings a part, for people.
std::string RuntimeFiles::bringer_of(const Part& part) const {
  return installation_.shipped().has(about_.name, part) ? std::string(kSetUp)
                                                        : about_.parts_command;
}

Status RuntimeFiles::check_parts(SealedFile::Depth depth) const {
  for (const Part& part : about_.parts) {
    SKERRY_ASSIGN(const std::string fault, fault_of(part, depth));
    if (!fault.empty()) {
      return outdated((parts_ / part.name).native() + " " + fault + ": run " + bringer_of(part));
    }
  }
  return ok_status();
}

/// Copies what the home lacks of the parts that came with the programs, and checks all.
Status RuntimeFiles::ensure_parts(SealedFile::Depth depth, SetUpObserver& observer,
                                  int& steps) const {
  const ShippedParts& shipped = installation_.shipped();
  std::vector<const Part*> wanted;
  for (const Part& part : about_.parts) {
    SKERRY_ASSIGN(const std::string fault, fault_of(part, depth));
    if (!fault.empty() && shipped.has(about_.name, part)) wanted.push_back(&part);
  }
  if (!wanted.empty()) {
    ++steps;
    observer.step("copying " + about_.interpreter + " from " + shipped.of(about_.name).native());
    SKERRY_TRY(make_private_directory(parts_));
    SealedFile::remove(parts_ / kIndex);  // of what was there before
  }
  double copied = 0;
  for (const Part* part : wanted) {
    SKERRY_TRY(shipped.copy(about_.name, *part, parts_));
    observer.progress(++copied / static_cast<double>(wanted.size()));
  }
  return check_parts(depth);
}

Status RuntimeFiles::ensure_blobs(SealedFile::Depth depth, SetUpObserver& observer,
                                  int& steps) const {
  if (about_.blobs.empty()) return ok_status();
  const auto index = parts_ / kIndex;
  if (sealed(index, depth).ok() && BlobSet::open(parts_).ok()) return ok_status();
  ++steps;
  observer.step("indexing the standard library");
  SKERRY_TRY(BlobSet::build(parts_, about_.blobs));
  return SealedFile::seal(index);
}

Result<Hollow> RuntimeFiles::make_hollow() const {
  Hollow hollow;
  SKERRY_ASSIGN(const OwnedFd file, open_file(parts_ / about_.module, O_RDONLY));
  SKERRY_ASSIGN(hollow.file, ReadOnlyMapping::of_file(file.get()));
  // Refuses what an image cannot hold (written tables, dropped segments): it would leak from run to
  // run.
  SKERRY_ASSIGN(hollow.module,
                wasm::hollow(hollow.file.bytes(), wasm::ModuleLimits::bundled_runtime()));
  if (!about_.patch.empty()) {
    SKERRY_ASSIGN(hollow.module.bytes, engine::patch(hollow.module.bytes, about_.patch));
  }
  if (!about_.profile.empty()) {
    SKERRY_ASSIGN(hollow.module.bytes, engine::tune(hollow.module.bytes, about_.profile));
  }
  hollow.sha256 = sha256_hex(hollow.module.bytes);
  return hollow;
}

/// The hollow module's hash as any good template remembers it: saves hollowing just to learn it.
Result<std::string> RuntimeFiles::known_module() const {
  for (const Template& each : about_.templates) {
    const auto image = open_template(each, SealedFile::Depth::kTimes);
    if (image.ok()) return (*image)->manifest.module_sha256;
  }
  return absl::NotFoundError("no template");
}

/// A template that set-up would not make anew.
Result<std::shared_ptr<const image::Image>> RuntimeFiles::open_template(
    const Template& wanted, SealedFile::Depth depth) const {
  const auto path = installation_.template_path(wanted.name);
  SKERRY_TRY(sealed(path, depth));
  SKERRY_ASSIGN(auto image, image::open_image(path));
  const auto fact = image->manifest.facts.find(std::string(kRecipeFact));
  if (fact == image->manifest.facts.end() || fact->second != recipe_of(wanted)) {
    return outdated("template " + wanted.name + " was made by another version");
  }
  return image;
}

Status RuntimeFiles::make_template(const Template& wanted, const Hollow& hollow,
                                   std::shared_ptr<engine::Program> program,
                                   const BlobSet& blobs) const {
  SKERRY_ASSIGN(wasi::HostState state, runtime_.first_state(blobs));
  const sandbox::LoadedImage loaded{.program = std::move(program),
                                    .image = nullptr,
                                    .state = std::move(state),
                                    .table_elements = about_.table_elements};
  sandbox::Limits limits;
  limits.memory = about_.warm_up_memory;
  SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(loaded, limits));
  const auto memory = sandbox->memory();
  for (const wasm::MemorySegment& segment : hollow.module.segments) {
    std::memcpy(memory.data() + segment.offset, segment.bytes.data(), segment.bytes.size());
  }
  image::Manifest manifest;
  SKERRY_ASSIGN(manifest.facts, runtime_.warm_up(*sandbox, wanted.name));
  manifest.facts[std::string(kRuntimeFact)] = about_.name;
  manifest.facts[std::string(kRecipeFact)] = recipe_of(wanted);
  manifest.module_sha256 = hollow.sha256;
  manifest.template_name = wanted.name;
  manifest.created_unix_ns = now_unix_ns();
  for (const std::string& global : hollow.module.mutable_globals) {
    manifest.globals.push_back({global, 0});
  }
  const auto path = installation_.template_path(wanted.name);
  SKERRY_TRY(sandbox->capture(path, manifest));
  return SealedFile::seal(path);
}

Result<int> RuntimeFiles::set_up(engine::Metering metering, SealedFile::Depth depth,
                                 SetUpObserver& observer) const {
  int steps = 0;
  SKERRY_TRY(ensure_parts(depth, observer, steps));
  SKERRY_TRY(make_private_directory(home_.templates()));
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home_.native_cache()));
  for (const auto& directory : {home_.templates(), home_.native_cache(), parts_}) {
    remove_stale_temporaries(directory);
  }
  SKERRY_TRY(ensure_blobs(depth, observer, steps));

  Templates missing;
  for (const Template& each : about_.templates) {
    const Status state = check_template(each, depth);
    if (state.ok()) continue;
    if (state.code() == StatusCode::kDataLoss) observer.damaged(std::string(message_of(state)));
    missing.push_back(&each);
  }
  std::optional<Hollow> hollow;
  auto module = known_module();
  if (!module.ok()) {
    observer.step("hollowing, patching and tuning " + about_.module);
    SKERRY_ASSIGN(hollow, make_hollow());
    module = hollow->sha256;
  }
  SKERRY_TRY(ensure_code({cache, *module, metering, depth}, hollow, observer, steps));
  if (missing.empty()) return steps;
  if (!hollow) {
    SKERRY_ASSIGN(hollow, make_hollow());
  }
  SKERRY_TRY(make_templates(missing, *hollow, cache, observer));
  return steps + static_cast<int>(missing.size());
}

Status RuntimeFiles::ensure_code(const WantedCode& wanted, std::optional<Hollow>& hollow,
                                 SetUpObserver& observer, int& steps) const {
  for (const engine::Metering each : {engine::Metering::kNone, engine::Metering::kFuel}) {
    // The plain code is needed to warm templates up, too.
    if (each == engine::Metering::kFuel && wanted.metering != each) continue;
    const Status state = wanted.cache.check(wanted.module_sha256, each, wanted.depth);
    if (state.ok()) continue;
    if (state.code() == StatusCode::kDataLoss) observer.damaged(std::string(message_of(state)));
    if (!hollow) {
      SKERRY_ASSIGN(hollow, make_hollow());
    }
    ++steps;
    observer.step("compiling " + about_.interpreter +
                  (each == engine::Metering::kFuel ? " with fuel counting" : " to native code"));
    SKERRY_TRY(wanted.cache.compile(hollow->module.bytes, wanted.module_sha256, each, about_.budget,
                                    [&](double fraction) { observer.progress(fraction); }));
  }
  return ok_status();
}

Status RuntimeFiles::make_templates(const Templates& missing, const Hollow& hollow,
                                    const engine::NativeCache& cache,
                                    SetUpObserver& observer) const {
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(engine::Metering::kNone));
  SKERRY_ASSIGN(auto code, cache.load(*engine, hollow.sha256));
  SKERRY_ASSIGN(const auto program,
                engine::Program::link(std::move(code), sandbox::host_functions()));
  SKERRY_ASSIGN(const auto blobs, installation_.blobs(runtime_));
  for (const Template* each : missing) {
    observer.step("warming up template " + each->name);
    SealedFile::remove(installation_.template_path(each->name));
    SKERRY_TRY(make_template(*each, hollow, program, *blobs));
    observer.progress(1);
  }
  return ok_status();
}

Result<std::unique_ptr<sandbox::LoadedImage>> RuntimeFiles::open(
    std::shared_ptr<const image::Image> image, engine::Metering metering) const {
  auto loaded = std::make_unique<sandbox::LoadedImage>();
  loaded->table_elements = about_.table_elements;
  loaded->image = std::move(image);
  std::vector<std::shared_ptr<const BlobSet>> blobs;
  if (!about_.blobs.empty()) {
    SKERRY_ASSIGN(auto shipped, BlobSet::open_sealed(parts_));
    blobs.push_back(std::move(shipped));
  }
  bool with_added = false;
  const auto find = [&](std::string_view id) {
    auto found = find_blob(blobs, id, "");
    if (found.ok() || with_added) return found;
    // A file of a package that was added.
    with_added = true;
    for (auto& each : installation_.added_blobs()) blobs.push_back(std::move(each));
    return find_blob(blobs, id, "");
  };
  SKERRY_TRY(restore_state(*loaded, find, nullptr));
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home_.native_cache()));
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(metering));
  SKERRY_ASSIGN(auto code, cache.load(*engine, loaded->image->manifest.module_sha256));
  SKERRY_ASSIGN(loaded->program, engine::Program::link(std::move(code), sandbox::host_functions()));
  return loaded;
}

void RuntimeFiles::inspect(SealedFile::Depth depth, const std::string& prefix,
                           std::vector<Finding>& findings) const {
  const std::string set_up(kSetUp);
  if (!about_.parts.empty()) {
    findings.push_back(
        {prefix + about_.parts_title, check_parts(depth), bringer_of(about_.parts.front())});
  }
  if (!about_.blobs.empty()) {
    findings.push_back({prefix + "standard library index", sealed(parts_ / kIndex, depth), set_up});
  }
  const auto module = known_module();
  const auto cache = engine::NativeCache::open(home_.native_cache());
  const auto code = [&](engine::Metering metering) {
    if (!cache.ok()) return cache.status();
    return module.ok() ? cache->check(*module, metering, depth)
                       : absl::NotFoundError("not made yet");
  };
  findings.push_back({prefix + "native code", code(engine::Metering::kNone), set_up});
  Finding metered{prefix + "native code with fuel counting", code(engine::Metering::kFuel),
                  set_up + " --fuel"};
  if (metered.state.code() == StatusCode::kNotFound) {
    metered.what += " (not made; the first --fuel makes it)";
    metered.state = ok_status();
    metered.mend.clear();
  }
  findings.push_back(std::move(metered));
  for (const Template& each : about_.templates) {
    findings.push_back({"template " + each.name, check_template(each, depth), set_up});
  }
}

}  // namespace

Status restore_state(sandbox::LoadedImage& loaded, const wasi::BlobResolver& blobs,
                     const sandbox::LoadedImage* like) {
  const image::Image* base = loaded.image->template_image.get();
  if (base != nullptr && !base->manifest.host_state.empty()) {
    if (like != nullptr && like->image->sha256 == base->sha256 && like->template_state) {
      loaded.template_state = like->template_state;
    } else {
      SKERRY_ASSIGN(loaded.template_state,
                    wasi::decode(as_bytes(base->manifest.host_state), blobs));
    }
  }
  const auto& on = loaded.template_state;
  SKERRY_ASSIGN(loaded.state, wasi::decode(as_bytes(loaded.image->manifest.host_state), blobs, {},
                                           on ? &*on : nullptr));
  if (base == nullptr) loaded.template_state = loaded.state;
  return ok_status();
}

std::filesystem::path Installation::template_path(std::string_view name) const {
  if (!runtimes_.with_template(name).ok() && built().has(name)) return built().image_file(name);
  return home_.templates() / (std::string(name) + ".image");
}

std::vector<std::string> Installation::template_names() const {
  std::vector<std::string> names = runtimes_.template_names();
  for (const std::string& each : built().names()) {
    if (check_built(each, SealedFile::Depth::kTimes).ok()) names.push_back(each);
  }
  return names;
}

std::vector<Status> Installation::unusable_templates() const {
  std::vector<Status> reasons;
  for (const std::string& each : built().names()) {
    Status state = check_built(each, SealedFile::Depth::kTimes);
    if (!state.ok()) reasons.push_back(std::move(state));
  }
  return reasons;
}

Result<std::string> Installation::template_id(std::string_view name) const {
  SKERRY_ASSIGN(const Runtime* runtime, runtimes_.with_template(name));
  const RuntimeFiles files(*this, *runtime);
  for (const Template& each : runtime->description().templates) {
    if (each.name == name) return files.recipe_of(each);
  }
  return absl::InternalError("a runtime does not have its template");
}

Status Installation::check_built(std::string_view name, SealedFile::Depth depth) const {
  const auto lock = built().lock_of(name);
  if (!lock.ok()) {
    return outdated("template " + std::string(name) + " is damaged (" +
                    std::string(message_of(lock.status())) + "): run `skerry template remove " +
                    std::string(name) + "` and build it again");
  }
  const auto refuse = [&](std::string_view why) {
    return outdated("template " + std::string(name) + " " + std::string(why) + ": run `" +
                    lock->command + "`");
  };
  const auto id = template_id(lock->base);
  if (!id.ok() || *id != lock->base_id) {
    return refuse("was built on another " + lock->base + " than the one that is installed");
  }
  const auto path = built().image_file(name);
  if (!sealed(path, depth).ok()) return refuse("is damaged");
  if (!lock->packages.empty() && !BlobSet::open_sealed(path.parent_path()).ok()) {
    return refuse("is damaged");
  }
  const auto image = image::open_image(path);
  if (!image.ok()) return refuse("is damaged");
  const auto fact = (*image)->manifest.facts.find(std::string(kRecipeFact));
  if (fact == (*image)->manifest.facts.end() || fact->second != *id) return refuse("is damaged");
  return ok_status();
}

std::vector<std::shared_ptr<const BlobSet>> Installation::added_blobs() const {
  std::vector<std::shared_ptr<const BlobSet>> all;
  for (const auto& directory : built().file_directories()) {
    auto blobs = BlobSet::open_sealed(directory);
    if (blobs.ok()) all.push_back(*std::move(blobs));
  }
  return all;
}

Result<std::shared_ptr<const BlobSet>> Installation::blobs(const Runtime& runtime) const {
  const RuntimeDescription& about = runtime.description();
  if (about.blobs.empty()) return std::make_shared<const BlobSet>();
  return BlobSet::open(home_.parts(about.name));
}

Result<int> Installation::set_up(engine::Metering metering, SealedFile::Depth depth,
                                 SetUpObserver& observer) const {
  SKERRY_TRY(make_private_directory(home_.root));
  SKERRY_ASSIGN(const FileLock lock, FileLock::acquire(home_.lock()));
  int steps = 0;
  for (const auto& runtime : runtimes_.all()) {
    if (runtime->description().templates.empty()) continue;
    SKERRY_ASSIGN(const int more, RuntimeFiles(*this, *runtime).set_up(metering, depth, observer));
    steps += more;
  }
  return steps;
}

Result<std::unique_ptr<sandbox::LoadedImage>> Installation::open(std::string_view template_name,
                                                                 engine::Metering metering) const {
  const auto runtime = runtimes_.with_template(template_name);
  if (!runtime.ok()) {
    if (!built().has(template_name)) {
      std::string known(message_of(runtime.status()));
      for (const std::string& each : built().names()) known += ", " + each;
      return absl::InvalidArgumentError(known);
    }
    SKERRY_TRY(check_built(template_name, SealedFile::Depth::kTimes));
    SKERRY_ASSIGN(auto image, image::open_image(template_path(template_name)));
    return open(std::move(image), metering);
  }
  const RuntimeFiles files(*this, **runtime);
  for (const Template& each : (*runtime)->description().templates) {
    if (each.name != template_name) continue;
    SKERRY_ASSIGN(auto image, files.open_template(each, SealedFile::Depth::kTimes));
    return files.open(std::move(image), metering);
  }
  return absl::InternalError("a runtime does not have its template");
}

Result<std::unique_ptr<sandbox::LoadedImage>> Installation::open(
    std::shared_ptr<const image::Image> image, engine::Metering metering) const {
  SKERRY_ASSIGN(const Runtime* runtime, runtimes_.of(image->manifest.facts));
  return RuntimeFiles(*this, *runtime).open(std::move(image), metering);
}

std::vector<Finding> Installation::inspect(SealedFile::Depth depth) const {
  std::vector<Finding> findings;
  for (const auto& runtime : runtimes_.all()) {
    // The first is the one that people mean when they name none.
    const std::string prefix =
        runtime == runtimes_.all().front() ? std::string() : runtime->description().language + ": ";
    RuntimeFiles(*this, *runtime).inspect(depth, prefix, findings);
  }
  for (const std::string& each : built().names()) {
    const auto lock = built().lock_of(each);
    findings.push_back({"template " + each, check_built(each, depth),
                        lock.ok() ? lock->command : "skerry template remove " + each});
  }
  return findings;
}

}  // namespace skerry::runtime
