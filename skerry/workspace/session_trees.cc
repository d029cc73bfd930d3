// SPDX-License-Identifier: Apache-2.0
#include "skerry/workspace/session_trees.h"

#include <chrono>
#include <utility>

#include "skerry/base/utf8.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/image_file.h"
#include "skerry/runtime/python.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::workspace {
namespace {

using session::SessionStore;

constexpr std::size_t kMaxFirstLine = 100;

// Memory is kept until it is removed: it lies in sessions of a tenant that nobody can be, for its
// name has a slash in it, and under a policy that never lets them go.
constexpr std::string_view kMemoryTenant = "/memory";
constexpr session::Policy kMemoryPolicy{.time_to_live = std::chrono::hours(24 * 365 * 50),
                                        .sessions = 100'000,
                                        .revisions = 10,
                                        .cold = std::chrono::seconds(600),
                                        .bytes = mib(10'240)};

wasi::Nanoseconds now() {
  return std::chrono::duration_cast<wasi::Nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

/// The host state of a revision, as it is stored.
const std::string& host_state_of(const image::Revision& revision) {
  return revision.patch ? revision.patch->state.host_state : revision.manifest().host_state;
}

const std::vector<image::Global>& globals_of(const image::Revision& revision) {
  return revision.patch ? revision.patch->state.globals : revision.manifest().globals;
}

/// One line in plain signs.
std::string plain(std::string_view text) {
  std::string line = to_utf8(clip(text, kMaxFirstLine));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

}  // namespace

/// One session's files, open.
struct SessionTrees::Volume {
  std::unique_ptr<SessionStore> own_store;  // the memory's
  SessionStore* store = nullptr;
  ByteSize quota;
  std::string noun;
  std::optional<SessionStore::Lease> lease;
  image::Revision parent;
  std::filesystem::path template_file;   // of a session that is yet to begin
  std::optional<wasi::HostState> base;   // the template's
  std::optional<wasi::HostState> state;  // with `files` changed
  std::optional<wasi::FileSystem> before;
  std::uint64_t size_before = 0;
  std::optional<Tree> tree;

  std::uint64_t size() const { return tree->size(base ? &base->files() : nullptr); }
  bool has_changed() const { return !state->files().has_same_inodes_as(*before); }
  Status check_quota() const;
  Status commit(std::string_view first_line);
};

Status SessionTrees::Volume::check_quota() const {
  const std::uint64_t now_used = size();
  if (now_used <= quota.value || now_used <= size_before) return ok_status();
  return absl::ResourceExhaustedError(noun + " quota exceeded: " + std::to_string(now_used) +
                                      " > " + std::to_string(quota.value) + " bytes");
}

Status SessionTrees::Volume::commit(std::string_view first_line) {
  SKERRY_TRY(check_quota());
  image::Captured captured;
  captured.state.memory_size = parent.memory_size();
  captured.state.globals = globals_of(parent);
  captured.state.edits.emplace();
  if (parent.id.empty()) {
    // No run will do this, as the session's first would.
    SKERRY_ASSIGN(captured.state.edits,
                  runtime::fresh_random_states(parent.manifest().facts, parent.memory_size()));
  }
  SKERRY_ASSIGN(captured.state.host_state, wasi::encode(*state, base ? &*base : nullptr));
  return store
      ->commit(*lease, parent, captured,
               {.first_line = plain(first_line),
                .outcome = "files",
                .template_file = template_file,
                .durability = session::Durability::kCommitted})
      .status();
}

SessionTrees::SessionTrees(const Foundation& foundation, const Scope& scope, SessionStore& store,
                           Purpose purpose)
    : foundation_(foundation), scope_(scope), store_(store), purpose_(purpose) {}

SessionTrees::~SessionTrees() = default;

Result<Tree*> SessionTrees::tree(FilePath::Root root) {
  auto& volume = root == FilePath::Root::kWorkspace ? workspace_ : memory_;
  if (!volume) {
    SKERRY_ASSIGN(volume, open(root));
  }
  return &*volume->tree;
}

Result<std::unique_ptr<SessionTrees::Volume>> SessionTrees::open(FilePath::Root root) {
  auto volume = std::make_unique<Volume>();
  if (root == FilePath::Root::kWorkspace) {
    volume->store = &store_;
    volume->quota = foundation_.quotas.workspace;
    volume->noun = "Workspace";
    SKERRY_TRY(load(*volume, scope_.session));
  } else {
    if (!scope_.user) {
      return absl::PermissionDeniedError("memory/ is a user's: no user_id was given");
    }
    SKERRY_ASSIGN(volume->own_store,
                  SessionStore::open(foundation_.store, scope_.tenant + std::string(kMemoryTenant),
                                     kMemoryPolicy, SessionStore::Waiting::kNever));
    volume->store = volume->own_store.get();
    volume->quota = foundation_.quotas.memory;
    volume->noun = "Memory";
    SKERRY_TRY(load(*volume, *scope_.user));
  }
  SKERRY_TRY(decode(*volume));
  return volume;
}

Status SessionTrees::load(Volume& volume, const session::SessionName& name) {
  if (purpose_ == Purpose::kChange) {
    SKERRY_ASSIGN(volume.lease, volume.store->lease(name));
    SKERRY_ASSIGN(auto head, volume.store->head(*volume.lease));
    if (!head.revision) return start_on_template(volume, head.template_name);
    volume.parent = *std::move(head.revision);
    return ok_status();
  }
  auto opened = volume.store->open_revision(name, std::nullopt);
  // A session that does not exist looks as one that is yet to begin.
  if (opened.status().code() == StatusCode::kNotFound) return start_on_template(volume, "");
  if (!opened.ok()) return opened.status();
  if (!opened->revision) return start_on_template(volume, opened->template_name);
  volume.parent = *std::move(opened->revision);
  return ok_status();
}

Status SessionTrees::start_on_template(Volume& volume, std::string_view template_name) {
  volume.template_file = foundation_.installation.template_path(
      template_name.empty() ? runtime::kDefaultTemplate : template_name);
  SKERRY_ASSIGN(volume.parent.file_image, image::open_image(volume.template_file));
  return ok_status();
}

Status SessionTrees::decode(Volume& volume) const {
  const auto find = [&](std::string_view id) { return foundation_.blobs->find(id); };
  const image::Image& image = *volume.parent.file_image;
  const image::Image* base = image.template_image.get();
  if (base != nullptr && !base->manifest.host_state.empty()) {
    SKERRY_ASSIGN(volume.base, wasi::decode(as_bytes(base->manifest.host_state), find));
  }
  SKERRY_ASSIGN(volume.state, wasi::decode(as_bytes(host_state_of(volume.parent)), find, {},
                                           volume.base ? &*volume.base : nullptr));
  // What a session begins on, it is stored against.
  if (base == nullptr) volume.base = volume.state;
  volume.before = volume.state->files();
  volume.tree.emplace(volume.state->files(), now());
  volume.size_before = volume.size();
  return ok_status();
}

Status SessionTrees::commit(std::string_view first_line) {
  Volume* changed = nullptr;
  for (const auto& volume : {workspace_.get(), memory_.get()}) {
    if (volume == nullptr || !volume->has_changed()) continue;
    if (changed != nullptr) {
      // Two commits, of which one might be made and the other not.
      return absl::FailedPreconditionError(
          "one call changes files of the workspace or of memory/, not of both");
    }
    changed = volume;
  }
  return changed == nullptr ? ok_status() : changed->commit(first_line);
}

}  // namespace skerry::workspace
