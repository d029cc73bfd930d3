// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_transfer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "skerry/broker/helper_program.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::session {
namespace {

/// The manifest of the runtime that an export is of.
Result<const image::Manifest*> runtime_of(const image::Export& read,
                                          const std::vector<InstalledRuntime>& installed) {
  std::string here;
  for (const InstalledRuntime& each : installed) {
    if (read.module_sha256 == each.manifest.module_sha256) {
      if (image::have_same_names(read.captured.state.globals, each.manifest.globals)) {
        return &each.manifest;
      }
      return absl::DataLossError("not a whole session export: its globals are not the runtime's");
    }
    here += (here.empty() ? "" : ", ") + each.manifest.module_sha256;
  }
  return absl::FailedPreconditionError("made with another runtime, module " + read.module_sha256 +
                                       "; this machine has " + here);
}

/// What the reader says it has left: three numbers.
Result<image::UnpackedSizes> sizes_in(std::string_view answer) {
  std::array<std::uint64_t, 3> numbers{};
  for (std::uint64_t& number : numbers) {
    const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), number);
    if (error != std::errc()) return absl::InternalError("the reader's answer is none");
    answer.remove_prefix(static_cast<std::size_t>(end - answer.data()));
    if (answer.starts_with(' ')) answer.remove_prefix(1);
  }
  if (!answer.empty()) return absl::InternalError("the reader's answer is none");
  return image::UnpackedSizes{
      .pages = numbers[0], .host_state = numbers[1], .manifest = numbers[2]};
}

}  // namespace

Result<std::unique_ptr<image::ExportWriter>> begin_export(
    const store::SessionStore& store, const store::SessionName& name,
    const store::SessionStore::OpenedRevision& opened) {
  if (!opened.revision) return absl::FailedPreconditionError("revision 0 is the template itself");
  SKERRY_TRY(store.verify(*opened.revision));
  const auto image = opened.revision->image();
  SKERRY_ASSIGN(std::string host_state,
                wasi::with_files_of(as_bytes(image->manifest.host_state),
                                    as_bytes(image->template_image->manifest.host_state)));
  return image::ExportWriter::begin(*image, std::move(host_state), {name.text(), opened.number});
}

Result<std::vector<InstalledRuntime>> installed_runtimes(
    const runtime::Installation& installation) {
  std::vector<InstalledRuntime> installed;
  for (const auto& runtime : installation.runtimes().all()) {
    const runtime::RuntimeDescription& about = runtime->description();
    if (about.templates.empty()) continue;
    SKERRY_ASSIGN(const auto image,
                  image::open_image(installation.template_path(about.default_template)));
    installed.push_back({.parts = about.blobs.empty() ? std::filesystem::path()
                                                      : installation.home().parts(about.name),
                         .manifest = image->manifest});
  }
  for (const auto& directory : installation.built().file_directories()) {
    const auto image = image::open_image(runtime::BuiltTemplates::image_in(directory));
    if (image.ok()) installed.push_back({.parts = directory, .manifest = (*image)->manifest});
  }
  return installed;
}

Result<image::Export> read_session(int fd, OwnedFd room,
                                   const std::vector<InstalledRuntime>& installed,
                                   const ReaderOptions& options) {
  std::size_t globals = 0;
  std::vector<std::string> runtimes;
  for (const InstalledRuntime& each : installed) {
    globals = std::max(globals, each.manifest.globals.size());
    runtimes.push_back(each.parts.native());
    runtimes.push_back(each.manifest.module_sha256);
  }
  std::vector<std::string> arguments{std::to_string(options.pages.value),
                                     std::to_string(options.files.value), std::to_string(globals)};
  arguments.insert(arguments.end(), runtimes.begin(), runtimes.end());
  SKERRY_ASSIGN(const std::string answer,
                broker::run_helper(
                    {.name = "the reader",
                     .program = options.program,
                     .arguments = std::move(arguments),
                     .descriptors = {fd, room.get()},
                     .until = std::chrono::steady_clock::now() + options.time,
                     .late = "reading the export took too long: the machine is busy; try again"}));
  SKERRY_ASSIGN(const image::UnpackedSizes sizes, sizes_in(answer));
  const image::ExportLimits limits{
      .pages = options.pages,
      .globals = globals,
      .host_state = std::min(wasi::max_encoded_size({.file_bytes = options.files}),
                             bytes(image::kMaxManifest))};
  SKERRY_ASSIGN(auto read, image::take_unpacked(std::move(room), sizes, limits));
  SKERRY_ASSIGN(const image::Manifest* runtime, runtime_of(read, installed));
  const auto name = runtime->facts.find(std::string(runtime::kRuntimeFact));
  if (name != runtime->facts.end()) read.facts.insert(*name);
  return read;
}

}  // namespace skerry::session
