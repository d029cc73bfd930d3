// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <boost/asio/thread_pool.hpp>

#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::access {

/// Who called what, and what became of it: a JSON object a line, never code, input, output or keys.
/// A full file becomes `PATH.1`, in the place of the one before.
///
/// `called` only queues; a thread of its own writes. What cannot be written is counted and told
/// with the next line that can be.
class AuditLog final : public tool::CallWatcher {
 public:
  /// The file is made for its owner alone.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& path);
  /// Writes what is queued.
  ~AuditLog() override { thread_.join(); }

  void called(const tool::Caller& caller, std::string_view tool,
              const tool::ToolResult& result) override;

 private:
  explicit AuditLog(std::filesystem::path path) : path_(std::move(path)) {}
  Status reopen();
  void write(const std::string& line);

  static constexpr std::int64_t kMaxFile = std::int64_t{64} << 20;
  std::filesystem::path path_;
  // The thread's.
  OwnedFd file_;
  std::int64_t size_ = 0;
  std::int64_t lost_ = 0;
  boost::asio::thread_pool thread_{1};
};

}  // namespace skerry::access
