// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/file_path.h"

#include <vector>

#include "skerry/base/utf8.h"

namespace skerry::files {
namespace {

constexpr std::size_t kMaxLength = 4096;  // bytes, as guests' own paths
constexpr std::string_view kWorkspace = "workspace";
constexpr std::string_view kMemory = "memory";

using Parts = std::vector<std::string_view>;

/// The parts but for "." and empty ones.
Parts parts_of(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    text = slash == text.npos ? std::string_view() : text.substr(slash + 1);
  }
  return parts;
}

Status check_text(std::string_view text) {
  if (text.size() > kMaxLength) {
    return absl::InvalidArgumentError("path of " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(kMaxLength));
  }
  if (text.find('\0') != text.npos || !is_utf8(text)) {
    return absl::InvalidArgumentError("a path is UTF-8 without NUL");
  }
  return ok_status();
}

/// "a/b"; "." for no parts.
Result<std::string> joined(const Parts& parts) {
  std::string below;
  for (const std::string_view part : parts) {
    if (part == "..") return absl::PermissionDeniedError("Path traversal not allowed");
    if (!below.empty()) below += '/';
    below += part;
  }
  return below.empty() ? "." : below;
}

}  // namespace

Result<FilePath> FilePath::parse(std::string_view text) {
  SKERRY_TRY(check_text(text));
  Parts parts = parts_of(text);
  Root root = Root::kWorkspace;
  bool is_absolute = text.starts_with('/') || text.starts_with('\\');
  if (!parts.empty() && (parts.front() == kWorkspace || parts.front() == kMemory)) {
    if (parts.front() == kMemory) root = Root::kMemory;
    parts.erase(parts.begin());
    is_absolute = false;
  }
  if (is_absolute) return absl::PermissionDeniedError("Absolute paths not allowed");
  SKERRY_ASSIGN(std::string below, joined(parts));
  return FilePath(root, std::move(below));
}

Result<FilePath> FilePath::parse_below(Root root, std::string_view text) {
  SKERRY_TRY(check_text(text));
  if (text.starts_with('/')) return absl::PermissionDeniedError("Absolute paths not allowed");
  SKERRY_ASSIGN(std::string below, joined(parts_of(text)));
  return FilePath(root, std::move(below));
}

std::string FilePath::shown() const {
  if (root_ == Root::kWorkspace) return below_;
  return is_root() ? std::string(kMemory) : std::string(kMemory) + "/" + below_;
}

std::string FilePath::name() const {
  return is_root() ? std::string() : below_.substr(below_.rfind('/') + 1);
}

FilePath FilePath::child(std::string_view name) const {
  return at(is_root() ? std::string(name) : below_ + "/" + std::string(name));
}

}  // namespace skerry::files
