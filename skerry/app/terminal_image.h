// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "skerry/base/status.h"

namespace skerry::app {

/// How a terminal is told to show an image.
enum class ImageProtocol {
  kKitty,  ///< https://sw.kovidgoyal.net/kitty/graphics-protocol/
  kITerm,  ///< https://iterm2.com/documentation-images.html
};

/// The protocol of the terminal that the environment tells of; none for one that shows no images,
/// and for one behind tmux or screen, which pass none on. `variable` gives a variable's value, null
/// for none.
std::optional<ImageProtocol> image_protocol(
    const std::function<const char*(const char* name)>& variable);

/// What shows a PNG where the cursor is, and goes on in the next line.
std::string image_escape(ImageProtocol protocol, std::string_view png);

/// Files for images that cannot be shown. Confined to one thread.
class ImageFiles {
 public:
  /// In `directory`, which is there; empty: in one of their own in $TMPDIR, or else /tmp.
  explicit ImageFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Writes image-1.png, or the first of these names that is free. Its path.
  Result<std::filesystem::path> add(std::string_view ending, std::string_view content);

 private:
  std::filesystem::path directory_;
  int count_ = 0;
};

}  // namespace skerry::app
