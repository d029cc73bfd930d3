// SPDX-License-Identifier: Apache-2.0
#include "skerry/upload/uploads.h"

namespace skerry::upload {

Uploads::Awaited<Result<StoredFile>> Uploads::put(std::string tenant, std::string content) {
  auto work = [&store = store_, tenant, content = std::move(content)] {
    return store.put(tenant, content);
  };
  auto putting = pool_.run(tenant, std::move(work));
  co_return co_await std::move(putting);
}

Uploads::Awaited<std::vector<Result<StoredFile>>> Uploads::put_all(
    std::string tenant, std::vector<SparseContent> contents) {
  auto work = [&store = store_, tenant, contents = std::move(contents)] {
    std::vector<Result<StoredFile>> stored;
    stored.reserve(contents.size());
    for (const SparseContent& each : contents) {
      const bool is_full =
          !stored.empty() && stored.back().status().code() == StatusCode::kResourceExhausted;
      stored.push_back(is_full ? stored.back() : store.put(tenant, each.joined()));
    }
    return stored;
  };
  auto putting = pool_.run(tenant, std::move(work));
  co_return co_await std::move(putting);
}

Uploads::Awaited<Result<Uploads::Content>> Uploads::content(std::string tenant, std::string id) {
  std::erase_if(held_, [](const auto& each) { return each.second.expired(); });
  const std::pair key(tenant, id);
  const auto find = [&]() -> Content {
    const auto held = held_.find(key);
    return held == held_.end() ? nullptr : held->second.lock();
  };
  if (Content held = find()) co_return held;
  auto work = [&store = store_, tenant, id] { return store.read(tenant, id); };
  auto reading = pool_.run(tenant, std::move(work));
  auto read = co_await std::move(reading);
  if (!read.ok()) co_return read.status();
  if (Content held = find()) co_return held;  // another was faster
  const std::size_t size = read->size();
  const bool has_room =
      *held_bytes_ + size <= kMaxHeld.value && held_of(tenant) + size <= kMaxHeldOfTenant.value;
  if (!has_room) {
    co_return absl::UnavailableError(
        "runs that wait or begin hold as much of uploaded files as they may: try again in a "
        "moment");
  }
  *held_bytes_ += size;
  Content content(new std::string(*std::move(read)),
                  [size, held_bytes = held_bytes_](const std::string* text) {
                    *held_bytes -= size;
                    delete text;
                  });
  held_[key] = content;
  co_return content;
}

std::size_t Uploads::held_of(const std::string& tenant) const {
  std::size_t size = 0;
  for (auto each = held_.lower_bound({tenant, ""}); each != held_.end(); ++each) {
    if (each->first.first != tenant) break;
    if (const Content held = each->second.lock()) size += held->size();
  }
  return size;
}

Uploads::Awaited<Result<std::uint64_t>> Uploads::size(std::string tenant, std::string id) {
  auto work = [&store = store_, tenant, id = std::move(id)] { return store.size(tenant, id); };
  auto looking = pool_.run(tenant, std::move(work));
  co_return co_await std::move(looking);
}

Uploads::Awaited<Result<OpenedFile>> Uploads::open_file(std::string tenant, std::string id) {
  auto work = [&store = store_, tenant, id = std::move(id)] { return store.open_file(tenant, id); };
  auto opening = pool_.run(tenant, std::move(work));
  co_return co_await std::move(opening);
}

Uploads::Awaited<Result<UploadStore::Listing>> Uploads::list(std::string tenant, std::string after,
                                                             std::size_t most) {
  auto work = [&store = store_, tenant, after = std::move(after), most] {
    return store.list(tenant, after, most);
  };
  auto listing = pool_.run(tenant, std::move(work));
  co_return co_await std::move(listing);
}

Uploads::Awaited<Status> Uploads::remove(std::string tenant, std::string id) {
  auto work = [&store = store_, tenant, id = std::move(id)] { return store.remove(tenant, id); };
  auto removing = pool_.run(tenant, std::move(work));
  co_return co_await std::move(removing);
}

Uploads::Awaited<bool> Uploads::remove_expired() {
  auto work = [&store = store_] {
    store.remove_expired();
    return true;
  };
  auto removing = pool_.run("", std::move(work));
  co_return co_await std::move(removing);
}

}  // namespace skerry::upload
