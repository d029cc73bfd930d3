// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/image/linear_memory.h"

namespace skerry::image {

/// A mutable global of a module, by the name it is exported under.
struct Global {
  std::string name;
  std::uint64_t bits = 0;
  bool operator==(const Global&) const = default;
};

/// Whether two lists name the same globals in the same order.
bool have_same_names(const std::vector<Global>& one, const std::vector<Global>& other);

/// All of an image but its pages.
struct Manifest {
  std::string module_sha256;  ///< of the hollow module whose instances may run on it
  std::string template_name;
  std::vector<Global> globals;
  std::string host_state;  ///< as `wasi::encode` made it; checked by `wasi::decode`
  std::map<std::string, std::string> facts;  ///< of the runtime
  std::int64_t created_unix_ns = 0;
};

/// All of it but its host state, which holds a session's files and may be large.
Manifest without_host_state(const Manifest& manifest);

/// An immutable snapshot of a sandbox between runs: shared by all that start from it. Const calls
/// may run concurrently.
struct Image {
  Manifest manifest;
  /// Of a base image: the SHA-256 of its manifest, which holds its pages' hash; and its file. A
  /// revision has those of its template.
  std::string sha256;
  std::shared_ptr<const PageFile> base;
  std::shared_ptr<const Image> template_image;  ///< that a revision rests on; a template has none
  std::shared_ptr<const ImagePages> pages;
};

/// Writes an image with these pages to `path`, whole or not at all. Zero pages become holes.
Status write_image(const std::filesystem::path& path, const Manifest& manifest,
                   std::span<const std::byte> pages);

/// Maps the image at `path`; every field is checked as untrusted, the pages' hash is not (that is
/// `verify_pages`, and the seal's job for files of ours). kDataLoss when it is damaged,
/// kUnimplemented for another format version.
Result<std::shared_ptr<const Image>> open_image(const std::filesystem::path& path);

/// The same for a file that is open; `path` is what messages call it.
Result<std::shared_ptr<const Image>> read_image(OwnedFd file, const std::filesystem::path& path);

/// Reads and hashes all pages. kDataLoss when they are not what the manifest says.
Status verify_pages(const std::filesystem::path& path);

}  // namespace skerry::image
