// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/search.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "skerry/base/bytes.h"
#include "skerry/base/utf8.h"
#include "skerry/files/lines.h"

namespace skerry::files {
namespace {

constexpr std::size_t kLongestQuery = 200;  // characters
constexpr std::size_t kMostLines = 1000;
constexpr std::size_t kMostContext = 5;
constexpr std::size_t kMostFiles = 1000;
constexpr std::uint64_t kLargestFile = 500 << 10;  // bytes
constexpr std::size_t kLongestLine = 2000;         // bytes that are told of one

constexpr std::array<std::string_view, 44> kBinary = {
    "7z",     "a",   "avi", "bin",  "bmp",    "bz2",  "class", "db",    "dll",  "doc",  "docx",
    "exe",    "gif", "gz",  "ico",  "jar",    "jpeg", "jpg",   "mov",   "mp3",  "mp4",  "npy",
    "npz",    "o",   "otf", "pdf",  "pickle", "pkl",  "png",   "ppt",   "pptx", "pyc",  "so",
    "sqlite", "tar", "ttf", "wasm", "wav",    "webp", "woff",  "woff2", "xls",  "xlsx", "zip"};

bool is_named_binary(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return false;
  std::string extension(name.substr(dot + 1));
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kBinary.begin(), kBinary.end(), extension) != kBinary.end();
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string told(std::string_view line) { return to_utf8(clip(line, kLongestLine)); }

/// Adds what is found in one file; false when there is room for no more.
Result<bool> search_file(const std::string& content, const std::string& path,
                         const TextPattern& pattern, const Search& search, Watch& watch,
                         Found& found) {
  std::vector<std::string_view> lines;
  Lines reader(content);
  while (const auto line = reader.next()) lines.push_back(*line);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SKERRY_TRY(watch.check());
    if (!pattern.is_in(lines[i])) continue;
    if (found.lines.size() == search.most) return false;
    FoundLine line{.file = path, .line = i + 1, .content = told(lines[i])};
    const std::size_t first = i - std::min(i, search.context);
    const std::size_t last = std::min(lines.size() - 1, i + search.context);
    for (std::size_t near = first; near <= last; ++near) {
      if (near != i) line.context.push_back({near + 1, told(lines[near])});
    }
    found.lines.push_back(std::move(line));
  }
  return true;
}

bool is_wanted(const Entry& entry, const Search& search) {
  return entry.is_file() && !entry.is_hidden() && !is_named_binary(entry.name) &&
         entry.size <= kLargestFile &&
         (search.include.empty() || glob_matches(search.include, entry.name));
}

}  // namespace

Status Search::check() const {
  if (const std::size_t length = characters_of(query); length < 1 || length > kLongestQuery) {
    return absl::InvalidArgumentError("query of " + std::to_string(length) +
                                      " characters, expected 1 to 200");
  }
  if (most < 1 || most > kMostLines) {
    return absl::InvalidArgumentError("max_results " + std::to_string(most) +
                                      ", expected 1 to 1000");
  }
  if (context > kMostContext) {
    return absl::InvalidArgumentError("context_lines " + std::to_string(context) +
                                      ", expected 0 to 5");
  }
  return ok_status();
}

Result<Found> search_files(const Tree& tree, const Search& search, Watch& watch) {
  SKERRY_TRY(search.check());
  SKERRY_ASSIGN(const TextPattern pattern,
                TextPattern::compile(search.query,
                                     {.syntax = search.syntax, .letters = LetterCase::kIgnored}));
  SKERRY_ASSIGN(const Entry start, tree.find(search.path));
  Found found;
  Status failure;
  const auto look = [&](const Entry& entry) {
    if (entry.is_hidden()) return Tree::Step::kNotInto;
    if (!is_wanted(entry, search)) return Tree::Step::kOn;
    if (found.files == kMostFiles) {
      found.was_cut = true;
      return Tree::Step::kStop;
    }
    failure = watch.check_now();
    if (!failure.ok()) return Tree::Step::kStop;
    const std::string content = tree.content_of(entry);
    if (content.find('\0') != content.npos) return Tree::Step::kOn;
    ++found.files;
    const auto has_room = search_file(content, entry.below, pattern, search, watch, found);
    failure = has_room.status();
    if (has_room.ok() && *has_room) return Tree::Step::kOn;
    found.was_cut = true;
    return Tree::Step::kStop;
  };
  if (start.is_directory()) {
    SKERRY_TRY(tree.walk(search.path, look));
  } else {
    (void)look(start);
  }
  SKERRY_TRY(failure);
  return found;
}

}  // namespace skerry::files
