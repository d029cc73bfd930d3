// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/search.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "skerry/base/bytes.h"
#include "skerry/base/utf8.h"
#include "skerry/files/lines.h"

namespace skerry::files {
namespace {

constexpr std::size_t kMaxQuery = 200;  // characters
constexpr std::size_t kMaxContext = 5;
constexpr std::size_t kMaxFiles = 1000;
constexpr std::uint64_t kMaxFile = 500 << 10;  // bytes
constexpr std::size_t kMaxLine = 2000;         // bytes that are told of one

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

std::size_t size_of(const FoundLine& line) {
  std::size_t size = line.file.size() + line.content.size();
  for (const FoundLine::Neighbour& near : line.context) size += near.content.size();
  return size;
}

std::string told(std::string_view line) { return to_utf8(clip(line, kMaxLine)); }

/// One search while it goes from file to file. Borrows all it is given.
class FileSearch {
 public:
  FileSearch(const Tree& tree, const Search& search, const TextPattern& pattern,
             const Glob& include, Deadline& deadline)
      : tree_(tree), search_(search), pattern_(pattern), include_(include), deadline_(deadline) {}

  Result<Tree::Step> visit(const Entry& entry) {
    if (entry.is_hidden()) return Tree::Step::kNotInto;
    SKERRY_TRY(deadline_.check(include_.cost(entry.name.size())));
    if (!is_wanted(entry)) return Tree::Step::kOn;
    if (found_.files == kMaxFiles) {
      found_.was_cut = true;
      return Tree::Step::kStop;
    }
    SKERRY_TRY(deadline_.check(entry.size));
    content_.resize(entry.size);
    content_.resize(tree_.read_at(entry, 0, std::as_writable_bytes(std::span(content_))));
    if (content_.find('\0') != content_.npos) return Tree::Step::kOn;
    ++found_.files;
    SKERRY_ASSIGN(const bool has_room, search_content(entry.below));
    if (has_room) return Tree::Step::kOn;
    found_.was_cut = true;
    return Tree::Step::kStop;
  }

  Found take() { return std::move(found_); }

 private:
  bool is_wanted(const Entry& entry) const {
    return entry.is_file() && !is_named_binary(entry.name) && entry.size <= kMaxFile &&
           (search_.include.empty() || include_.matches(entry.name));
  }

  /// Adds what is found in one file; false when there is room for no more.
  Result<bool> search_content(const std::string& path) {
    std::vector<std::string_view> lines;
    Lines reader(content_);
    while (const auto line = reader.next()) lines.push_back(*line);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      SKERRY_ASSIGN(const bool is_found, pattern_.is_in(lines[i], deadline_));
      if (!is_found) continue;
      if (found_.lines.size() == search_.most) return false;
      FoundLine line{.file = path, .line = i + 1, .content = told(lines[i])};
      const std::size_t first = i - std::min(i, search_.context);
      const std::size_t last = std::min(lines.size() - 1, i + search_.context);
      for (std::size_t near = first; near <= last; ++near) {
        if (near != i) line.context.push_back({near + 1, told(lines[near])});
      }
      bytes_ += size_of(line);
      if (bytes_ > Found::kMaxBytes) return false;
      found_.lines.push_back(std::move(line));
    }
    return true;
  }

  const Tree& tree_;
  const Search& search_;
  const TextPattern& pattern_;
  const Glob& include_;
  Deadline& deadline_;
  std::string content_;  // of the file it is at
  std::size_t bytes_ = 0;
  Found found_;
};

}  // namespace

Status Search::check() const {
  if (const std::size_t length = characters_of(query); length < 1 || length > kMaxQuery) {
    return absl::InvalidArgumentError("query of " + std::to_string(length) +
                                      " characters, expected 1 to 200");
  }
  if (most < 1 || most > kMaxLines) {
    return absl::InvalidArgumentError("max_results " + std::to_string(most) +
                                      ", expected 1 to 1000");
  }
  if (context > kMaxContext) {
    return absl::InvalidArgumentError("context_lines " + std::to_string(context) +
                                      ", expected 0 to 5");
  }
  return ok_status();
}

Result<Found> search_files(const Tree& tree, const Search& search, Deadline& deadline) {
  SKERRY_TRY(search.check());
  SKERRY_ASSIGN(const TextPattern pattern,
                TextPattern::compile(search.query,
                                     {.syntax = search.syntax, .letters = LetterCase::kIgnored}));
  SKERRY_ASSIGN(const Glob include, Glob::parse(search.include));
  SKERRY_ASSIGN(const Entry start, tree.find(search.path));
  FileSearch files(tree, search, pattern, include, deadline);
  if (start.is_directory()) {
    SKERRY_TRY(
        tree.walk(search.path, deadline, [&](const Entry& entry) { return files.visit(entry); }));
  } else {
    SKERRY_TRY(files.visit(start).status());
  }
  return files.take();
}

}  // namespace skerry::files
