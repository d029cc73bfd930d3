// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/file_worker.h"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/image/image_file.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/jail/memory_file.h"
#include "skerry/operation/codec.h"
#include "skerry/worker/worker.h"

namespace skerry::worker {
namespace {

using operation::Volume;

// A longer one would have to be read in pieces.
constexpr std::size_t kMaxLeftBytes = std::size_t{16} << 10;

/// Where an operation begins, without owning it.
std::shared_ptr<const wasi::HostState> borrowed(const wasi::HostState* state) {
  return {std::shared_ptr<const void>(), state};
}

wasi::Nanoseconds now() {
  return std::chrono::duration_cast<wasi::Nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

Volume::Quota quota_of(const FileOrder::Volume& volume) {
  const bool is_memory = volume.root == files::FilePath::Root::kMemory;
  return {.most = volume.quota, .noun = is_memory ? "Memory" : "Workspace"};
}

/// The request of an order, from its bytes or from the file in front of `files`, which it takes.
Result<operation::Request> request_of(const FileOrder& order, std::span<OwnedFd>& files) {
  if (!order.operation.empty()) return operation::decode_request(order.operation);
  if (files.empty()) return absl::InternalError("the broker sent no file operation");
  SKERRY_ASSIGN(const auto mapping, ReadOnlyMapping::of_file(files.front().get()));
  files = files.subspan(1);
  return operation::decode_request(as_text(mapping.bytes()));
}

/// Takes the descriptors that are a session's from the front of `files`.
Result<std::span<OwnedFd>> take_files(const SessionStart& start, std::span<OwnedFd>& files) {
  if (start.files > files.size()) return absl::InternalError("files of a session are missing");
  const auto taken = files.first(start.files);
  files = files.subspan(start.files);
  return taken;
}

sandbox::Outcome completed() {
  sandbox::Outcome outcome;
  outcome.kind = sandbox::OutcomeKind::kCompleted;
  return outcome;
}

}  // namespace

Result<LeftState> LeftFiles::left() const {
  LeftState left;
  const char tag = static_cast<char>(changed);
  if (host_state.size() < kMaxLeftBytes) {
    left.bytes = host_state + tag;
    return left;
  }
  SKERRY_ASSIGN(left.file, jail::make_memory_file("files"));
  SKERRY_TRY(write_to(left.file.get()));
  SKERRY_TRY(jail::seal_memory_file(left.file.get()));
  return left;
}

Status LeftFiles::write_to(int file) const {
  if (host_state.size() > kMaxState) {
    return absl::ResourceExhaustedError("the files take " + std::to_string(host_state.size()) +
                                        " bytes as they are stored, at most " +
                                        std::to_string(kMaxState));
  }
  const char tag = static_cast<char>(changed);
  const std::array pieces{as_bytes(host_state), as_bytes(std::string_view(&tag, 1))};
  return write_pieces(file, pieces);
}

Result<LeftFiles> LeftFiles::read(const LeftState& left) {
  LeftFiles files;
  if (left.file.is_open()) {
    SKERRY_TRY(jail::check_sealed(left.file.get()));
    SKERRY_ASSIGN(const auto mapping, ReadOnlyMapping::of_file(left.file.get()));
    if (mapping.bytes().size() > kMaxState + 1) {
      return absl::DataLossError("what the operation left is too large");
    }
    files.host_state = as_text(mapping.bytes());
  } else {
    files.host_state = left.bytes;
  }
  if (files.host_state.empty()) return absl::DataLossError("what the operation left is empty");
  files.changed = static_cast<Changed>(files.host_state.back());
  files.host_state.pop_back();
  if (files.changed != Changed::kNothing && files.changed != Changed::kFirst &&
      files.changed != Changed::kSecond) {
    return absl::DataLossError("what the operation left is of no volume");
  }
  return files;
}

void FileWorker::forget(const std::vector<std::uint64_t>& states) {
  for (const std::uint64_t state : states) kept_.erase(state);
}

Result<FileWorker::Done> FileWorker::work(const RunRequest& request, Files files) const {
  SKERRY_ASSIGN(Opened opened, open(request, files));
  files::Deadline deadline(files::Deadline::Clock::now() + request.files->time);
  operation::Applied applied = operation::apply(opened.request, *opened.volumes, deadline);
  auto left = left_of(applied, opened);
  if (!left.ok()) {
    applied = {.response = left.status()};
    left = LeftFiles();
  }
  return Done{.opened = std::move(opened), .applied = std::move(applied), .left = *std::move(left)};
}

Status FileWorker::perform(const RunRequest& request, std::vector<OwnedFd> files,
                           EventSender& sender) {
  // The broker's deadline counts from here: reading a large state is part of the operation.
  SKERRY_TRY(sender.started());
  auto done = work(request, files);
  if (!done.ok()) return sender.failed(done.status());
  operation::Applied& applied = done->applied;
  auto left = done->left.left();
  if (!left.ok()) {
    applied = {.response = left.status()};
    left = LeftFiles().left();
  }
  SKERRY_TRY(
      sender.output().write(wasi::Stream::kStdout, as_bytes(operation::encode(applied.response))));
  const Session& first = done->opened.first;
  if (first.start.becomes == 0) return sender.ended(completed());  // it was a look
  SKERRY_TRY(sender.ended(completed(), *left, /*is_kept=*/true));
  const bool has_changed =
      applied.changed != nullptr && applied.changed == done->opened.volume_of(first);
  keep(first, has_changed ? applied.changed->state() : first.stored.state, has_changed);
  return ok_status();
}

Result<sandbox::Outcome> FileWorker::perform_alone(const RunRequest& request,
                                                   std::vector<OwnedFd> files, int left,
                                                   RunChannel& channel) {
  std::vector<int> kept;
  if (left >= 0) kept.push_back(left);
  for (const OwnedFd& file : files) kept.push_back(file.get());
  SKERRY_TRY(channel.started(kept));
  SKERRY_ASSIGN(const Done done, work(request, files));
  if (left >= 0) SKERRY_TRY(done.left.write_to(left));
  SKERRY_TRY(channel.output().write(wasi::Stream::kStdout,
                                    as_bytes(operation::encode(done.applied.response))));
  return completed();
}

operation::Volume* FileWorker::Opened::volume_of(const Session& session) const {
  const bool is_memory = session.volume.root == files::FilePath::Root::kMemory;
  auto& volume = is_memory ? volumes->memory : volumes->workspace;
  return volume ? &*volume : nullptr;
}

Result<FileWorker::Opened> FileWorker::open(const RunRequest& request, Files files) const {
  const FileOrder& order = *request.files;
  if (!request.session || order.second.has_value() != request.second_session.has_value()) {
    return absl::InternalError("the broker sent a file operation without its sessions");
  }
  SKERRY_ASSIGN(operation::Request asked, request_of(order, files));
  Opened opened{.request = std::move(asked), .first = Session()};
  const auto add = [&](const FileOrder::Volume& volume,
                       const SessionStart& start) -> Result<Session> {
    SKERRY_ASSIGN(const Files own, take_files(start, files));
    Session session{.volume = volume, .start = start, .stored = {}};
    SKERRY_ASSIGN(session.stored, stored(start, own));
    // The quotas of a sandbox that keeps it are for runs.
    session.stored.state.files().set_quotas({});
    const bool is_memory = volume.root == files::FilePath::Root::kMemory;
    (is_memory ? opened.volumes->memory : opened.volumes->workspace)
        .emplace(session.stored.state, session.stored.base.get(), quota_of(volume), now());
    return session;
  };
  SKERRY_ASSIGN(opened.first, add(order.first, *request.session));
  if (order.second) {
    SKERRY_ASSIGN(opened.second, add(*order.second, *request.second_session));
  }
  return opened;
}

Result<FileWorker::Stored> FileWorker::stored(const SessionStart& start, Files files) const {
  if (start.from == 0) return read(start, files);
  if (const auto kept = kept_.find(start.from); kept != kept_.end()) return kept->second;
  sandbox::Sandbox* sandbox = sandboxes_.find(start.from);
  if (sandbox == nullptr) return absl::InternalError("no such state is kept here");
  const auto& base = sandbox->loaded().template_state;
  return Stored{.state = sandbox->state(), .base = borrowed(base ? &*base : nullptr)};
}

Result<FileWorker::Stored> FileWorker::read(const SessionStart& start, Files files) const {
  if (files.empty() || files.size() > 2) {
    return absl::InternalError("a session's files are its own and its template's");
  }
  OwnedFd& template_file = files.back();
  if (files.size() == 1) {
    SKERRY_ASSIGN(auto base, base_of(start.template_sha256, template_file));
    if (!base) return absl::DataLossError("the template has no files");
    return Stored{.state = *base, .base = std::move(base)};
  }
  SKERRY_ASSIGN(const auto revision,
                image::read_stored_state(std::move(files.front()), start.patch));
  Stored stored;
  SKERRY_ASSIGN(stored.base, base_of(revision.template_sha256, template_file));
  SKERRY_ASSIGN(stored.state, wasi::decode(as_bytes(revision.host_state), catalog_.blobs(), {},
                                           stored.base.get()));
  return stored;
}

/// The host state of a template: of one that is known here, or of another that is in `file`. Null
/// when it has none.
Result<std::shared_ptr<const wasi::HostState>> FileWorker::base_of(std::string_view sha256,
                                                                   OwnedFd& file) const {
  if (const wasi::HostState* known = catalog_.template_state(sha256)) return borrowed(known);
  SKERRY_ASSIGN(const auto image, image::read_image(std::move(file), "template"));
  if (image->sha256 != sha256) return absl::DataLossError("the template is another");
  if (image->manifest.host_state.empty()) return std::shared_ptr<const wasi::HostState>();
  SKERRY_ASSIGN(auto state, wasi::decode(as_bytes(image->manifest.host_state), catalog_.blobs()));
  return std::make_shared<const wasi::HostState>(std::move(state));
}

Result<LeftFiles> FileWorker::left_of(const operation::Applied& applied, const Opened& opened) {
  LeftFiles left;
  if (applied.changed != nullptr) {
    const bool is_first = applied.changed == opened.volume_of(opened.first);
    left.changed = is_first ? LeftFiles::Changed::kFirst : LeftFiles::Changed::kSecond;
    SKERRY_ASSIGN(left.host_state, applied.changed->encoded());
  }
  return left;
}

void FileWorker::keep(const Session& session, const wasi::HostState& state, bool has_changed) {
  const std::uint64_t from = session.start.from;
  if (sandbox::Sandbox* sandbox = from == 0 ? nullptr : sandboxes_.find(from)) {
    if (has_changed) sandbox->replace_state(state);
    sandboxes_.rename(from, session.start.becomes);
    return;
  }
  kept_.erase(from);
  kept_.insert_or_assign(session.start.becomes, Stored{state, session.stored.base});
}

}  // namespace skerry::worker
