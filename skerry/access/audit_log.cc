// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/audit_log.h"

#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/file.h"
#include "skerry/tool/json_text.h"

namespace skerry::access {
namespace {

// Names come from callers.
constexpr std::size_t kLongestName = 128;

std::string_view name_of(tool::Verdict verdict) {
  switch (verdict) {
    case tool::Verdict::kOk:
      return "ok";
    case tool::Verdict::kFailed:
      return "failed";
    case tool::Verdict::kTimeout:
      return "timeout";
    case tool::Verdict::kCancelled:
      return "cancelled";
    case tool::Verdict::kInvalid:
      return "invalid";
    case tool::Verdict::kUnknownTool:
      return "unknown_tool";
    case tool::Verdict::kForbidden:
      return "forbidden";
    case tool::Verdict::kBusy:
      return "busy";
    case tool::Verdict::kBroken:
      return "broken";
  }
  return "broken";
}

std::string now_text() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::filesystem::path& path) {
  SKERRY_TRY(make_private_directory(path.parent_path()));
  auto log = std::unique_ptr<AuditLog>(new AuditLog(path));
  SKERRY_TRY(log->reopen());
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

void AuditLog::called(const tool::Caller& caller, std::string_view tool,
                      const tool::ToolResult& result) {
  nlohmann::ordered_json told{
      {"time", now_text()},
      {"tenant", caller.tenant},
      {"key", caller.key},
      {"user", clip(caller.user, kLongestName)},
      {"request", caller.request},
      {"tool", clip(tool, kLongestName)},
      {"session", clip(caller.session, kLongestName)},
      {"outcome", name_of(result.verdict)},
      {"took_ms", std::chrono::duration<double, std::milli>(result.took).count()}};
  boost::asio::post(thread_, [this, line = tool::text_of(told) + "\n"] { write(line); });
}

void AuditLog::write(const std::string& line) {
  if (size_ + static_cast<std::int64_t>(line.size()) > kMaxFile) {
    std::error_code ignored;
    std::filesystem::rename(path_, path_.native() + ".1", ignored);
    (void)reopen();
  }
  if (lost_ > 0) {
    const std::string told = fmt::format("{{\"time\":\"{}\",\"lost\":{}}}\n", now_text(), lost_);
    if (write_all(file_.get(), as_bytes(told)).ok()) lost_ = 0;
  }
  if (write_all(file_.get(), as_bytes(line)).ok()) {
    size_ += static_cast<std::int64_t>(line.size());
  } else {
    ++lost_;
  }
}

}  // namespace skerry::access
