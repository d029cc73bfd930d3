// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deletion.h"
#include "skerry/files/file_path.h"
#include "skerry/files/listing.h"
#include "skerry/files/search.h"
#include "skerry/files/text_edit.h"
#include "skerry/files/tree.h"
#include "skerry/operation/command.h"

// What clients ask of the files of a session and of its user's memory, and what is answered.
namespace skerry::operation {

/// How a file's content is written where only text may stand.
enum class Encoding {
  kText,    ///< as it is, for content that is UTF-8
  kBase64,  ///< RFC 4648, with its padding
  kBytes,   ///< as it is, whatever it is
  /// As a tar archive (`files::pack`): of a directory, all that is in it.
  kArchive,
};

struct ReadFile {
  files::FilePath path;
  ByteSize most = {};  ///< a larger file is not read
  Encoding encoding = Encoding::kText;
};

struct WriteFile {
  files::FilePath path;
  std::string content = {};
  Encoding encoding = Encoding::kText;
  files::Tree::Writing how = files::Tree::Writing::kReplace;
  bool makes_directories = false;  ///< those on the way
};

struct ListFiles {
  files::FilePath path;
  files::ListingOrder order = {};
};

struct RunCommand {
  Command command;
};

struct SearchFiles {
  files::FilePath path;
  files::Search search = {};  ///< but for its path
};

struct EditFile {
  files::FilePath path;
  std::string old_text = {};
  std::string new_text = {};
  files::TextEdit::Which which = files::TextEdit::Which::kFirst;
  ByteSize most = {};  ///< of the file, before and afterwards
};

struct DeleteFiles {
  files::FilePath path;
  std::string pattern = {};
  files::Depth depth = files::Depth::kOne;
};

/// As rename(2) does, and makes the directories on the way.
struct MoveFile {
  files::FilePath path;
  files::FilePath to;  ///< of the same root
};

using Request = std::variant<ReadFile, WriteFile, ListFiles, RunCommand, SearchFiles, EditFile,
                             DeleteFiles, MoveFile>;

/// Whether it may change files.
bool is_change(const Request& request);
/// The roots that it may touch.
Roots roots_of(const Request& request);
/// As a list of a session's revisions names it: "FileWrite in.txt".
std::string title_of(const Request& request);

struct Content {
  std::string text;        ///< in the encoding that was asked for: UTF-8, but for kBytes, kArchive
  std::uint64_t size = 0;  ///< of the file, or the archive
};

struct Written {
  std::uint64_t size = 0;  ///< bytes of content, decoded; of an archive, of its files
};

struct Edited {
  std::size_t replacements = 0;
  std::string snippet;     ///< UTF-8
  std::uint64_t size = 0;  ///< of the file afterwards
};

using Response = std::variant<Content, Written, files::Listed, CommandOutput, files::Found, Edited,
                              files::Deleted>;

}  // namespace skerry::operation
