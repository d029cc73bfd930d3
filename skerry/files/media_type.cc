// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/media_type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace skerry::files {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array kTypes{
    Row{"avif", "image/avif"},
    Row{"bmp", "image/bmp"},
    Row{"bz2", "application/x-bzip2"},
    Row{"c", "text/x-c"},
    Row{"cpp", "text/x-c"},
    Row{"css", "text/css"},
    Row{"csv", "text/csv"},
    Row{"db", "application/vnd.sqlite3"},
    Row{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Row{"gif", "image/gif"},
    Row{"gz", "application/gzip"},
    Row{"h", "text/x-c"},
    Row{"htm", "text/html"},
    Row{"html", "text/html"},
    Row{"ini", "text/plain"},
    Row{"ipynb", "application/x-ipynb+json"},
    Row{"jpeg", "image/jpeg"},
    Row{"jpg", "image/jpeg"},
    Row{"js", "text/javascript"},
    Row{"json", "application/json"},
    Row{"jsonl", "application/jsonl"},
    Row{"log", "text/plain"},
    Row{"md", "text/markdown"},
    Row{"mp3", "audio/mpeg"},
    Row{"mp4", "video/mp4"},
    Row{"pdf", "application/pdf"},
    Row{"png", "image/png"},
    Row{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Row{"py", "text/x-python"},
    Row{"sql", "application/sql"},
    Row{"sqlite", "application/vnd.sqlite3"},
    Row{"svg", "image/svg+xml"},
    Row{"tar", "application/x-tar"},
    Row{"tex", "text/x-tex"},
    Row{"tif", "image/tiff"},
    Row{"tiff", "image/tiff"},
    Row{"toml", "application/toml"},
    Row{"tsv", "text/tab-separated-values"},
    Row{"txt", "text/plain"},
    Row{"wasm", "application/wasm"},
    Row{"wav", "audio/wav"},
    Row{"webp", "image/webp"},
    Row{"xls", "application/vnd.ms-excel"},
    Row{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Row{"xml", "application/xml"},
    Row{"xz", "application/x-xz"},
    Row{"yaml", "application/yaml"},
    Row{"yml", "application/yaml"},
    Row{"zip", "application/zip"},
    Row{"zst", "application/zstd"},
};
static_assert(std::is_sorted(kTypes.begin(), kTypes.end()));

constexpr std::size_t kMaxEnding = 8;

}  // namespace

std::string_view media_type_of(std::string_view name) {
  constexpr std::string_view kUnknown = "application/octet-stream";
  name.remove_prefix(name.rfind('/') == name.npos ? 0 : name.rfind('/') + 1);
  const auto dot = name.rfind('.');
  if (dot == name.npos || dot == 0 || name.size() - dot > kMaxEnding) return kUnknown;
  std::string ending(name.substr(dot + 1));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* const found = std::lower_bound(
      kTypes.begin(), kTypes.end(), ending,
      [](const Row& row, const std::string& wanted) { return row.first < wanted; });
  return found != kTypes.end() && found->first == ending ? found->second : kUnknown;
}

}  // namespace skerry::files
