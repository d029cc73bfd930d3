// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/module_source.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/formats/base64.h"
#include "skerry/base/os/file.h"
#include "skerry/base/utf8.h"
#include "skerry/loop/on_pool.h"
#include "skerry/wasm/limits.h"
#include "skerry/wasm/preamble.h"

namespace skerry::tool {
namespace {

using boost::asio::awaitable;
namespace fs = std::filesystem;
using Module = ModuleSource::Module;

constexpr std::size_t kMaxPath = 4096;
constexpr ByteSize kMaxModule = wasm::ModuleLimits{}.module_size;

Status too_large(std::uint64_t size) {
  return absl::InvalidArgumentError("WASM module too large: " + std::to_string(size) +
                                    " bytes, limit " + std::to_string(kMaxModule.value) + " bytes");
}

/// Whatever a module is refused for, the caller has to send another.
Result<Module> checked(std::string bytes) {
  if (bytes.size() > kMaxModule.value) return too_large(bytes.size());
  if (const Status status = wasm::check_preamble(as_bytes(bytes)); !status.ok()) {
    return absl::InvalidArgumentError(std::string(message_of(status)));
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

Result<OwnedFd> open_beneath(int directory, const fs::path& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;  // a pipe must not hold us
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  SKERRY_ASSIGN(
      const int fd, syscall_result("openat2", path.native(), [&] {
        return static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
      }));
  return OwnedFd(fd);
}

/// The path on_output from the directory; none when it does not lead there.
std::optional<fs::path> seen_from(const fs::path& directory, const fs::path& path) {
  fs::path within = path.lexically_relative(directory);
  if (within.empty() || *within.begin() == ".." || within == ".") return std::nullopt;
  return within;
}

Result<std::string> read_regular(int fd) {
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", "module", [&] { return ::fstat(fd, &info); }).status());
  if (!S_ISREG(info.st_mode)) return absl::NotFoundError("it is no regular file");
  if (static_cast<std::uint64_t>(info.st_size) > kMaxModule.value) {
    return too_large(static_cast<std::uint64_t>(info.st_size));
  }
  auto bytes = read_all(fd, kMaxModule);
  if (bytes.status().code() == StatusCode::kResourceExhausted)
    return too_large(kMaxModule.value + 1);
  return bytes;
}

}  // namespace

Status ModuleFiles::check() const {
  std::error_code ignored;
  for (const fs::path& each : allowed_paths) {
    if (fs::is_directory(each, ignored)) continue;
    return absl::InvalidArgumentError("\"" + each.native() +
                                      "\" is no directory, so no module can lie there");
  }
  if (interpreter && !fs::is_regular_file(*interpreter, ignored)) {
    return absl::InvalidArgumentError("\"" + interpreter->native() +
                                      "\" is no file, so no interpreter either");
  }
  return ok_status();
}

Result<std::unique_ptr<ModuleSource>> ModuleSource::open(const ModuleFiles& files) {
  SKERRY_TRY(files.check());
  std::vector<Directory> directories;
  for (const fs::path& each : files.allowed_paths) {
    std::error_code error;
    const fs::path path = fs::canonical(each, error);
    if (error) return absl::InvalidArgumentError(each.native() + ": " + error.message());
    SKERRY_ASSIGN(OwnedFd fd, open_file(path, O_PATH | O_DIRECTORY));
    directories.push_back(
        {.as_given = fs::absolute(each).lexically_normal(), .path = path, .fd = std::move(fd)});
  }
  return std::unique_ptr<ModuleSource>(new ModuleSource(std::move(directories), files.interpreter));
}

ModuleSource::~ModuleSource() { pool_.join(); }

Result<OwnedFd> ModuleSource::find(const fs::path& path) const {
  for (const Directory& directory : directories_) {
    auto within = path.is_absolute() ? seen_from(directory.path, path) : std::optional(path);
    if (!within) within = seen_from(directory.as_given, path);
    if (!within) continue;
    if (auto file = open_beneath(directory.fd.get(), *within); file.ok()) return file;
  }
  return absl::NotFoundError("there is no such file in an allowed directory");
}

Result<Module> ModuleSource::read(const std::string& path) const {
  auto bytes = [&]() -> Result<std::string> {
    if (path.find('\0') != path.npos) return absl::NotFoundError("a name has no such character");
    SKERRY_ASSIGN(const OwnedFd file, find(fs::path(path)));
    return read_regular(file.get());
  }();
  if (bytes.ok()) return checked(*std::move(bytes));
  // Of a file that may be read, how large it is may be told.
  if (bytes.status().code() == StatusCode::kInvalidArgument) return bytes.status();
  return absl::InvalidArgumentError(
      "Failed to read wasm module at " + to_utf8(clip(path, kMaxPath)) +
      ": no readable file in a directory that is allowed for modules");
}

awaitable<Result<Module>> ModuleSource::from_base64(const std::string& text,
                                                    std::string parameter) {
  if (base64_size(text) > kMaxModule.value) co_return too_large(base64_size(text));
  const auto decode = [&]() -> Result<Module> {
    auto bytes = decode_base64(text);
    if (bytes.ok()) return checked(*std::move(bytes));
    return absl::InvalidArgumentError("Failed to decode " + parameter + " payload");
  };
  co_return co_await loop::on_pool(pool_, decode);
}

awaitable<Result<Module>> ModuleSource::from_path(const std::string& path) {
  const auto fetch = [&] { return read(path); };
  co_return co_await loop::on_pool(pool_, fetch);
}

awaitable<Result<Module>> ModuleSource::from_text(std::string text) {
  if (text.size() > kMaxModule.value) co_return too_large(text.size());
  co_return std::make_shared<const std::string>(std::move(text));
}

awaitable<Result<Module>> ModuleSource::interpreter() {
  if (!interpreter_) {
    co_return absl::InvalidArgumentError(
        "no interpreter: give 'interpreter_wasm_path' or 'interpreter_wasm_base64', or set "
        "PYTHON_WASI_WASM_PATH for the service");
  }
  const auto fetch = [&]() -> Result<Module> {
    SKERRY_ASSIGN(const OwnedFd file, open_file(*interpreter_, O_RDONLY | O_NONBLOCK));
    SKERRY_ASSIGN(std::string bytes, read_regular(file.get()));
    return checked(std::move(bytes));
  };
  co_return co_await loop::on_pool(pool_, fetch);
}

}  // namespace skerry::tool
