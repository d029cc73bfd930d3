// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "skerry/base/status.h"
#include "skerry/files/file_path.h"
#include "skerry/store/session_name.h"

// The names of resources:
//   skerry://sessions/{session}/log
//   skerry://sessions/{session}/files/{+path}
//   skerry://images/{id}
// As RFC 3986 has it: bytes that no path may have are written as "%41".

namespace skerry::mcp {

/// A session's history.
struct LogResource {
  store::SessionName session;
};
/// A file of a session, below its workspace.
struct FileResource {
  store::SessionName session;
  files::FilePath path;
};
/// An image that a run showed.
struct ImageResource {
  std::string id;
};
using Resource = std::variant<LogResource, FileResource, ImageResource>;

inline constexpr const char* kLogTemplate = "skerry://sessions/{session}/log";
inline constexpr const char* kFileTemplate = "skerry://sessions/{session}/files/{+path}";
inline constexpr const char* kImageTemplate = "skerry://images/{id}";

/// The resource that an untrusted URI names, which need not be there. kNotFound for a URI that is
/// none of these; kInvalidArgument for one of these with a name, a path or an escape that cannot
/// be.
Result<Resource> resource_at(std::string_view uri);

/// Its URI: `resource_at` of that is the same resource.
std::string uri_of(const Resource& resource);

}  // namespace skerry::mcp
