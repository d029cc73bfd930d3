// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/changed_files.h"

#include <string_view>

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

/// Further names of a file have what the first has.
void tell_further_names(std::vector<ReportedFile>& told) {
  for (ReportedFile& file : told) {
    if (file.same_as == 0) continue;
    const ReportedFile& first = told[file.same_as - 1];
    file.size = first.size;
    file.sha256 = first.sha256;
    file.id = first.id;
    file.message = first.message;
  }
}

}  // namespace

ChangedFiles::ChangedFiles(ChangedFiles&& other) noexcept
    : budget_(std::move(other.budget_)),
      files_(std::move(other.files_)),
      by_path_(std::move(other.by_path_)),
      size_(other.size_),
      held_(std::exchange(other.held_, 0)),
      has_more_(other.has_more_),
      is_open_(other.is_open_) {}

ChangedFiles::~ChangedFiles() {
  if (budget_) budget_->give_back(held_);
}

void ChangedFiles::drop(File& file, std::string why) {
  is_open_ = file.is_whole = false;
  file.content = {};
  file.told.message = std::move(why);
}

void ChangedFiles::add_piece(const worker::FileChange& change) {
  File& file = files_.back();
  if (change.content.empty()) return;
  if (budget_ && !budget_->take(change.content.size())) {
    drop(file, "the service holds as much of runs' files as it can for now");
    return;
  }
  held_ += change.content.size();
  file.content.pieces.emplace_back(change.offset, change.content);
}

void ChangedFiles::take(const worker::FileChange& change) {
  if (change.is_further_piece) {
    if (is_open_) add_piece(change);
    return;
  }
  is_open_ = false;
  has_more_ = has_more_ || change.kind == Kind::kMore;
  const bool is_removed_file = change.kind == Kind::kRemoved && !change.is_directory;
  if (change.kind != Kind::kFile && change.kind != Kind::kHardLink && !is_removed_file) return;
  if (files_.size() == worker::kMaxReported) {
    has_more_ = true;
    return;
  }
  File& file = files_.emplace_back();
  file.told.path = shown(change.path);
  file.told.change = is_removed_file ? ReportedFile::Change::kDeleted
                     : change.is_new ? ReportedFile::Change::kCreated
                                     : ReportedFile::Change::kModified;
  if (is_removed_file) return;
  if (change.kind == Kind::kHardLink) {
    // What the first name holds is told of both when it is known.
    const auto first = by_path_.find(change.content);
    file.told.same_as = first == by_path_.end() ? 0 : first->second + 1;
    return;
  }
  by_path_[change.path] = files_.size() - 1;
  file.told.size = change.size;
  if (change.is_left_out || change.size > worker::kMaxReportedBytes - size_) {
    file.told.message =
        fmt::format("too large: the files of a run are kept up to {} bytes together",
                    worker::kMaxReportedBytes);
    return;
  }
  is_open_ = file.is_whole = true;
  size_ += change.size;
  file.content.size = change.size;
  add_piece(change);
}

boost::asio::awaitable<std::vector<ReportedFile>> ChangedFiles::keep(ChangedFiles files,
                                                                     upload::Uploads& uploads,
                                                                     std::string tenant) {
  std::vector<upload::SparseContent> contents;
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
  tell_further_names(told);
  co_return told;
}

std::vector<ReportedFile> ChangedFiles::tell() const {
  std::vector<ReportedFile> told;
  for (const File& file : files_) {
    told.push_back(file.told);
    if (file.is_whole) told.back().sha256 = sha256_hex(as_bytes(file.content.joined()));
  }
  tell_further_names(told);
  return told;
}

}  // namespace skerry::tool
