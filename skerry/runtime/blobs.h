// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "skerry/base/os/mapping.h"
#include "skerry/base/status.h"
#include "skerry/wasi/files/file_content.h"

namespace skerry::runtime {

/// The read-only files that a runtime brings for its guests: mapped once, never copied, named by
/// their SHA-256 in images.
///
/// Loose files (a standard library archive) and the members of tar archives, whose bytes lie there
/// uncompressed. What lies where is in an index, `blobs.index`, that `build` writes. Const calls
/// may run concurrently.
class BlobSet {
 public:
  /// Its texts last as long as the set.
  struct Member {
    std::string_view name;  ///< of the loose file, or "archive.tar/path/in/it"
    std::string_view sha256;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  /// Hashes the files in `directory` and the members of those that end in ".tar", and writes the
  /// index.
  static Status build(const std::filesystem::path& directory,
                      const std::vector<std::string>& files);

  /// Reads the index and maps its files. kDataLoss when the index and a file's size do not fit.
  static Result<std::shared_ptr<const BlobSet>> open(const std::filesystem::path& directory);

  /// The same, when the index and all files in it are what set-up has sealed, by their times; else
  /// the seal's failure.
  static Result<std::shared_ptr<const BlobSet>> open_sealed(const std::filesystem::path& directory);

  const std::vector<Member>& members() const { return members_; }

  /// kNotFound when no member has this SHA-256.
  Result<wasi::Blob> find(std::string_view sha256) const;

 private:
  struct Location {
    std::size_t file = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  /// Takes a line of the index. False: it is damaged.
  bool take_member(std::string_view line);

  std::string index_;  // borrowed by all views below
  std::vector<Member> members_;
  std::vector<std::shared_ptr<const ReadOnlyMapping>> files_;
  std::vector<std::string> names_;                         // of the files, in the same order
  std::unordered_map<std::string_view, Location> places_;  // of thousands, at every start
};

/// The file with this SHA-256 in the first of the sets that has it, else kNotFound: "no file with
/// SHA-256 … is here" and then `what_to_do`.
Result<wasi::Blob> find_blob(std::span<const std::shared_ptr<const BlobSet>> sets,
                             std::string_view sha256, std::string_view what_to_do);

}  // namespace skerry::runtime
