// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/audit_log.h"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "skerry/access/log_line.h"
#include "skerry/base/bytes.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"

namespace skerry::access {
namespace {

// How long a line may wait for others, so that they are written together.
constexpr std::chrono::milliseconds kGathering{20};

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::filesystem::path& path, Copies copies,
                                                 LogError log_error) {
  SKERRY_TRY(make_private_directory(path.parent_path()));
  auto log = std::unique_ptr<AuditLog>(new AuditLog(path, copies, std::move(log_error)));
  SKERRY_TRY(log->reopen());
  log->thread_ = std::thread([self = log.get()] { self->work(); });
  return log;
}

Status AuditLog::reopen() {
  SKERRY_ASSIGN(file_, open_file(path_, O_WRONLY | O_APPEND | O_CREAT, 0600));
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", path_.native(), [&] {
               return ::fstat(file_.get(), &info);
             }).status());
  size_ = info.st_size;
  return ok_status();
}

AuditLog::~AuditLog() {
  {
    const loop::MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void AuditLog::record(const Principal& principal, const AuditEvent& event) {
  const std::string line = dump_json(audit_line(principal, event)) + "\n";
  bool is_first = false;
  {
    const loop::MutexLock lock(mutex_);
    if (waiting_.size() + line.size() > kMaxWaiting) {
      ++refused_;
      return;
    }
    is_first = waiting_.empty();
    waiting_ += line;
  }
  if (is_first) changed_.notify_one();
}

void AuditLog::work() {
  loop::MutexLock lock(mutex_);
  for (;;) {
    while (!is_ending_ && waiting_.empty()) lock.wait(changed_);
    if (waiting_.empty()) return;
    const auto gathered = std::chrono::steady_clock::now() + kGathering;
    while (!is_ending_ && lock.wait_until(changed_, gathered) == std::cv_status::no_timeout) {
    }
    const std::string lines = std::exchange(waiting_, {});
    const std::int64_t refused = std::exchange(refused_, 0);
    lock.unlock();
    write(lines, refused);
    lock.lock();
  }
}

void AuditLog::write(const std::string& lines, std::int64_t refused) {
  if (copies_) (void)write_all(STDERR_FILENO, as_bytes(lines));
  if (size_ + static_cast<std::int64_t>(lines.size()) > kMaxFile) {
    std::error_code ignored;
    std::filesystem::rename(path_, path_.native() + ".1", ignored);
    (void)reopen();
  }
  const bool has_lost_any = lost_ > 0;
  std::string all = lines;
  if (lost_ > 0) {
    // What could not be written may have left half a line.
    all.insert(0, fmt::format("\n{{\"time\":\"{}\",\"lost\":{}}}\n", log_time(), lost_));
  }
  const Status written = write_all(file_.get(), as_bytes(all));
  if (written.ok()) {
    size_ += static_cast<std::int64_t>(all.size());
    lost_ = 0;
  } else {
    lost_ += std::count(lines.begin(), lines.end(), '\n');
  }
  lost_ += refused;
  if (lost_ > 0 && !has_lost_any && log_error_) {
    log_error_("calls are not in the audit log: " +
               (written.ok() ? std::string("they come faster than it is written")
                             : std::string(message_of(written))));
  }
}

}  // namespace skerry::access
