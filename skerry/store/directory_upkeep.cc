// SPDX-License-Identifier: Apache-2.0
// What keeps a SessionStore whole and small: checking, collecting garbage, compressing.
#include <algorithm>
#include <fcntl.h>
#include <set>

#include "skerry/base/sha256.h"
#include "skerry/store/directory_store.h"
#include "skerry/store/store_locks.h"

namespace skerry::store {

Result<DirectoryStore::Check> DirectoryStore::check(const std::function<void(double)>& progress) {
  SKERRY_ASSIGN(const auto files, tables_.needed_files());
  SKERRY_ASSIGN(const auto patches, tables_.patches());
  Check check;
  const auto note = [&](std::string_view id, const Status& status) {
    if (!status.ok()) {
      const auto users = tables_.users_of(id);
      check.damaged.push_back(std::string(message_of(status)) + "; in use by " +
                              users.value_or("a session"));
    }
    ++check.revisions;
    progress(static_cast<double>(check.revisions) /
             static_cast<double>(files.size() + patches.size()));
  };
  for (const std::string& file : files) note(file, files_.verify(file));
  for (const std::string& id : patches) {
    SKERRY_ASSIGN(const auto content, tables_.patch(id));
    if (content) note(id, files_.verify_patch(id, *content));  // else removed meanwhile
  }
  SKERRY_ASSIGN(const auto lines, tables_.damage());
  for (const std::string& line : lines) check.damaged.push_back("sessions.db: " + line);
  return check;
}

Result<DirectoryStore::Collected> DirectoryStore::collect_garbage() {
  SKERRY_ASSIGN(const FileLock writing, FileLock::acquire(writing_lock(directory_)));
  files_.remove_stale();
  if (FileLock::try_acquire(backup_lock(directory_)).ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(backup_scratch(directory_), ignored);
  }
  SKERRY_ASSIGN(const auto files, tables_.needed_files());
  const std::set<std::string> needed(files.begin(), files.end());
  std::set<std::string> templates;
  Collected collected;
  for (const std::string& id : files_.list()) {
    if (needed.contains(id)) continue;
    SKERRY_ASSIGN(const std::int64_t size, files_.size_of(id));
    SKERRY_TRY(files_.remove(id));
    ++collected.files;
    collected.bytes += size;
  }
  const auto kept_templates = files_.list_templates();
  for (const std::string& id : needed) {
    if (templates.size() == kept_templates.size()) break;
    const auto base = files_.template_of(id);
    // A damaged file may rest on any: then all stay.
    if (!base.ok()) return collected;
    templates.insert(*base);
  }
  for (const std::string& sha256 : kept_templates) {
    if (templates.contains(sha256)) continue;
    SKERRY_TRY(files_.remove_template(sha256));
    ++collected.files;
  }
  return collected;
}

Result<DirectoryStore::Collected> DirectoryStore::compress_cold(
    const std::function<bool(double)>& progress) {
  const std::int64_t before = unix_ns_before(policy_.cold);
  SKERRY_ASSIGN(auto files, tables_.files_unused_since(before));
  const auto uncompressed = files_.list_uncompressed();
  std::erase_if(files, [&](const std::string& file) {
    return !std::binary_search(uncompressed.begin(), uncompressed.end(), file);
  });
  Collected collected;
  double done = 0;
  for (const std::string& file : files) {
    SKERRY_ASSIGN(const std::int64_t freed, files_.compress(file, before));
    if (freed != 0) ++collected.files;
    collected.bytes += freed;
    if (!progress(++done / static_cast<double>(files.size()))) break;
  }
  return collected;
}

Status DirectoryStore::keep_small() {
  const auto mark = directory_ / "locks" / (sha256_hex(as_bytes(tenant_)) + ".kept-small");
  const auto now = std::filesystem::file_time_type::clock::now();
  std::error_code error;
  const auto last = std::filesystem::last_write_time(mark, error);
  if (!error && last <= now && now - last < policy_.cold / 4) return ok_status();
  SKERRY_TRY(open_file(mark, O_WRONLY | O_CREAT).status());
  std::filesystem::last_write_time(mark, now, error);
  SKERRY_TRY(expire());
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  return compress_cold([&](double) { return std::chrono::steady_clock::now() < end; }).status();
}

}  // namespace skerry::store
