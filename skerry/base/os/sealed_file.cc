// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/sealed_file.h"

#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>

#include <fmt/format.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/sha256.h"

namespace skerry {
namespace {

std::filesystem::path seal_of(const std::filesystem::path& path) { return path.native() + ".seal"; }

/// What changes whenever somebody writes to the file through the file system.
Result<std::string> fingerprint(const std::filesystem::path& path) {
  struct stat info{};
  SKERRY_TRY(
      syscall_result("stat", path.native(), [&] { return ::stat(path.c_str(), &info); }).status());
  return fmt::format("{} {} {}.{} {}.{}", info.st_size, info.st_ino, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

Status write_seal(const std::filesystem::path& path, const std::string& sha256) {
  SKERRY_ASSIGN(const std::string print, fingerprint(path));
  return write_file(seal_of(path), as_bytes("skerry-seal 1\n" + sha256 + "\n" + print + "\n"));
}

}  // namespace

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_RDONLY));
  SKERRY_ASSIGN(const ReadOnlyMapping mapping, ReadOnlyMapping::of_file(file.get()));
  return sha256_hex(mapping.bytes());
}

Status SealedFile::seal(const std::filesystem::path& path, std::string sha256) {
  if (sha256.empty()) {
    SKERRY_ASSIGN(sha256, sha256_of_file(path));
  }
  return write_seal(path, sha256);
}

Result<std::string> SealedFile::check(const std::filesystem::path& path, Depth depth) {
  SKERRY_ASSIGN(const std::string now, fingerprint(path));
  const auto text = read_file(seal_of(path), kib(4));
  if (!text.ok()) return absl::DataLossError(path.native() + " has no seal: it was not finished");
  std::istringstream lines(*text);
  std::string magic;
  std::string sha256;
  std::string then;
  std::getline(lines, magic);
  std::getline(lines, sha256);
  std::getline(lines, then);
  if (magic != "skerry-seal 1" || sha256.size() != 64) {
    return absl::DataLossError(path.native() + ".seal is corrupt");
  }
  if (then == now && depth == Depth::kTimes) return sha256;
  SKERRY_ASSIGN(const std::string actual, sha256_of_file(path));
  if (actual != sha256) {
    return absl::DataLossError(path.native() + " is corrupt: its SHA-256 is " + actual +
                               ", expected " + sha256);
  }
  if (then != now)
    (void)write_seal(path, sha256);  // a read-only home is no failure: the next check hashes again
  return sha256;
}

void SealedFile::remove(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove(seal_of(path), ignored);
  std::filesystem::remove(path, ignored);
}

}  // namespace skerry
