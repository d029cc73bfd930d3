// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/changed_files.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/sha256.h"
#include "skerry/base/utf8.h"
#include "skerry/files/file_path.h"

namespace skerry::tool {
namespace {

using files::FilePath;
using Kind = worker::FileChange::Kind;

/// As clients write the path of a session's file, or as it is where they cannot.
std::string shown(std::string_view path) {
  const auto parsed = FilePath::parse_below(FilePath::Root::kWorkspace, path.substr(1));
  return parsed.ok() ? parsed->shown() : to_utf8(path);
}

}  // namespace

std::size_t ChangedFiles::take(const worker::FileChange& change) {
  if (change.is_further_piece) {
    if (open_) files_.back().content.replace(change.offset, change.content.size(), change.content);
    return 0;
  }
  open_ = false;
  has_more_ = has_more_ || change.kind == Kind::kMore;
  if (change.kind != Kind::kFile && change.kind != Kind::kRemoved) return 0;
  if (files_.size() == worker::kMaxReported) {
    has_more_ = true;
    return 0;
  }
  File& file = files_.emplace_back();
  file.told.path = shown(change.path);
  if (change.kind == Kind::kRemoved) {
    file.told.change = ReportedFile::Change::kDeleted;
    return file.told.path.size();
  }
  file.told.change =
      change.is_new ? ReportedFile::Change::kCreated : ReportedFile::Change::kModified;
  file.told.size = change.size;
  if (change.is_left_out || change.size > worker::kMaxReportedBytes - held_) {
    file.told.message =
        fmt::format("too large: the files of a run are kept up to {} bytes together",
                    worker::kMaxReportedBytes);
    return file.told.path.size();
  }
  open_ = file.is_whole = true;
  held_ += change.size;
  file.content.resize(change.size);  // what no piece brings is a hole: zeros
  file.content.replace(change.offset, change.content.size(), change.content);
  return file.told.path.size() + change.size;
}

boost::asio::awaitable<std::vector<ReportedFile>> ChangedFiles::keep(ChangedFiles files,
                                                                     upload::Uploads& uploads,
                                                                     std::string tenant) {
  std::vector<std::string> contents;
  for (File& file : files.files_) {
    if (file.is_whole) contents.push_back(std::move(file.content));
  }
  auto keeping = uploads.put_all(std::move(tenant), std::move(contents));
  const auto kept = co_await std::move(keeping);
  std::vector<ReportedFile> told;
  auto next = kept.begin();
  for (File& file : files.files_) {
    if (file.is_whole) {
      const auto& stored = *next++;
      if (stored.ok()) {
        file.told.sha256 = file.told.id = stored->id;
      } else {
        file.told.message = message_of(stored.status());
      }
    }
    told.push_back(std::move(file.told));
  }
  co_return told;
}

std::vector<ReportedFile> ChangedFiles::tell(ChangedFiles files) {
  std::vector<ReportedFile> told;
  for (File& file : files.files_) {
    if (file.is_whole) file.told.sha256 = sha256_hex(as_bytes(file.content));
    told.push_back(std::move(file.told));
  }
  return told;
}

}  // namespace skerry::tool
