// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/text_pattern.h"
#include "skerry/files/tree.h"

namespace skerry::files {

/// A search for lines of text in all files of a directory. Letters' case does not count. Untrusted.
struct Search {
  static constexpr std::size_t kMaxLines = 1000;

  std::string query = {};  ///< 1 to 200 characters
  std::string path = ".";  ///< a directory, or a file
  std::size_t most = 100;  ///< lines found; 1 to `kMaxLines`
  TextPattern::Syntax syntax = TextPattern::Syntax::kLiteral;
  std::string include = {};  ///< a pattern of names; empty: all
  std::size_t context = 0;   ///< lines before and behind; 0 to 5

  /// kInvalidArgument naming what is out of its bounds.
  Status check() const;
};

struct FoundLine {
  struct Neighbour {
    std::size_t line = 0;
    std::string content;
  };
  std::string file;      ///< from the root on
  std::size_t line = 0;  ///< from 1 on
  std::string content;   ///< UTF-8, 2,000 bytes at most
  std::vector<Neighbour> context = {};
};

struct Found {
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;  ///< of all that lines hold

  std::vector<FoundLine> lines = {};
  std::size_t files = 0;  ///< that were read
  bool was_cut = false;   ///< there may be more: lines, or files that were not read
};

/// Searches, by path in order. Left out: what is hidden or named as binary files are, files with
/// NUL bytes, files over 500 KiB, and all files after the first 1,000. kInvalidArgument as `check`,
/// for an expression that is none and for a pattern that is too long; else fails as the tree and
/// the deadline do.
Result<Found> search_files(const Tree& tree, const Search& search, Deadline& deadline);

}  // namespace skerry::files
