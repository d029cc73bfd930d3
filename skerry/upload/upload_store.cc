// SPDX-License-Identifier: Apache-2.0
#include "skerry/upload/upload_store.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/sha256.h"

namespace skerry::upload {
namespace {

namespace fs = std::filesystem;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kIdDigits = 64;
// What a file counts at least: the disk gives it as much.
constexpr std::uint64_t kLeastCounted = 4096;
// Files of a tenant that are known to be whole: more than a quota has, mostly.
constexpr std::size_t kMaxChecked = 100'000;

std::uint64_t counted(std::uint64_t size) { return std::max(size, kLeastCounted); }

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Status no_such_file(std::string_view id) {
  return absl::NotFoundError(
      fmt::format("no file {}: it was never sent, or it was removed after its time", id));
}

struct FileOnDisk {
  std::string id;
  std::uint64_t size = 0;
  Time used;
};

/// What is in a directory of a tenant's; nothing where there is none.
std::vector<FileOnDisk> files_in(const fs::path& directory) {
  std::vector<FileOnDisk> files;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().native();
    struct stat info{};
    if (!is_id(name) || ::lstat(each->path().c_str(), &info) != 0) continue;
    const auto used =
        std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    files.push_back({.id = name,
                     .size = static_cast<std::uint64_t>(info.st_size),
                     .used = Time(std::chrono::duration_cast<Time::duration>(used))});
  }
  std::sort(files.begin(), files.end(),
            [](const FileOnDisk& a, const FileOnDisk& b) { return a.id < b.id; });
  return files;
}

/// What killed writers left there before a time, where files cannot be without a name.
void remove_stale_temporaries_before(const fs::path& directory, Time time) {
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    struct stat info{};
    if (!each->path().filename().native().starts_with(".tmp-")) continue;
    if (::lstat(each->path().c_str(), &info) != 0) continue;
    if (std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec) < time) {
      ::unlink(each->path().c_str());
    }
  }
}

}  // namespace

std::string SparseContent::joined() const {
  std::string all(size, '\0');
  for (const auto& [offset, piece] : pieces) all.replace(offset, piece.size(), piece);
  return all;
}

Status check_file_id(std::string_view id) {
  if (is_id(id)) return ok_status();
  return absl::InvalidArgumentError("a file's id has 64 hexadecimal digits, as it was given");
}

Result<std::unique_ptr<UploadStore>> UploadStore::open(Options options) {
  SKERRY_TRY(make_private_directory(options.directory));
  return std::unique_ptr<UploadStore>(new UploadStore(std::move(options)));
}

std::shared_ptr<UploadStore::Tenant> UploadStore::tenant_at(const fs::path& directory) {
  const loop::MutexLock lock(mutex_);
  std::shared_ptr<Tenant>& tenant = tenants_[directory];
  if (!tenant) tenant = std::make_shared<Tenant>(directory);
  return tenant;
}

/// A tenant's name may hold anything: its directory has the hash of it.
std::shared_ptr<UploadStore::Tenant> UploadStore::tenant_of(const std::string& name) {
  return tenant_at(options_.directory / sha256_hex(as_bytes(name)));
}

std::uint64_t UploadStore::count(Tenant& tenant) const {
  if (!tenant.used) {
    tenant.used = 0;
    for (const FileOnDisk& file : files_in(tenant.directory)) *tenant.used += counted(file.size);
  }
  return *tenant.used;
}

void UploadStore::sweep(Tenant& tenant) const {
  const Time now = options_.now();
  tenant.used = 0;
  tenant.next_expiry = Time::max();
  for (const FileOnDisk& file : files_in(tenant.directory)) {
    const Time expires = file.used + options_.time;
    if (expires <= now && ::unlink((tenant.directory / file.id).c_str()) == 0) continue;
    *tenant.used += counted(file.size);
    tenant.next_expiry = std::min(tenant.next_expiry, expires);
  }
  remove_stale_temporaries_before(tenant.directory, now - options_.time);
  if (*tenant.used == 0) ::rmdir(tenant.directory.c_str());  // stays where something is in it
  if (tenant.checked.size() > kMaxChecked) tenant.checked.clear();
}

Status UploadStore::make_room(Tenant& tenant, std::uint64_t size) const {
  if (count(tenant) + counted(size) <= options_.quota.value) return ok_status();
  if (options_.now() >= tenant.next_expiry) sweep(tenant);
  if (count(tenant) + counted(size) <= options_.quota.value) return ok_status();
  return absl::ResourceExhaustedError(fmt::format(
      "{} bytes more than {} of the {} that a tenant's files may have; remove some, or wait: one "
      "goes {} s after its last use",
      counted(size), count(tenant), options_.quota.value, options_.time.count()));
}

Status UploadStore::touch(int fd) const {
  const auto since = options_.now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const timespec now{.tv_sec = seconds.count(),
                     .tv_nsec = std::chrono::nanoseconds(since - seconds).count()};
  const timespec times[] = {now, now};
  return syscall_result("futimens", "upload", [&] { return ::futimens(fd, times); }).status();
}

StoredFile UploadStore::stored(std::string id, std::uint64_t size) const {
  return {.id = std::move(id), .size = size, .expires = options_.now() + options_.time};
}

Result<StoredFile> UploadStore::put(const std::string& tenant_name, std::string_view content) {
  if (content.size() > options_.largest.value) {
    return absl::ResourceExhaustedError(fmt::format("a file has at most {} bytes, this one has {}",
                                                    options_.largest.value, content.size()));
  }
  std::string id = sha256_hex(as_bytes(content));
  const std::shared_ptr<Tenant> tenant = tenant_of(tenant_name);
  loop::MutexLock lock(tenant->mutex);
  const fs::path path = tenant->directory / id;
  if (const auto there = skerry::open_file(path, O_RDONLY | O_NOFOLLOW); there.ok()) {
    // One that a power loss cut is written anew.
    lock.unlock();
    const Status checked = check(*tenant, path, id, there->get());
    lock.lock();
    if (checked.ok()) {
      SKERRY_TRY(touch(there->get()));
      return stored(std::move(id), content.size());
    }
  }
  SKERRY_TRY(make_room(*tenant, content.size()));
  SKERRY_TRY(make_private_directory(tenant->directory));
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  SKERRY_TRY(write_all(file.fd(), as_bytes(content)));
  SKERRY_TRY(touch(file.fd()));
  SKERRY_TRY(file.commit(AtomicFile::Sync::kNone));
  *tenant->used += counted(content.size());
  tenant->next_expiry = std::min(tenant->next_expiry, options_.now() + options_.time);
  return stored(std::move(id), content.size());
}

/// kDataLoss for a file that is not what its id says, which is removed then.
Status UploadStore::check(Tenant& tenant, const fs::path& path, std::string_view id, int fd) const {
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", "upload", [&] { return ::fstat(fd, &info); }).status());
  {
    const loop::MutexLock lock(tenant.mutex);
    if (tenant.checked.contains(info.st_ino)) return ok_status();
  }
  // Nobody shortens a file that has its name: a mapping of it is safe.
  SKERRY_ASSIGN(const auto mapping, ReadOnlyMapping::of_file(fd));
  const bool is_whole = sha256_hex(mapping.bytes()) == id;
  const loop::MutexLock lock(tenant.mutex);
  if (is_whole) {
    tenant.checked.insert(info.st_ino);
    return ok_status();
  }
  ::unlink(path.c_str());
  tenant.used.reset();
  return absl::DataLossError(fmt::format("file {} was damaged, and is removed: send it again", id));
}

Result<OpenedFile> UploadStore::open_file(const std::string& tenant_name, std::string_view id) {
  SKERRY_TRY(check_file_id(id));
  const std::shared_ptr<Tenant> tenant = tenant_of(tenant_name);
  const fs::path path = tenant->directory / id;
  auto file = skerry::open_file(path, O_RDONLY | O_NOFOLLOW);
  if (file.status().code() == StatusCode::kNotFound) return no_such_file(id);
  SKERRY_TRY(file.status());
  SKERRY_TRY(check(*tenant, path, id, file->get()));
  SKERRY_TRY(touch(file->get()));
  struct stat info{};
  SKERRY_TRY(
      syscall_result("fstat", "upload", [&] { return ::fstat(file->get(), &info); }).status());
  return OpenedFile{.file = *std::move(file), .size = static_cast<std::uint64_t>(info.st_size)};
}

Result<std::uint64_t> UploadStore::size(const std::string& tenant_name, std::string_view id) {
  SKERRY_TRY(check_file_id(id));
  struct stat info{};
  if (::lstat((tenant_of(tenant_name)->directory / id).c_str(), &info) != 0) {
    return no_such_file(id);
  }
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::string> UploadStore::read(const std::string& tenant, std::string_view id) {
  SKERRY_ASSIGN(const OpenedFile opened, open_file(tenant, id));
  return read_all(opened.file.get(), options_.largest);
}

Result<UploadStore::Listing> UploadStore::list(const std::string& tenant_name,
                                               std::string_view after, std::size_t most) {
  const std::shared_ptr<Tenant> tenant = tenant_of(tenant_name);
  const loop::MutexLock lock(tenant->mutex);
  if (options_.now() >= tenant->next_expiry) sweep(*tenant);
  Listing listing{.files = {}, .used = count(*tenant)};
  for (FileOnDisk& file : files_in(tenant->directory)) {
    if (file.id <= after) continue;
    if (listing.files.size() == most) {
      listing.has_more = true;
      break;
    }
    listing.files.push_back(
        {.id = std::move(file.id), .size = file.size, .expires = file.used + options_.time});
  }
  return listing;
}

Status UploadStore::remove(const std::string& tenant_name, std::string_view id) {
  SKERRY_TRY(check_file_id(id));
  const std::shared_ptr<Tenant> tenant = tenant_of(tenant_name);
  const loop::MutexLock lock(tenant->mutex);
  const fs::path path = tenant->directory / id;
  const std::uint64_t used = count(*tenant);
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || ::unlink(path.c_str()) != 0) return no_such_file(id);
  const std::uint64_t freed = counted(static_cast<std::uint64_t>(info.st_size));
  tenant->used = used - std::min(used, freed);
  return ok_status();
}

void UploadStore::remove_expired() {
  std::error_code error;
  std::vector<fs::path> directories;
  for (fs::directory_iterator each(options_.directory, error), end; !error && each != end;
       each.increment(error)) {
    if (is_id(each->path().filename().native())) directories.push_back(each->path());
  }
  for (const fs::path& directory : directories) {
    const std::shared_ptr<Tenant> tenant = tenant_at(directory);
    const loop::MutexLock lock(tenant->mutex);
    sweep(*tenant);
  }
}

}  // namespace skerry::upload
