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

Status check_runtime(const image::Export& read, const image::Manifest& installed) {
  if (read.module_sha256 != installed.module_sha256) {
    return absl::FailedPreconditionError("made with another runtime, module " + read.module_sha256 +
                                         "; this machine has " + installed.module_sha256);
  }
  if (!image::have_same_names(read.captured.state.globals, installed.globals)) {
    return absl::DataLossError("not a whole session export: its globals are not the runtime's");
  }
  return ok_status();
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

Result<image::Export> read_session(int fd, OwnedFd room, const runtime::Home& home,
                                   const image::Manifest& installed, const ReaderOptions& options) {
  SKERRY_ASSIGN(
      const std::string answer,
      broker::run_helper(
          {.name = "the reader",
           .program = options.program,
           .arguments = {home.python_parts().native(), installed.module_sha256,
                         std::to_string(installed.globals.size()),
                         std::to_string(options.pages.value), std::to_string(options.files.value)},
           .descriptors = {fd, room.get()},
           .until = std::chrono::steady_clock::now() + options.time,
           .late = "reading the export took too long: the machine is busy; try again"}));
  SKERRY_ASSIGN(const image::UnpackedSizes sizes, sizes_in(answer));
  const image::ExportLimits limits{
      .pages = options.pages,
      .globals = installed.globals.size(),
      .host_state = std::min(wasi::max_encoded_size({.file_bytes = options.files}),
                             bytes(image::kMaxManifest))};
  SKERRY_ASSIGN(auto read, image::take_unpacked(std::move(room), sizes, limits));
  SKERRY_TRY(check_runtime(read, installed));
  return read;
}

}  // namespace skerry::session
