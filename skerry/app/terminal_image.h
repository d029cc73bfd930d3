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
  kSixel,  ///< https://vt100.net/docs/vt3xx-gp/chapter14.html
};

/// The protocol of the terminal that the environment tells of; none for one that shows no images,
/// and for one behind tmux or screen, which pass none on. `variable` gives a variable's value, null
/// for none.
std::optional<ImageProtocol> image_protocol(
    const std::function<const char*(const char* name)>& variable);

/// What shows a PNG where the cursor is, and goes on in the next line: in kitty's protocol or
/// iTerm2's.
std::string image_escape(ImageProtocol protocol, std::string_view png);

/// What shows sixels: `body`, which a guest has made, is what stands between the sequence's
/// beginning and its end. kInvalidArgument for one that is more than colours and pixels of an image
/// of at most 4,096 pixels a side: a terminal would obey whatever else it says.
Result<std::string> sixel_escape(std::string_view body);

/// Whether a terminal's answer to the question for its primary attributes (DA1) is whole, and names
/// sixel graphics, which are the attribute 4; nothing while it is not whole.
std::optional<bool> names_sixels(std::string_view answer);

/// How a descriptor's images are shown, as `--images` says. Confined to one thread.
class TerminalImages {
 public:
  TerminalImages(std::string_view choice, int fd) : choice_(choice), fd_(fd) {}

  /// Whether `protocol` may come to be sixels. Asks the environment alone.
  bool may_be_sixels() const;

  /// The protocol; none for files. Where the choice is auto and the environment says nothing, the
  /// terminal is asked once, if it `may_be_asked`, and has half a second to answer. It is not when
  /// somebody has typed ahead, which would be lost, nor by a job in the background.
  std::optional<ImageProtocol> protocol(bool may_be_asked);

 private:
  std::string choice_;
  int fd_;
  std::optional<bool> has_sixels_;  // what the terminal said
};

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
