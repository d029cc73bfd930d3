// SPDX-License-Identifier: Apache-2.0
#include "skerry/packages/template_build.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/linear_memory.h"
#include "skerry/jail/memory_file.h"
#include "skerry/packages/package_fetch.h"
#include "skerry/sandbox/template_memory.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/worker/run_guest.h"
#include "skerry/worker/run_process.h"

namespace skerry::packages {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using runtime::BuiltTemplates;
using runtime::LockedPackage;
using runtime::TemplateLock;
using sandbox::LoadedImage;
using sandbox::Outcome;
using sandbox::OutcomeKind;
using sandbox::Sandbox;

constexpr ByteSize kMaxProgram = mib(32);
constexpr ByteSize kMaxFacts = mib(1);
constexpr const char* kArchive = "packages.tar";

Status refused(const std::string& text) { return absl::FailedPreconditionError(text); }

/// What building may take: more than a run, as it is done once.
sandbox::Limits build_limits() {
  sandbox::Limits limits;
  limits.memory = mib(1024);
  limits.files = mib(512);
  limits.wall = std::chrono::minutes(10);
  limits.output = mib(16);
  return limits;
}

/// A directory that goes when this does, if it is still there.
class WorkDirectory {
 public:
  explicit WorkDirectory(fs::path path) : path_(std::move(path)) {}
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  ~WorkDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Keeps what a program of ours prints.
class Said final : public worker::RunObserver {
 public:
  void output(wasi::Stream stream, std::string_view bytes) override {
    (stream == wasi::Stream::kStdout ? answer : errors) += bytes;
  }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}

  std::string answer;
  std::string errors;
};

/// Passes on what packages and the user's program print: standard output is the command's own.
class Relay final : public worker::RunObserver {
 public:
  void output(wasi::Stream, std::string_view bytes) override {
    (void)write_all(STDERR_FILENO, as_bytes(bytes));
  }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}
};

/// What happens in the sandbox of a step, in its process: the run, and what is left in `kept`.
struct Step {
  std::function<Result<Outcome>(Sandbox&, const sandbox::RunEnvironment&)> run;
  std::function<Status(Sandbox&)> leave = [](Sandbox&) { return ok_status(); };
  std::vector<int> kept = {};
};

Result<Outcome> run_step(const LoadedImage& loaded, const Step& step,
                         worker::RunObserver& observer) {
  const sandbox::Limits limits = build_limits();
  const auto body = [&](worker::RunChannel& channel) -> Result<Outcome> {
    SKERRY_ASSIGN(const auto sandbox, Sandbox::load(loaded, limits));
    wasi::NoInput input;
    sandbox::RunEnvironment environment;
    environment.output = &channel.output();
    environment.input = &input;
    SKERRY_ASSIGN(
        Outcome outcome,
        worker::run_guest({.sandbox = [&] { return sandbox.get(); },
                           .run = [&](Sandbox& guest) { return step.run(guest, environment); },
                           .kept = step.kept},
                          channel));
    if (outcome.kind == OutcomeKind::kCompleted) SKERRY_TRY(step.leave(*sandbox));
    return outcome;
  };
  return worker::supervise(body, limits, sandbox::template_memory(*loaded.image), observer);
}

std::string last_line_of(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

/// A program of the runtime's, and its answer: JSON that a guest wrote.
Result<json> ask(const LoadedImage& loaded, const runtime::Runtime& runtime,
                 const std::string& code, const Step& beside) {
  Said said;
  Step step = beside;
  step.run = [&](Sandbox& guest, const sandbox::RunEnvironment& environment) {
    runtime::Program program;
    program.code = code;
    return runtime.run(guest, program, environment, runtime::Randomness::kFresh);
  };
  SKERRY_ASSIGN(const Outcome outcome, run_step(loaded, step, said));
  if (outcome.kind != OutcomeKind::kCompleted) {
    return refused(said.errors.empty() ? outcome.message : last_line_of(said.errors));
  }
  return parse_json(said.answer, "what the packages are");
}

Result<wasi::Blob> blob_of(const fs::path& file) {
  SKERRY_ASSIGN(const OwnedFd opened, open_file(file, O_RDONLY));
  SKERRY_ASSIGN(ReadOnlyMapping mapping, ReadOnlyMapping::of_file(opened.get()));
  auto kept = std::make_shared<const ReadOnlyMapping>(std::move(mapping));
  return wasi::Blob{
      .bytes = kept->bytes(), .id = sha256_hex(kept->bytes()), .keeper = std::move(kept)};
}

LoadedImage copy_of(const LoadedImage& loaded) {
  return {.program = loaded.program,
          .image = loaded.image,
          .state = loaded.state,
          .template_state = loaded.template_state,
          .table_elements = loaded.table_elements};
}

/// The packages as they were fetched, and what must be loaded of them.
struct Packages {
  std::vector<LockedPackage> locked;
  runtime::Additions additions;
};

/// Whether a terminal shows it as it is.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// What the guest says of the packages that it unpacked: untrusted.
Result<Packages> packages_in(const json& told, const std::map<std::string, std::string>& hashes) {
  Packages packages;
  const auto damaged = [] { return absl::DataLossError("the packages are told of in no order"); };
  if (!told.is_array()) return damaged();
  for (const json& each : told) {
    const auto text = [&](const char* key) -> std::string {
      return each.is_object() && each.contains(key) && each[key].is_string()
                 ? each[key].get<std::string>()
                 : std::string();
    };
    const auto hash = hashes.find(text("file"));
    if (hash == hashes.end()) return damaged();
    packages.locked.push_back({.name = text("name"),
                               .version = text("version"),
                               .file = hash->first,
                               .sha256 = hash->second});
    if (!is_plain(packages.locked.back().name) || !is_plain(packages.locked.back().version)) {
      return damaged();
    }
    auto& modules = each.value("is_needed", json()) == true ? packages.additions.possible_modules
                                                            : packages.additions.modules;
    if (!each.contains("modules") || !each["modules"].is_array()) return damaged();
    for (const json& module : each["modules"]) {
      if (module.is_string()) modules.push_back(module.get<std::string>());
    }
  }
  std::sort(packages.locked.begin(), packages.locked.end(),
            [](const auto& one, const auto& other) { return one.file < other.file; });
  return packages;
}

/// One template that is being built. Borrows everything. Confined to one thread.
class Build {
 public:
  /// `tools` is what the runtime's own programs run on: another template of its, where they are
  /// quick.
  Build(const runtime::Installation& installation, const TemplateRequest& request,
        const runtime::Runtime& runtime, const LoadedImage& base, const LoadedImage& tools,
        runtime::SetUpObserver& observer)
      : installation_(installation),
        request_(request),
        runtime_(runtime),
        support_(*runtime.description().packages),
        base_(base),
        tools_(tools),
        observer_(observer) {}

  Result<BuiltTemplate> run();

 private:
  Status fetch(const fs::path& scratch);
  Status unpack(const fs::path& work);
  Status make_image(const fs::path& work);
  Result<LoadedImage> with_packages(const fs::path& work,
                                    std::shared_ptr<const runtime::BlobSet>& blobs) const;
  Status write(const fs::path& work, int left, int told,
               const std::shared_ptr<const runtime::BlobSet>& blobs) const;

  const runtime::Installation& installation_;
  const TemplateRequest& request_;
  const runtime::Runtime& runtime_;
  const runtime::PackageSupport& support_;
  const LoadedImage& base_;
  const LoadedImage& tools_;
  runtime::SetUpObserver& observer_;
  std::vector<fs::path> files_;
  Packages packages_;
  TemplateLock lock_;
};

Status Build::fetch(const fs::path& scratch) {
  if (request_.packages.empty() && request_.requirements.empty()) return ok_status();
  observer_.step("getting the packages");
  SKERRY_ASSIGN(json asked, ask(tools_, runtime_, support_.contents, {}));
  if (!asked.is_object()) return absl::InternalError("the template tells nothing of itself");
  asked["pip"] = request_.packages;
  asked["requirements"] = request_.requirements;
  asked["version"] = runtime_.description().version;
  asked["template"] = request_.base;
  SKERRY_TRY(fetch_packages(support_, asked, scratch));
  std::error_code error;
  for (fs::directory_iterator each(scratch / "wheels", error), end; !error && each != end;
       each.increment(error)) {
    files_.push_back(each->path());
  }
  if (error) return absl::InternalError("reading the packages: " + error.message());
  std::sort(files_.begin(), files_.end());
  return ok_status();
}

Status Build::unpack(const fs::path& work) {
  if (files_.empty()) return ok_status();
  std::map<std::string, std::string> hashes;
  LoadedImage loaded = copy_of(tools_);
  for (const fs::path& each : files_) {
    SKERRY_ASSIGN(wasi::Blob blob, blob_of(each));
    const std::string name = each.filename();
    hashes[name] = blob.id;
    SKERRY_TRY(wasi::add_file(loaded.state.files(), "/wheels/" + name, std::move(blob)));
  }
  const fs::path archive = work / kArchive;
  SKERRY_ASSIGN(const OwnedFd out, open_file(archive, O_RDWR | O_CREAT | O_EXCL));
  const Step step{.run = {},
                  .leave = [&](Sandbox& sandbox) -> Status {
                    SKERRY_ASSIGN(const std::string bytes,
                                  wasi::read_file(sandbox.state().files(), "/packages.tar",
                                                  build_limits().files));
                    return write_all(out.get(), as_bytes(bytes));
                  },
                  .kept = {out.get()}};
  SKERRY_ASSIGN(const json told, ask(loaded, runtime_, support_.unpack, step));
  SKERRY_ASSIGN(packages_, packages_in(told, hashes));
  SKERRY_TRY(
      syscall_result("fsync", archive.native(), [&] { return ::fsync(out.get()); }).status());
  SKERRY_TRY(runtime::BlobSet::build(work, {kArchive}));
  SKERRY_TRY(SealedFile::seal(archive));
  return SealedFile::seal(work / "blobs.index");
}

/// The base with the packages' files in it, which nobody has looked at yet.
Result<LoadedImage> Build::with_packages(const fs::path& work,
                                         std::shared_ptr<const runtime::BlobSet>& blobs) const {
  LoadedImage loaded = copy_of(base_);
  blobs = std::make_shared<const runtime::BlobSet>();
  if (files_.empty()) return loaded;
  SKERRY_ASSIGN(blobs, runtime::BlobSet::open_sealed(work));
  const std::string prefix = std::string(kArchive) + "/";
  for (const auto& member : blobs->members()) {
    SKERRY_ASSIGN(wasi::Blob blob, blobs->find(member.sha256));
    const std::string path =
        support_.directory + "/" + std::string(member.name.substr(prefix.size()));
    const Status added = wasi::add_file(loaded.state.files(), path, std::move(blob),
                                        {.access = wasi::Access::kReadOnly});
    if (added.code() == StatusCode::kAlreadyExists) {
      return refused("a package brings a file that the template " + request_.base +
                     " has already: " + path);
    }
    SKERRY_TRY(added);
  }
  return loaded;
}

Status Build::make_image(const fs::path& work) {
  observer_.step("loading the packages");
  std::shared_ptr<const runtime::BlobSet> blobs;
  SKERRY_ASSIGN(const LoadedImage loaded, with_packages(work, blobs));
  SKERRY_ASSIGN(const OwnedFd left, jail::make_memory_file("template"));
  SKERRY_ASSIGN(const OwnedFd told, jail::make_memory_file("facts"));
  std::map<std::string, std::string> facts;
  const Step step{.run =
                      [&](Sandbox& guest, const sandbox::RunEnvironment& environment) {
                        return runtime_.add(guest, packages_.additions, environment, facts);
                      },
                  .leave = [&](Sandbox& sandbox) -> Status {
                    SKERRY_TRY(write_all(told.get(), as_bytes(dump_json(facts))));
                    SKERRY_ASSIGN(auto state, sandbox.captured());
                    state.changed = state.all_changed();
                    state.edits = {};
                    SKERRY_ASSIGN(state.host_state, wasi::encode(sandbox.state()));
                    return image::write_captured(left.get(), state, sandbox.content());
                  },
                  .kept = {left.get(), told.get()}};
  Relay relay;
  SKERRY_ASSIGN(const Outcome outcome, run_step(loaded, step, relay));
  if (outcome.kind != OutcomeKind::kCompleted) {
    return refused("template " + request_.name + " was not built: " + outcome.message);
  }
  observer_.step("writing the template");
  return write(work, left.get(), told.get(), blobs);
}

/// The image of what the sandbox left, whose every byte is untrusted.
Status Build::write(const fs::path& work, int left, int told,
                    const std::shared_ptr<const runtime::BlobSet>& blobs) const {
  const image::Image& base = *base_.image;
  const sandbox::Limits limits = build_limits();
  const wasi::Quotas quotas{
      .file_bytes = limits.files, .file_size = limits.files, .total_size = limits.files};
  const image::StateLimits bounds{
      .before = base.pages->size(),
      .globals = base.manifest.globals,
      .memory = sandbox::largest_linear_memory(limits.memory, sandbox::template_memory(base)),
      .host_state = std::min(wasi::max_encoded_size(quotas), bytes(image::kMaxManifest))};
  SKERRY_ASSIGN(const image::Captured captured, image::read_captured(left, bounds));
  SKERRY_ASSIGN(const auto shipped, installation_.blobs(runtime_));
  const std::array all{shipped, blobs};
  const auto find = [&](std::string_view id) { return runtime::find_blob(all, id, ""); };
  SKERRY_TRY(wasi::decode(as_bytes(captured.state.host_state), find, quotas).status());

  image::Manifest manifest = base.manifest;
  if (::lseek(told, 0, SEEK_SET) != 0) return absl::InternalError("the facts cannot be read");
  SKERRY_ASSIGN(const std::string text, read_all(told, kMaxFacts));
  SKERRY_ASSIGN(const json facts, parse_json_object(text, "the facts"));
  for (const auto& [key, value] : facts.items()) {
    if (value.is_string()) manifest.facts.emplace(key, value.get<std::string>());
  }
  // Whether they are addresses of this memory, apart from each other.
  SKERRY_TRY(runtime_.fresh_random_states(manifest.facts, captured.state.memory_size).status());
  manifest.facts[std::string(runtime::kBaseFact)] = request_.base;
  manifest.template_name = request_.name;
  manifest.globals = captured.state.globals;
  manifest.host_state = captured.state.host_state;
  manifest.created_unix_ns = lock_.created_unix * 1'000'000'000;

  const std::size_t size = captured.state.memory_size;
  SKERRY_ASSIGN(const auto memory, image::LinearMemory::on_image(base.pages, bytes(size)));
  SKERRY_TRY(memory->grow_to(size));
  const std::byte* from = captured.pages().data();
  for (const PageRun& run : captured.state.changed) {
    std::memcpy(memory->base() + run.first * kPageSize, from, run.count * kPageSize);
    from += run.count * kPageSize;
  }
  const fs::path path = BuiltTemplates::image_in(work);
  SKERRY_TRY(image::write_image(path, manifest, memory->bytes()));
  return SealedFile::seal(path);
}

Result<BuiltTemplate> Build::run() {
  const BuiltTemplates built = installation_.built();
  SKERRY_ASSIGN(const FileLock one_at_a_time,
                built.begin([&] { observer_.step("waiting for the build that is under way"); }));
  SKERRY_ASSIGN(const fs::path scratch_path, built.work_directory());
  const WorkDirectory scratch(scratch_path);
  SKERRY_ASSIGN(const fs::path work_path, built.work_directory());
  const WorkDirectory work(work_path);
  SKERRY_TRY(fetch(scratch.path()));
  SKERRY_TRY(unpack(work.path()));

  lock_ = {.name = request_.name,
           .base = request_.base,
           .base_id = installation_.template_id(request_.base).value(),
           .packages = packages_.locked,
           .program_sha256 = {},
           .command = request_.command(),
           .created_unix = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count()};
  if (!request_.program.empty()) {
    runtime::Program program;
    SKERRY_ASSIGN(program.code, read_file(request_.program, kMaxProgram));
    program.name = request_.program;
    program.has_file = true;
    program.arguments = {request_.program};
    lock_.program_sha256 = sha256_hex(as_bytes(program.code));
    packages_.additions.program = std::move(program);
  }
  const auto before = built.lock_of(request_.name);
  if (before.ok() && before->id() == lock_.id() &&
      installation_.open(request_.name, engine::Metering::kNone).ok()) {
    return BuiltTemplate{.lock = *before, .was_there = true};
  }
  SKERRY_TRY(make_image(work.path()));
  SKERRY_TRY(built.keep(work.path(), lock_));
  return BuiltTemplate{.lock = lock_};
}

/// As a shell reads it as one word.
std::string quoted(const std::string& word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@%+=:,./-_").find(c) != std::string_view::npos;
  });
  if (is_plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string TemplateRequest::command() const {
  std::string text = "skerry template build " + quoted(name) + " --from " + quoted(base);
  for (const std::string& each : packages) text += " --pip " + quoted(each);
  for (const std::string& each : requirements) text += " --requirements " + quoted(each);
  if (!program.empty()) text += " --run " + quoted(program);
  return text;
}

Result<BuiltTemplate> build_template(const runtime::Installation& installation,
                                     const TemplateRequest& request,
                                     runtime::SetUpObserver& observer) {
  SKERRY_TRY(BuiltTemplates::check_name(request.name));
  if (installation.runtimes().with_template(request.name).ok()) {
    return absl::InvalidArgumentError("template " + request.name +
                                      " is one that Skerry ships: choose another name");
  }
  SKERRY_ASSIGN(const runtime::Runtime* runtime,
                installation.runtimes().with_template(request.base));
  if (!runtime->description().packages) {
    return absl::UnimplementedError("packages cannot be added to the template " + request.base);
  }
  SKERRY_ASSIGN(const auto base, installation.open(request.base, engine::Metering::kNone));
  SKERRY_ASSIGN(const auto tools, installation.open(runtime->description().default_template,
                                                    engine::Metering::kNone));
  return Build(installation, request, *runtime, *base, *tools, observer).run();
}

}  // namespace skerry::packages
