// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/tree.h"

namespace skerry::files {

/// A file, or all that lies below a directory, as a tar archive: POSIX.1-2001 (pax), which every
/// tar reads. Names are below the directory's; links stay links, permissions are 0644 and 0755,
/// owners are nobody's. kFailedPrecondition when the archive would have more than `most` bytes;
/// else fails as the tree does.
Result<std::string> pack(const Tree& tree, const std::string& path, ByteSize most,
                         Deadline& deadline);

/// Makes what is in a tar archive, of pax, GNU or ustar form, below the directory `path`: made, if
/// it is not there. Files that are there already are replaced. Returns bytes of all files. Nobody
/// vouches for the archive: a part of it costs what its bytes do, but a hard link, which is a copy.
///
/// kInvalidArgument, naming the entry, for what is no archive or ends early, for names that are
/// absolute or lead up, and for entries other than files, directories and links; else fails as the
/// tree does, and with what was made until then.
Result<std::uint64_t> unpack(Tree& tree, const std::string& path, std::string_view archive,
                             Deadline& deadline);

}  // namespace skerry::files
