// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/loop/mutex.h"

namespace skerry::upload {

/// kInvalidArgument for what is no id of a file: 64 lower-case hexadecimal digits.
Status check_file_id(std::string_view id);

/// A file that is kept. A value.
struct StoredFile {
  std::string id;  ///< SHA-256 of its content, 64 lower-case hexadecimal digits
  std::uint64_t size = 0;
  std::chrono::system_clock::time_point expires = {};  ///< when it goes unless it is used
};

/// Bytes with holes between them, which are zeros. A value.
struct SparseContent {
  std::uint64_t size = 0;
  std::vector<std::pair<std::uint64_t, std::string>> pieces;  ///< by their offset, in order

  std::string joined() const;
};

/// One that is open for reading.
struct OpenedFile {
  OwnedFd file;
  std::uint64_t size = 0;
};

/// Files on disk, of one tenant each, found by their content's hash. Thread-safe: calls block on
/// the disk, and those for one tenant wait for each other.
///
/// Errors of all calls: kInvalidArgument for an id that is none, kNotFound, kDataLoss for a file
/// that is not what its id says, which is removed then.
class UploadStore {
 public:
  struct Options {
    std::filesystem::path directory = {};  ///< made if it is not there
    std::chrono::seconds time{24 * 3600};  ///< that a file is kept after its last use
    ByteSize quota = mib(1024);            ///< of a tenant's files together
    ByteSize largest = mib(128);           ///< of one file
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  };
  /// What a tenant has.
  struct Listing {
    std::vector<StoredFile> files;  ///< by id
    bool has_more = false;
    std::uint64_t used = 0;  ///< bytes of all, as the quota counts
  };

  /// Fails as `make_private_directory`.
  static Result<std::unique_ptr<UploadStore>> open(Options options);

  const Options& options() const { return options_; }

  /// Keeps `content`; what is there already is used once more. kResourceExhausted, with the bound,
  /// when it is too large or the tenant has too much.
  Result<StoredFile> put(const std::string& tenant, std::string_view content);
  /// The file, open for reading and checked. Its use counts.
  Result<OpenedFile> open_file(const std::string& tenant, std::string_view id);
  /// Its content. The same.
  Result<std::string> read(const std::string& tenant, std::string_view id);
  /// How large it is. No use of it.
  Result<std::uint64_t> size(const std::string& tenant, std::string_view id);
  /// At most `most` of them, whose ids come after `after`.
  Result<Listing> list(const std::string& tenant, std::string_view after, std::size_t most);
  Status remove(const std::string& tenant, std::string_view id);
  /// Removes what nobody has used for too long, of all tenants.
  void remove_expired();

 private:
  struct Tenant {
    explicit Tenant(std::filesystem::path where) : directory(std::move(where)) {}
    const std::filesystem::path directory;
    loop::Mutex mutex;
    std::optional<std::uint64_t> used ABSL_GUARDED_BY(mutex);  // none: not counted yet
    /// Before then, no file's time is over.
    std::chrono::system_clock::time_point next_expiry ABSL_GUARDED_BY(mutex) = {};
    /// Inodes whose content was found to be what the id says. Only a power loss changes one.
    std::set<std::uint64_t> checked ABSL_GUARDED_BY(mutex);
  };

  explicit UploadStore(Options options) : options_(std::move(options)) {}
  std::shared_ptr<Tenant> tenant_at(const std::filesystem::path& directory);
  std::shared_ptr<Tenant> tenant_of(const std::string& name);
  std::uint64_t count(Tenant& tenant) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(tenant.mutex);
  void sweep(Tenant& tenant) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(tenant.mutex);
  Status make_room(Tenant& tenant, std::uint64_t size) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tenant.mutex);
  Status check(Tenant& tenant, const std::filesystem::path& path, std::string_view id, int fd) const
      ABSL_LOCKS_EXCLUDED(tenant.mutex);
  Status touch(int fd) const;
  StoredFile stored(std::string id, std::uint64_t size) const;

  const Options options_;
  loop::Mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<Tenant>> tenants_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace skerry::upload
