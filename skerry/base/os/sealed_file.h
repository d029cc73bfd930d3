// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "skerry/base/status.h"

namespace skerry {

/// A large file of ours that must be what it was when we made it: native code, a template, a
/// runtime's part. Its seal, a small file beside it, holds its SHA-256 and the inode, size,
/// modification and change time it had when it was hashed.
///
/// Checking compares those times, in microseconds; only a file that was touched since (copied,
/// restored, overwritten) is hashed again. What it does not stop: somebody who may write in the
/// directory anyway, or a disk that flips bits at rest (`Depth::kHash` finds those).
class SealedFile {
 public:
  enum class Depth {
    kTimes,  ///< trust unchanged times
    kHash,   ///< always read and hash the whole file
  };

  /// Writes the seal of `path`, whose SHA-256 the caller knows or leaves empty to have it computed.
  static Status seal(const std::filesystem::path& path, std::string sha256 = {});

  /// The file's SHA-256. kNotFound when the file is missing; kDataLoss, naming it, when its seal is
  /// missing or does not fit. A seal whose times are old but whose hash is right is renewed, if the
  /// directory may be written.
  static Result<std::string> check(const std::filesystem::path& path, Depth depth);

  /// Removes the file and its seal, whichever there are.
  static void remove(const std::filesystem::path& path);
};

/// The SHA-256 of a file, 64 hexadecimal digits.
Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace skerry
