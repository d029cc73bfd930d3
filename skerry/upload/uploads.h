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
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/loop/pool.h"
#include "skerry/upload/upload_store.h"

namespace skerry::upload {

/// The upload store for the event loop: its work is done on a pool. Runs that want one file share
/// its content. Confined to the event loop's thread; calls fail as those of the store.
class Uploads {
 public:
  using Content = std::shared_ptr<const std::string>;
  template <typename T>
  using Awaited = boost::asio::awaitable<T>;

  /// Bytes of contents that runs may hold together: while they wait for a worker, they hold them.
  static constexpr ByteSize kMaxHeld = mib(512);
  /// And of one tenant's.
  static constexpr ByteSize kMaxHeldOfTenant = mib(192);

  /// Both must outlive it, and all that it has begun.
  Uploads(loop::Pool& pool, UploadStore& store) : pool_(pool), store_(store) {}

  const UploadStore::Options& options() const { return store_.options(); }

  Awaited<Result<StoredFile>> put(std::string tenant, std::string content);
  /// Several at once, each as `put` gives it; once one has no room, none that follows has.
  Awaited<std::vector<Result<StoredFile>>> put_all(std::string tenant,
                                                   std::vector<SparseContent> contents);
  Awaited<Result<std::uint64_t>> size(std::string tenant, std::string id);
  /// The whole file, which others may hold, too. kUnavailable when runs hold too much already, of
  /// the tenant's files or of all.
  Awaited<Result<Content>> content(std::string tenant, std::string id);
  Awaited<Result<OpenedFile>> open_file(std::string tenant, std::string id);
  Awaited<Result<UploadStore::Listing>> list(std::string tenant, std::string after,
                                             std::size_t most);
  Awaited<Status> remove(std::string tenant, std::string id);
  Awaited<bool> remove_expired();

 private:
  /// Bytes of a tenant's files that runs hold.
  std::size_t held_of(const std::string& tenant) const;

  loop::Pool& pool_;
  UploadStore& store_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<const std::string>> held_;
  // Outlives this with the contents.
  std::shared_ptr<std::size_t> held_bytes_ = std::make_shared<std::size_t>(0);
};

}  // namespace skerry::upload
