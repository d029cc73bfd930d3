// SPDX-License-Identifier: Apache-2.0
#include "skerry/workspace/session_files.h"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "skerry/base/time_text.h"
#include "skerry/files/media_type.h"

namespace skerry::workspace {
namespace {

using files::FilePath;
using operation::Encoding;

/// What a reference comes to.
struct Location {
  Scope scope;
  FilePath path;
};

Result<Location> location_of(FileRef ref) {
  SKERRY_ASSIGN(auto session, store::SessionName::parse(ref.session));
  SKERRY_ASSIGN(auto path, workspace_path(ref.path));
  return Location{.scope = {.principal = std::move(ref.principal), .session = std::move(session)},
                  .path = std::move(path)};
}

SessionFiles::Awaited<operation::Content> content_of(FileCalls& calls, FileRef ref,
                                                     Encoding encoding) {
  auto location = location_of(std::move(ref));
  if (!location.ok()) co_return location.status();
  operation::ReadFile order{.path = std::move(location->path),
                            .most = bytes(SessionFiles::kMaxBytes),
                            .encoding = encoding};
  auto reading = calls.read(std::move(location->scope), std::move(order));
  co_return co_await std::move(reading);
}

SessionFiles::Awaited<SessionFiles::Stored> store(FileCalls& calls, FileRef ref,
                                                  std::string content, Encoding encoding) {
  auto location = location_of(std::move(ref));
  if (!location.ok()) co_return location.status();
  std::string shown = location->path.shown();
  operation::WriteFile order{.path = std::move(location->path),
                             .content = std::move(content),
                             .encoding = encoding,
                             .makes_directories = true};
  auto writing = calls.write(std::move(location->scope), std::move(order));
  const auto written = co_await std::move(writing);
  if (!written.ok()) co_return written.status();
  co_return SessionFiles::Stored{.path = std::move(shown), .size = written->size};
}

}  // namespace

Result<FilePath> workspace_path(const std::string& text) {
  SKERRY_ASSIGN(auto path, FilePath::parse(text.empty() ? "." : text));
  if (path.root() == FilePath::Root::kMemory) {
    return absl::PermissionDeniedError(
        "memory/ is a user's: a session's files are below workspace/");
  }
  return path;
}

Status SessionFiles::check(const FileRef& ref) { return location_of(ref).status(); }

SessionFiles::Awaited<files::Listed> SessionFiles::list(FileRef ref, files::Depth depth) const {
  auto location = location_of(std::move(ref));
  if (!location.ok()) co_return location.status();
  operation::ListFiles order{.path = std::move(location->path),
                             .order = {.depth = depth, .has_hidden = true}};
  auto listing = calls_->list(std::move(location->scope), std::move(order));
  co_return co_await std::move(listing);
}

SessionFiles::Awaited<operation::Content> SessionFiles::read(FileRef ref) const {
  return content_of(*calls_, std::move(ref), Encoding::kBytes);
}

SessionFiles::Awaited<operation::Content> SessionFiles::pack(FileRef ref) const {
  return content_of(*calls_, std::move(ref), Encoding::kArchive);
}

SessionFiles::Awaited<SessionFiles::Stored> SessionFiles::write(FileRef ref,
                                                                std::string content) const {
  // As a text would be: nothing looks at what it holds.
  return store(*calls_, std::move(ref), std::move(content), Encoding::kText);
}

SessionFiles::Awaited<SessionFiles::Stored> SessionFiles::unpack(FileRef ref,
                                                                 std::string archive) const {
  return store(*calls_, std::move(ref), std::move(archive), Encoding::kArchive);
}

SessionFiles::Awaited<SessionFiles::Stored> SessionFiles::move(FileRef ref, std::string to) const {
  auto from = location_of(std::move(ref));
  if (!from.ok()) co_return from.status();
  auto target = workspace_path(to);
  if (!target.ok()) co_return target.status();
  std::string shown = target->shown();
  operation::MoveFile order{.path = std::move(from->path), .to = *std::move(target)};
  auto moving = calls_->move(std::move(from->scope), std::move(order));
  const auto moved = co_await std::move(moving);
  if (!moved.ok()) co_return moved.status();
  co_return Stored{.path = std::move(shown), .size = moved->size};
}

SessionFiles::Awaited<files::Deleted> SessionFiles::remove(FileRef ref, files::Depth depth) const {
  auto location = location_of(std::move(ref));
  if (!location.ok()) co_return location.status();
  if (location->path.is_root()) {
    co_return absl::InvalidArgumentError("the root of a session's files stays");
  }
  operation::DeleteFiles order{.path = std::move(location->path), .depth = depth};
  auto removing = calls_->remove(std::move(location->scope), std::move(order));
  co_return co_await std::move(removing);
}

nlohmann::ordered_json json_of(files::Listed&& listed) {
  using nlohmann::ordered_json;
  ordered_json entries = ordered_json::array();
  for (files::ListedFile& file : listed.files) {
    const std::int64_t modified = std::chrono::nanoseconds(file.modified).count();
    entries.push_back(
        {{"path", std::move(file.path)},
         {"is_directory", !file.is_file},
         {"size", file.size},
         {"modified", utc_time(modified)},
         {"type", file.is_file ? ordered_json(files::media_type_of(file.name)) : ordered_json()}});
  }
  return {{"files", std::move(entries)}, {"truncated", listed.was_cut}};
}

}  // namespace skerry::workspace
