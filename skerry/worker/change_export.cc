// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/change_export.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "skerry/wasi/files/changes.h"

namespace skerry::worker {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

/// Where a path goes: a bit for each directory of the rules, and one for all of them. Names of one
/// file that go to different places cannot be links to each other.
using Places = std::vector<bool>;

Places places_of(std::string_view path, const ExportRules& rules) {
  Places places;
  for (const std::string& directory : rules.directories) {
    places.push_back(path == directory || is_below(path, directory));
  }
  const bool is_in_one = std::find(places.begin(), places.end(), true) != places.end();
  if (rules.leaves_directories && is_in_one) return {};
  const bool is_temporary = path == "/tmp" || is_below(path, "/tmp");
  places.push_back(rules.scope == ExportRules::Scope::kAll && !is_temporary);
  return places;
}

/// A change that is to be sent.
struct Outgoing {
  const wasi::Change* change = nullptr;
  std::string link_to;  // of a further name: the first
};

Result<std::vector<Outgoing>> outgoing(const std::vector<wasi::Change>& changes,
                                       const ExportRules& rules) {
  std::vector<Outgoing> sent;
  std::map<std::pair<wasi::InodeNumber, Places>, const std::string*> first_names;
  std::uint64_t total = 0;
  for (const wasi::Change& change : changes) {
    Places places = places_of(change.path, rules);
    if (std::find(places.begin(), places.end(), true) == places.end()) continue;
    Outgoing& item = sent.emplace_back(Outgoing{.change = &change, .link_to = {}});
    const bool has_content =
        change.kind != wasi::Change::Kind::kDeleted && change.type == wasi::FileType::kRegularFile;
    if (!has_content) continue;
    const auto [first, is_first] =
        first_names.try_emplace({change.inode, std::move(places)}, &change.path);
    if (!is_first) {
      item.link_to = *first->second;
      continue;
    }
    total += change.size;
    if (total <= rules.max_bytes.value) continue;
    return absl::ResourceExhaustedError(
        "the changed files have more than " + std::to_string(rules.max_bytes.value) +
        " bytes, holes included; allow more with " +
        std::string(sandbox::kFilesLimit.option(sandbox::LimitWords::kOptions)));
  }
  return sent;
}

/// Sends a file piece by piece, and only its data.
Status send_file(const wasi::FileContent& content, FileChange message, RunChannel& channel) {
  message.kind = FileChange::Kind::kFile;
  message.size = content.size();
  Status status;
  content.visit_data([&](std::uint64_t offset, std::uint64_t length) {
    while (length > 0 && status.ok()) {
      message.offset = offset;
      message.content.resize(std::min<std::uint64_t>(length, kFilePiece));
      content.read(offset, std::as_writable_bytes(std::span(message.content)));
      status = channel.changed(message);
      message.is_further_piece = true;
      message.size = 0;
      offset += message.content.size();
      length -= message.content.size();
    }
  });
  if (status.ok() && !message.is_further_piece) return channel.changed(message);
  return status;
}

Status send(const Outgoing& item, const wasi::FileSystem& after, RunChannel& channel) {
  const wasi::Change& change = *item.change;
  FileChange message{.kind = FileChange::Kind::kRemoved,
                     .path = change.path,
                     .content = item.link_to,
                     .is_new = change.kind == wasi::Change::Kind::kCreated,
                     .is_directory = change.type == wasi::FileType::kDirectory};
  if (change.kind == wasi::Change::Kind::kDeleted) return channel.changed(message);
  message.is_directory = false;
  if (!item.link_to.empty()) {
    message.kind = FileChange::Kind::kHardLink;
    return channel.changed(message);
  }
  const wasi::Inode& inode = after.get(change.inode);
  if (inode.mode != 0)
    message.permissions = static_cast<wasi::Mode>(inode.mode & wasi::kPermissions);
  if (inode.file() != nullptr) return send_file(*inode.file(), std::move(message), channel);
  if (const wasi::SymbolicLink* link = inode.symlink()) {
    message.kind = FileChange::Kind::kSymlink;
    message.content = link->target;
  } else {
    message.kind = FileChange::Kind::kDirectory;
  }
  return channel.changed(message);
}

}  // namespace

std::optional<ExportRules> export_of(const RunRequest& request) {
  if (request.changes != FileChanges::kWanted) return std::nullopt;
  return ExportRules{.scope = ExportRules::Scope::kAll, .max_bytes = request.limits.files};
}

Status send_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                    const ExportRules& rules, RunChannel& channel) {
  SKERRY_ASSIGN(const auto changes, wasi::changes_since(before, after, kChangeLimits));
  SKERRY_ASSIGN(const auto sent, outgoing(changes, rules));
  for (const Outgoing& item : sent) SKERRY_TRY(send(item, after, channel));
  return ok_status();
}

Status report_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                      RunChannel& channel) {
  const auto changes = wasi::changes_since(before, after, kChangeLimits);
  if (!changes.ok()) return channel.changed({.kind = FileChange::Kind::kMore});
  std::size_t count = 0;
  std::uint64_t room = kMaxReportedBytes;
  std::map<wasi::InodeNumber, const std::string*> first_names;
  for (const wasi::Change& change : *changes) {
    const bool is_file = change.type == wasi::FileType::kRegularFile;
    if (!is_file || change.path.size() > kMaxPath || is_below(change.path, "/tmp")) continue;
    if (++count > kMaxReported) return channel.changed({.kind = FileChange::Kind::kMore});
    FileChange message{.kind = FileChange::Kind::kRemoved,
                       .path = change.path,
                       .is_new = change.kind == wasi::Change::Kind::kCreated};
    if (change.kind == wasi::Change::Kind::kDeleted) {
      SKERRY_TRY(channel.changed(message));
      continue;
    }
    const auto [first, is_first] = first_names.try_emplace(change.inode, &change.path);
    if (!is_first) {
      message.kind = FileChange::Kind::kHardLink;
      message.content = *first->second;
      SKERRY_TRY(channel.changed(message));
    } else if (change.size <= room) {
      room -= change.size;
      SKERRY_TRY(send_file(*after.get(change.inode).file(), std::move(message), channel));
    } else {
      message.kind = FileChange::Kind::kFile;
      message.size = change.size;
      message.is_left_out = true;
      SKERRY_TRY(channel.changed(message));
    }
  }
  return ok_status();
}

}  // namespace skerry::worker
