// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/bytes.h"
#include "skerry/tool/run_report.h"
#include "skerry/upload/uploads.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::tool {

/// Bytes of files that runs have left and that are not stored yet, of all runs together. Shared,
/// confined to one thread.
class FileBudget {
 public:
  explicit FileBudget(ByteSize most) : most_(most.value) {}

  /// Whether there is room for so many more, which count from now on.
  bool take(std::size_t bytes) {
    if (bytes > most_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }

 private:
  const std::size_t most_;
  std::size_t used_ = 0;
};

/// The files that a run made, changed or removed, within the bounds of
/// `worker::FileChanges::kReported`. Holds what was sent of them, and no holes. Confined to one
/// thread.
class ChangedFiles {
 public:
  /// `budget`: where the bytes count that it holds; null: nowhere.
  explicit ChangedFiles(std::shared_ptr<FileBudget> budget = nullptr)
      : budget_(std::move(budget)) {}
  ChangedFiles(ChangedFiles&& other) noexcept;
  ChangedFiles& operator=(ChangedFiles&&) = delete;
  ~ChangedFiles();

  /// Takes one change, which its receiver has checked.
  void take(const worker::FileChange& change);

  bool empty() const { return files_.empty(); }
  bool has_more() const { return has_more_; }

  /// Keeps their contents among a tenant's uploads, and tells of all of them. One that cannot be
  /// kept says why. Gives up what is held.
  static boost::asio::awaitable<std::vector<ReportedFile>> keep(ChangedFiles files,
                                                                upload::Uploads& uploads,
                                                                std::string tenant);
  /// Tells of all of them, where nothing keeps them.
  std::vector<ReportedFile> tell() const;

 private:
  struct File {
    ReportedFile told;
    upload::SparseContent content;
    bool is_whole = false;  // `content` is all of it
  };
  void drop(File& file, std::string why);
  void add_piece(const worker::FileChange& change);

  std::shared_ptr<FileBudget> budget_;
  std::vector<File> files_;
  std::map<std::string, std::size_t> by_path_;  // files that further names may lead to
  std::uint64_t size_ = 0;                      // of all contents, with their holes
  std::size_t held_ = 0;                        // bytes that count in the budget
  bool has_more_ = false;
  bool is_open_ = false;  // further pieces are of the last file
};

}  // namespace skerry::tool
