// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::access {

/// Who called what, and what became of it: a JSON object a line, never code, input, output or keys.
/// A full file becomes `PATH.1`, in the place of the one before.
///
/// `called` only queues; a thread of its own writes, a few times a second at most. What cannot be
/// written is counted and told with the next line that can be.
class AuditLog final : public tool::CallWatcher {
 public:
  /// Whether lines go to standard error, too, for those who gather logs there.
  enum class Copies { kNone, kStandardError };

  /// Hears, on the writing thread, that lines cannot be written any more.
  using Complain = std::function<void(const std::string& line)>;

  /// The file is made for its owner alone.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& path,
                                                Copies copies = Copies::kNone,
                                                Complain complain = {});
  /// Writes what is queued.
  ~AuditLog() override;

  void called(const tool::Caller& caller, std::string_view tool,
              const tool::ToolResult& result) override;

 private:
  AuditLog(std::filesystem::path path, Copies copies, Complain complain)
      : path_(std::move(path)),
        copies_(copies == Copies::kStandardError),
        complain_(std::move(complain)) {}
  Status reopen();
  void work();
  void write(const std::string& lines);

  static constexpr std::int64_t kMaxFile = std::int64_t{64} << 20;
  std::filesystem::path path_;
  bool copies_;
  Complain complain_;
  // The thread's.
  OwnedFd file_;
  std::int64_t size_ = 0;
  std::int64_t lost_ = 0;
  // Of both.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace skerry::access
