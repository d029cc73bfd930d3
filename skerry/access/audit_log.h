// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <absl/base/thread_annotations.h>

#include "skerry/access/log_line.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/loop/mutex.h"

namespace skerry::access {

/// The log of everything that was done on somebody's behalf: one JSON object a line, never code,
/// input, output or keys. A full file replaces `PATH.1`.
///
/// Thread-safe. `record` only queues; a thread of its own writes a few times a second. Lines that
/// it cannot write are counted, and so are lines that come while `kMaxWaiting` of them wait for a
/// slow disk: the next line that it can write says how many were lost.
class AuditLog {
 public:
  /// Whether lines go to standard error, too, for services whose logs are collected there.
  enum class Copies { kNone, kStandardError };

  /// Called on the writing thread, once each time that lines begin to be lost.
  using LogError = std::function<void(const std::string& line)>;

  /// The file is made for its owner alone.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& path,
                                                Copies copies = Copies::kNone,
                                                LogError log_error = {});
  /// Writes what is queued.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void record(const Principal& principal, const AuditEvent& event);

 private:
  AuditLog(std::filesystem::path path, Copies copies, LogError log_error)
      : path_(std::move(path)),
        copies_(copies == Copies::kStandardError),
        log_error_(std::move(log_error)) {}
  Status reopen();
  void work();
  void write(const std::string& lines, std::int64_t refused);

  static constexpr std::size_t kMaxWaiting = std::size_t{8} << 20;
  static constexpr std::int64_t kMaxFile = std::int64_t{64} << 20;
  std::filesystem::path path_;
  bool copies_;
  LogError log_error_;
  // The thread's.
  OwnedFd file_;
  std::int64_t size_ = 0;
  std::int64_t lost_ = 0;
  // Of both.
  loop::Mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  std::int64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace skerry::access
