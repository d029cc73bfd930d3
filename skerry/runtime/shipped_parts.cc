// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/shipped_parts.h"

#include <cstddef>
#include <fcntl.h>
#include <span>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/sha256.h"

namespace skerry::runtime {
namespace {

/// Writes all that is left in `from` to `to`, and returns its SHA-256.
Result<std::string> copy_hashed(int from, int to) {
  std::vector<std::byte> piece(1U << 20);
  Sha256 hash;
  while (true) {
    SKERRY_ASSIGN(const auto size, syscall_result("read", {}, [&] {
                    return ::read(from, piece.data(), piece.size());
                  }));
    if (size == 0) return hash.hex();
    const std::span<const std::byte> bytes(piece.data(), static_cast<std::size_t>(size));
    hash.update(bytes);
    SKERRY_TRY(write_all(to, bytes));
  }
}

}  // namespace

ShippedParts ShippedParts::of_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  return ShippedParts(self.parent_path().parent_path() / "share" / "skerry" / "runtimes");
}

bool ShippedParts::has(std::string_view runtime, const Part& part) const {
  std::error_code error;
  return !directory_.empty() && std::filesystem::is_regular_file(of(runtime) / part.name, error);
}

Status ShippedParts::copy(std::string_view runtime, const Part& part,
                          const std::filesystem::path& to) const {
  const auto from = of(runtime) / part.name;
  SKERRY_ASSIGN(const OwnedFd source, open_file(from, O_RDONLY));
  SKERRY_ASSIGN(AtomicFile target, AtomicFile::create(to / part.name));
  SKERRY_ASSIGN(const std::string sha256, copy_hashed(source.get(), target.fd()));
  if (sha256 != part.sha256) {
    return absl::DataLossError(from.native() + " is corrupt (SHA-256 " + sha256 + ", expected " +
                               part.sha256 + "): install the package of Skerry again");
  }
  SKERRY_TRY(target.commit());
  return SealedFile::seal(to / part.name, sha256);
}

}  // namespace skerry::runtime
